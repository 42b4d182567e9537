#pragma once
#include <memory>
#include <string>

#include "common/base/payload.hpp"
#include "common/bus/messages.hpp"
#include "common/expr/value.hpp"
#include "common/nodes/segment.hpp"
#include "common/workflow/workflow.hpp"

namespace r8r::worker {

/// What stays the same from task to task.
struct RunOptions {
  expr::Value env;
  std::string worker;
  std::size_t max_output_bytes = payload::kDefaultMaxOutputBytes;
};

/// The segment of a complete task, with its input and outputs set. Errors: the task does not fit the workflow.
Result<nodes::Segment> make_segment(const bus::Task& task, std::shared_ptr<const workflow::Workflow> workflow,
                                    const RunOptions& options);

/// Runs a pure segment: all its nodes, up to the first that fails without recovery, or until their outputs together are
/// so large that they should be sent before more are made: the scheduler asks for the rest again. Bounded by that and
/// by the expression budgets.
bus::TaskResult run_segment(const bus::Task& task, std::shared_ptr<const workflow::Workflow> workflow,
                            const RunOptions& options);

/// Names the attempt of an effect to the outside world: the same for every delivery of it, another for each attempt,
/// item, run, and node in whose place a fallback node runs.
std::string idempotency_key(const bus::Task& task);

/// The answer's token, without nodes.
bus::TaskResult empty_result(const bus::Task& task, const std::string& worker);
/// The answer to a task that could not be run.
bus::TaskResult error_result(const bus::Task& task, const std::string& worker, std::string error);

/// One node's part of the answer; counts it in the metrics.
bus::NodeResult node_result(const workflow::Workflow& workflow, const workflow::Node& node, nodes::NodeRun run,
                            Timestamp started_at);

}  // namespace r8r::worker
