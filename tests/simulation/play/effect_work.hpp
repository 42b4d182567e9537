#pragma once
#include <functional>
#include <memory>
#include <string>

#include "common/bus/messages.hpp"
#include "common/workflow/workflow.hpp"
#include "services/worker/segment_run.hpp"

namespace r8r {

/// What effect nodes meet outside.
struct Outside {
  /// The answer of a http node's url, as JSON; an error text makes the attempt fail.
  std::function<Result<std::string>(const workflow::Node& node, const std::string& url)> http;
  /// Fills in which version of `result.child_workflow` is to run, and its limits.
  std::function<void(bus::NodeResult& result)> find_child;
};

/// Does an effect task as a worker would, at the time `at`, and encodes nothing.
bus::TaskResult do_effect(const bus::Task& task, const std::shared_ptr<const workflow::Workflow>& workflow,
                          const worker::RunOptions& options, Timestamp at, const Outside& outside);

}  // namespace r8r
