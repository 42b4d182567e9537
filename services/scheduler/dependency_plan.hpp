#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "common/store/dependencies.hpp"
#include "common/workflow/workflow.hpp"

namespace r8r::scheduler {

/// What follows from the endings that one workflow waits with.
struct DependencyPlan {
  struct Start {
    std::vector<store::UpstreamEnding> set;  ///< one of each upstream, in the order of the workflow's file
    std::size_t last = 0;                    ///< the one that completed the set
  };
  std::vector<Start> starts;
  std::vector<std::int64_t> dropped;        ///< of no use any more
  std::vector<store::UpstreamEnding> kept;  ///< these go on waiting
};

/// `endings` in the order of their ids. Each one counts once: the same endings give the same plan, in one go or as they
/// come.
DependencyPlan plan_starts(const std::vector<workflow::WorkflowDependency>& dependencies,
                           const std::vector<store::UpstreamEnding>& endings);

}  // namespace r8r::scheduler
