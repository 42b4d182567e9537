#include "services/scheduler/task_message.hpp"

#include <algorithm>

namespace r8r::scheduler {
namespace {

static_assert(static_cast<int>(bus::NodeOutcome::expanded) == static_cast<int>(engine::Outcome::expanded));
static_assert(static_cast<int>(bus::NodeOutcome::asking) == static_cast<int>(engine::Outcome::asking));
static_assert(static_cast<int>(bus::NodeOutcome::calling) == static_cast<int>(engine::Outcome::calling));
static_assert(static_cast<int>(bus::NodeOutcome::failed) == static_cast<int>(engine::Outcome::failed));

}  // namespace

const std::vector<int>& needs_of(const workflow::Node& node, const engine::Dispatch& dispatch) {
  return dispatch.item < 0 ? node.needs : node.item_needs;
}

bool carries_large_payload(const ActiveExecution& execution, const engine::Dispatch& segment) {
  std::size_t together = 0;
  for (const int node : segment.nodes) {
    for (const int need : needs_of(execution.machine.workflow().nodes[static_cast<std::size_t>(node)], segment)) {
      const engine::Payload& output = execution.machine.output(need);
      together += output ? output->size() : 0;
      if (output && output->size() > bus::kInlinePayloadLimit) return true;
    }
  }
  return together > bus::kMessageLimit / 2;
}

bus::Task make_task(const ActiveExecution& execution, const engine::Dispatch& segment, std::int64_t incarnation) {
  const workflow::Workflow& workflow = execution.machine.workflow();
  bus::Task task{.execution_id = execution.id,
                 .run = execution.run,
                 .depth = execution.depth,
                 .partition = execution.partition,
                 .epoch = incarnation,
                 .dispatch_id = segment.id,
                 .workflow_id = execution.workflow_id,
                 .workflow_version = execution.workflow_version,
                 .workflow_name = execution.subject.workflow_name,
                 .correlation_id = execution.correlation_id,
                 .webhook = execution.webhook,
                 .event = execution.event,
                 .attempt = segment.attempt,
                 .effect = segment.effect,
                 .started_at = execution.machine.started_at(),
                 .now = segment.now,
                 .seed = segment.seed};
  task.failure = segment.failure;
  bool needs_input = false;
  std::vector<int> needed;
  for (const int index : segment.nodes) {
    const workflow::Node& node = workflow.nodes[static_cast<std::size_t>(index)];
    task.node_ids.push_back(node.id);
    needs_input = needs_input || (node.needs_input && segment.item < 0);
    task.at_most_once = task.at_most_once || (segment.effect && node.retry.fail_when_worker_lost);
    for (const int need : needs_of(node, segment)) {
      if (execution.machine.output(need)) needed.push_back(need);
    }
  }
  for (const int away : execution.machine.routed_away(segment))
    task.routed_away.push_back(workflow.nodes[static_cast<std::size_t>(away)].id);
  std::sort(needed.begin(), needed.end());
  needed.erase(std::unique(needed.begin(), needed.end()), needed.end());
  std::size_t carried = 0;
  for (const int index : needed) {
    const engine::Payload& output = execution.machine.output(index);
    const std::string& id = workflow.nodes[static_cast<std::size_t>(index)].id;
    if (output->size() > bus::kInlinePayloadLimit || carried + output->size() > bus::kMessageLimit / 2) {
      task.outputs_by_reference.push_back(id);
    } else {
      carried += output->size();
      task.outputs.emplace_back(id, *output);
    }
  }
  if (segment.item >= 0) {
    task.item_index = segment.item;
    task.item_count = execution.machine.item_count(segment.nodes.front());
    const engine::Payload& item = execution.machine.item(segment.unit());
    if (item->size() > bus::kInlinePayloadLimit) {
      task.item_by_reference = true;
    } else {
      task.item = *item;
    }
  }
  if (const engine::Payload given = execution.machine.given_input(segment.nodes.front())) {
    task.given_input = *given;
    const int place = execution.machine.in_place_of(segment.nodes.front());
    task.in_place_of = workflow.nodes[static_cast<std::size_t>(place)].id;
  }
  if (needs_input) {
    if (execution.input) {
      task.input = *execution.input;
    } else {
      task.input_by_reference = true;
    }
  }
  return task;
}

engine::SegmentResult to_segment_result(bus::TaskResult&& result, const workflow::Workflow& workflow) {
  engine::SegmentResult segment{.dispatch_id = result.dispatch_id,
                                .attempt = result.attempt,
                                .worker = std::move(result.worker),
                                .error = std::move(result.error)};
  segment.nodes.reserve(result.nodes.size());
  for (bus::NodeResult& node : result.nodes) {
    const int index = workflow.find(node.node_id);
    if (index < 0) continue;
    segment.nodes.push_back({.node = index,
                             .outcome = static_cast<engine::Outcome>(node.outcome),
                             .output = std::move(node.output),
                             .error = std::move(node.error),
                             .error_code = std::move(node.error_code),
                             .permanent = node.permanent,
                             .recovery = std::move(node.recovery),
                             .fallback_input = std::move(node.fallback_input),
                             .retry_after = std::chrono::milliseconds(node.retry_after_ms),
                             .wait = std::chrono::milliseconds(node.wait_ms),
                             .logs = std::move(node.logs),
                             .routed_away = std::move(node.routed_away),
                             .item_count = node.item_count,
                             .items = std::move(node.items),
                             .items_at = std::move(node.items_at),
                             .started_at = node.started_at,
                             .finished_at = node.finished_at});
    if (node.outcome == bus::NodeOutcome::asking) {
      segment.nodes.back().question = engine::Question{.title = std::move(node.approval_title),
                                                       .description = std::move(node.approval_description),
                                                       .assignee = std::move(node.approval_assignee),
                                                       .groups = std::move(node.approval_groups),
                                                       .default_action = std::move(node.approval_default),
                                                       .timeout = std::chrono::milliseconds(node.approval_timeout_ms),
                                                       .input = std::move(node.approval_input)};
    }
    if (node.outcome == bus::NodeOutcome::calling) {
      segment.nodes.back().call = engine::ChildCall{.workflow_id = node.child_workflow_id,
                                                    .version = node.child_version,
                                                    .workflow = std::move(node.child_workflow),
                                                    .input = std::move(node.child_input),
                                                    .awaited = node.child_awaited,
                                                    .timeout = std::chrono::milliseconds(node.child_timeout_ms),
                                                    .limited = node.child_limited,
                                                    .limit_key = std::move(node.child_limit_key),
                                                    .limit_group = std::move(node.child_limit_group)};
    }
    for (bus::ItemError& error : node.item_errors)
      segment.nodes.back().item_errors.push_back(
          {error.index, std::move(error.error), std::move(error.error_code), error.recovered});
  }
  return segment;
}

}  // namespace r8r::scheduler
