#include "services/worker/segment_run.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "services/worker/large_payloads.hpp"
#include "services/worker/worker_metrics.hpp"

namespace r8r::worker {
namespace {

constexpr std::size_t kMaxLogBytes = 64 * 1024;
// Outputs of one segment after which the rest of it waits for another task.
constexpr std::size_t kEnoughBytes = 16u << 20;

bus::NodeOutcome bus_outcome(nodes::Outcome outcome) {
  switch (outcome) {
    case nodes::Outcome::completed:
      return bus::NodeOutcome::completed;
    case nodes::Outcome::skipped:
      return bus::NodeOutcome::skipped;
    case nodes::Outcome::failed:
      return bus::NodeOutcome::failed;
    case nodes::Outcome::waiting:
      return bus::NodeOutcome::waiting;
    case nodes::Outcome::asking:
      return bus::NodeOutcome::asking;
    case nodes::Outcome::expanded:
      break;
  }
  return bus::NodeOutcome::expanded;
}

void cut_logs(std::string& logs) {
  if (logs.size() <= kMaxLogBytes) return;
  logs.resize(kMaxLogBytes);
  // Not in the middle of a character.
  while (!logs.empty() && (static_cast<unsigned char>(logs.back()) & 0xc0) == 0x80) logs.pop_back();
  if (!logs.empty() && static_cast<unsigned char>(logs.back()) >= 0xc0) logs.pop_back();
}

// Nodes whose outcome the segment does not know yet: a wait node of it, one whose fallback node is to run, and what
// follows from one.
bool follows_from(const workflow::Node& node, const std::vector<int>& open) {
  return std::any_of(node.depends_on.begin(), node.depends_on.end(),
                     [&open](int dependency) { return std::find(open.begin(), open.end(), dependency) != open.end(); });
}

}  // namespace

std::string idempotency_key(const bus::Task& task) {
  std::string key = task.execution_id.to_string();
  if (task.run > 1) key += fmt::format(".{}", task.run);
  key += ':' + task.node_ids.front();
  if (task.item_count > 0) key += fmt::format("[{}]", task.item_index);
  if (!task.in_place_of.empty()) key += '@' + task.in_place_of;
  return key + fmt::format(":{}", task.attempt);
}

bus::TaskResult empty_result(const bus::Task& task, const std::string& worker) {
  bus::TaskResult result;
  result.execution_id = task.execution_id;
  result.partition = task.partition;
  result.epoch = task.epoch;
  result.dispatch_id = task.dispatch_id;
  result.attempt = task.attempt;
  result.worker = worker;
  return result;
}

bus::TaskResult error_result(const bus::Task& task, const std::string& worker, std::string error) {
  bus::TaskResult result = empty_result(task, worker);
  result.error = std::move(error);
  return result;
}

bus::NodeResult node_result(const workflow::Workflow& workflow, const workflow::Node& node, nodes::NodeRun run,
                            Timestamp started_at) {
  bus::NodeResult result;
  result.node_id = node.id;
  result.outcome = bus_outcome(run.outcome);
  result.output = std::move(run.output);
  result.error = std::move(run.error);
  result.error_code = std::move(run.error_code);
  result.permanent = run.permanent;
  result.recovery = std::move(run.recovery);
  result.retry_after_ms = run.retry_after.count();
  result.wait_ms = run.wait.count();
  result.logs = std::move(run.logs);
  result.fallback_input = std::move(run.fallback_input);
  result.item_count = std::max(run.item_count, 0);
  result.items = std::move(run.items);
  for (nodes::ItemError& error : run.item_errors)
    result.item_errors.push_back({error.index, std::move(error.error), std::move(error.error_code), error.recovered});
  for (const int away : run.routed_away)
    result.routed_away.push_back(workflow.nodes[static_cast<std::size_t>(away)].id);
  if (run.approval) {
    result.approval_title = std::move(run.approval->title);
    result.approval_description = std::move(run.approval->description);
    result.approval_assignee = std::move(run.approval->assignee);
    result.approval_groups = std::move(run.approval->groups);
    result.approval_default = std::move(run.approval->default_action);
    result.approval_timeout_ms = run.approval->timeout.count();
    result.approval_input = std::move(run.approval->input);
  }
  cut_logs(result.logs);
  result.started_at = started_at;
  result.finished_at = std::max(wall_now(), started_at);
  if (result.outcome == bus::NodeOutcome::completed || result.outcome == bus::NodeOutcome::failed) {
    const char* status = result.outcome == bus::NodeOutcome::completed ? "success"
                         : result.error_code == "TIMEOUT"              ? "timeout"
                                                                       : "failed";
    WorkerMetrics::node_executed(node.type, status, result.finished_at - started_at);
  }
  return result;
}

Result<nodes::Segment> make_segment(const bus::Task& task, std::shared_ptr<const workflow::Workflow> workflow,
                                    const RunOptions& options) {
  nodes::ExecutionInfo info;
  info.id = task.execution_id.to_string();
  info.workflow = task.workflow_name;
  info.correlation_id = task.correlation_id;
  info.started_at = task.started_at;
  info.attempt = task.attempt;
  info.webhook = task.webhook;
  info.event = task.event;
  nodes::Segment segment(std::move(workflow), std::move(info), options.env, task.now, task.seed);
  segment.set_max_output_bytes(options.max_output_bytes);
  if (task.input) {
    if (Result<void> set = segment.set_input(*task.input); !set) return fail(std::move(set.error()));
  }
  for (const auto& [id, output] : task.outputs) {
    if (Result<void> set = segment.set_output(id, output); !set) return fail(std::move(set.error()));
  }
  for (const std::string& id : task.routed_away) {
    if (Result<void> set = segment.set_routed_away(id); !set) return fail(std::move(set.error()));
  }
  if (task.item) {
    if (Result<void> set = segment.set_item(*task.item, task.item_index); !set) return fail(std::move(set.error()));
  }
  if (task.given_input) {
    if (Result<void> set = segment.set_given_input(*task.given_input); !set) return fail(std::move(set.error()));
  }
  return segment;
}

bus::TaskResult run_segment(const bus::Task& task, std::shared_ptr<const workflow::Workflow> workflow,
                            const RunOptions& options) {
  const std::string& worker = options.worker;
  Result<nodes::Segment> segment = make_segment(task, workflow, options);
  if (!segment) return error_result(task, worker, std::move(segment.error().message));
  bus::TaskResult result = empty_result(task, worker);
  std::vector<int> open;
  std::size_t bytes = 0;
  for (const std::string& id : task.node_ids) {
    const int index = workflow->find(id);
    if (index < 0) return error_result(task, worker, fmt::format("the workflow has no node '{}'", id));
    const workflow::Node& node = workflow->nodes[static_cast<std::size_t>(index)];
    if (node.node_class == workflow::NodeClass::effect && !node.pinned && !node.for_each)
      return error_result(task, worker, fmt::format("node '{}' is not pure and cannot be part of a segment", id));
    if (!open.empty() && follows_from(node, open)) {
      open.push_back(index);
      continue;
    }
    const Timestamp started_at = wall_now();
    nodes::NodeRun run = segment->run(index);
    const bool failed = run.outcome == nodes::Outcome::failed;
    const bool waits = run.outcome == nodes::Outcome::waiting || run.outcome == nodes::Outcome::asking;
    if (waits || (failed && run.fallback_input)) open.push_back(index);
    const bool stop = failed && !run.recovery && !run.fallback_input;
    result.nodes.push_back(node_result(*workflow, node, std::move(run), started_at));
    bytes += payload_bytes(result.nodes.back());
    if (stop || bytes > kEnoughBytes) break;
  }
  return result;
}

}  // namespace r8r::worker
