#pragma once
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include "common/workflow/workflow.hpp"
#include "services/scheduler/engine/execution.hpp"

namespace r8r::engine {

struct NodeSpec {
  std::string id;
  workflow::NodeClass node_class = workflow::NodeClass::pure;
  std::vector<std::string> depends_on;
  workflow::RetryPolicy retry;
  workflow::OnError on_error = workflow::OnError::fail;
};

/// A compiled workflow of bare nodes: the engine looks at nothing else.
inline std::shared_ptr<workflow::Workflow> graph(std::vector<NodeSpec> specs) {
  auto out = std::make_shared<workflow::Workflow>();
  out->name = "test";
  for (NodeSpec& spec : specs) {
    workflow::Node node;
    node.index = static_cast<int>(out->nodes.size());
    node.id = spec.id;
    node.type = spec.node_class == workflow::NodeClass::effect    ? "http"
                : spec.node_class == workflow::NodeClass::control ? "wait"
                                                                  : "transform";
    node.node_class = spec.node_class;
    node.retry = spec.retry;
    node.on_error = spec.on_error;
    for (const std::string& dependency : spec.depends_on) {
      for (workflow::Node& other : out->nodes) {
        if (other.id != dependency) continue;
        node.depends_on.push_back(other.index);
        other.dependents.push_back(node.index);
        node.level = std::max(node.level, other.level + 1);
      }
    }
    out->nodes.push_back(std::move(node));
  }
  for (const workflow::Node& node : out->nodes) out->order.push_back(node.index);
  std::stable_sort(out->order.begin(), out->order.end(), [&](int a, int b) {
    return out->nodes[static_cast<std::size_t>(a)].level < out->nodes[static_cast<std::size_t>(b)].level;
  });
  return out;
}

inline constexpr auto kPure = workflow::NodeClass::pure;
inline constexpr auto kEffect = workflow::NodeClass::effect;
inline constexpr auto kControl = workflow::NodeClass::control;

/// Drives one execution by hand.
struct Driver {
  explicit Driver(std::shared_ptr<const workflow::Workflow> workflow) : Driver(std::move(workflow), 7) {}
  Driver(std::shared_ptr<const workflow::Workflow> w, std::int64_t epoch)
      : workflow(std::move(w)), ids(epoch), machine(workflow, id, now, ids) {}

  Decision start() { return machine.start(now); }

  SegmentResult result_of(const Dispatch& segment, Outcome outcome = Outcome::completed) {
    SegmentResult result{.dispatch_id = segment.id, .attempt = segment.attempt, .worker = "w1"};
    for (const int node : segment.nodes) result.nodes.push_back(node_result(node, outcome));
    return result;
  }
  NodeResult node_result(int node, Outcome outcome) {
    NodeResult result{.node = node, .outcome = outcome, .started_at = now, .finished_at = now};
    if (outcome == Outcome::completed) result.output = "\"" + workflow->nodes[static_cast<std::size_t>(node)].id + "\"";
    if (outcome == Outcome::failed) result.error = "it broke";
    return result;
  }
  Decision succeed(const Dispatch& segment) { return machine.on_result(result_of(segment), now); }
  Decision fail(const Dispatch& segment, bool permanent = false, std::optional<std::string> recovery = {}) {
    SegmentResult result = result_of(segment, Outcome::failed);
    result.nodes.resize(1);
    result.nodes.front().permanent = permanent;
    result.nodes.front().recovery = std::move(recovery);
    return machine.on_result(std::move(result), now);
  }

  std::shared_ptr<const workflow::Workflow> workflow;
  Uuid id = *Uuid::parse("0199a1b2-c3d4-7e5f-8a6b-0123456789ab");
  Timestamp now = from_unix_us(1'768'919'400'000'000);
  DispatchIds ids;
  Execution machine;
};

inline std::vector<std::string> ids_of(const workflow::Workflow& workflow, const Dispatch& segment) {
  std::vector<std::string> ids;
  for (const int node : segment.nodes) ids.push_back(workflow.nodes[static_cast<std::size_t>(node)].id);
  return ids;
}

}  // namespace r8r::engine
