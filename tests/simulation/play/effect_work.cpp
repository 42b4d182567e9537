#include "tests/simulation/play/effect_work.hpp"

#include "common/expr/json.hpp"

namespace r8r {
namespace {

bus::NodeResult call_child(const workflow::Node& node, const nodes::Segment::Prepared& prepared, Timestamp at,
                           const Outside& outside) {
  const expr::Map& config = prepared.config.as_map();
  const expr::Value* input = config.find("input");
  const expr::Value* wait = config.find("wait");
  const expr::Value* timeout = config.find("timeout_seconds");
  bus::NodeResult result;
  result.node_id = node.id;
  result.outcome = bus::NodeOutcome::calling;
  result.child_workflow = std::string(config.find("workflow")->as_string());
  result.child_input = expr::to_json(input == nullptr ? prepared.input : *input);
  result.child_awaited = wait == nullptr || wait->as_bool();
  if (timeout != nullptr) result.child_timeout_ms = static_cast<std::int64_t>(timeout->as_number() * 1'000);
  outside.find_child(result);
  result.started_at = result.finished_at = at;
  return result;
}

Result<expr::Value> call_url(const workflow::Node& node, const nodes::Segment::Prepared& prepared,
                             const Outside& outside) {
  const expr::Value* url = prepared.config.as_map().find("url");
  Result<std::string> answer = outside.http(node, std::string(url->as_string()));
  if (!answer) return fail(answer.error());
  return expr::parse_json(*answer);
}

}  // namespace

bus::TaskResult do_effect(const bus::Task& task, const std::shared_ptr<const workflow::Workflow>& workflow,
                          const worker::RunOptions& options, Timestamp at, const Outside& outside) {
  auto segment = worker::make_segment(task, workflow, options);
  R8R_ASSERT(segment, segment.error().message);
  const int index = workflow->find(task.node_ids.front());
  const workflow::Node& node = workflow->nodes[static_cast<std::size_t>(index)];
  bus::TaskResult result = worker::empty_result(task, options.worker);
  const auto add = [&](nodes::NodeRun run) {
    result.nodes.push_back(worker::node_result(*workflow, node, std::move(run), at));
  };
  if (!task.failure.empty()) {
    add(segment->finish(index, fail(ErrorCode::node_execution_failed, task.failure), false, {}, ""));
  } else if (nodes::Segment::Prepared prepared = segment->prepare(index); prepared.done) {
    add(std::move(*prepared.done));
  } else if (node.type == "subworkflow") {
    result.nodes.push_back(call_child(node, prepared, at, outside));
  } else {
    add(segment->finish(index, call_url(node, prepared, outside), false, {}, ""));
  }
  return result;
}

}  // namespace r8r
