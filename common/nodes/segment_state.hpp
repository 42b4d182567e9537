#pragma once
#include "common/base/payload.hpp"
#include "common/nodes/body.hpp"
#include "common/nodes/segment.hpp"
#include "common/workflow/routing.hpp"

namespace r8r::nodes {

/// What a segment knows and does; internal to this folder.
struct Segment::State {
  using Node = workflow::Node;

  std::shared_ptr<const workflow::Workflow> workflow;
  Timestamp now;
  std::uint64_t seed = 0;
  std::size_t max_output_bytes = payload::kDefaultMaxOutputBytes;
  expr::Scope base;  // what is the same for every node
  expr::Value input;
  std::vector<std::optional<expr::Value>> outputs;
  workflow::Routing routing;
  std::vector<std::optional<expr::Value>> seen_variables;  // by `variables` nodes, as far as somebody asked
  std::optional<expr::Value> item;                         // the task is about one item of its node
  int item_index = 0;
  std::optional<expr::Value> given_input;  // takes the place of the node's own input

  const Node& node(int index) const { return workflow->nodes[static_cast<std::size_t>(index)]; }
  bool has(int index) const { return index >= 0 && static_cast<std::size_t>(index) < workflow->nodes.size(); }
  std::optional<expr::Value>& output(int index) { return outputs[static_cast<std::size_t>(index)]; }
  /// Chance differs from node to node and item to item, and is the same for the same one whatever ran before it.
  std::uint64_t seed_of(const Node& node) const;

  // segment_scope.cpp: what expressions see
  tl::expected<expr::Value, Failure> input_of(const Node& node) const;
  tl::expected<expr::Scope, Failure> scope_of(const Node& node);
  expr::Value variables_of(const Node& node);

  // node_run.cpp: one node from its condition to its output
  tl::expected<bool, Failure> condition_of(const Node& node, expr::EvalContext& context) const;
  tl::expected<expr::Map, Failure> config_of(const Node& node, expr::EvalContext& context) const;
  /// The fields with the values of those that are expressions added.
  tl::expected<expr::Map, Failure> with_expressions(const Node& node, expr::Map fields,
                                                    expr::EvalContext& context) const;
  /// The config as the body wants it; null when the type has no struct of its own.
  using Configured = std::shared_ptr<const workflow::ParsedConfig>;
  tl::expected<Configured, Failure> configure(const Node& node, expr::EvalContext& context) const;
  NodeRun skip(const Node& node);
  /// What comes before a body: nothing if the body is to run.
  std::optional<NodeRun> before(const Node& node, expr::EvalContext& context);
  NodeRun run_node(const Node& node, const expr::Scope& scope);
  NodeRun run_body(const Node& node, expr::EvalContext& context);
  NodeRun complete(const Node& node, const expr::Value& output, expr::EvalContext& context);
  NodeRun fail_node(const Node& node, NodeRun run, expr::EvalContext& context);
  /// What on_error puts in the place of the output; nothing when it does not, or fails itself, which `run` then says.
  std::optional<expr::Value> recover(const Node& node, NodeRun& run, expr::EvalContext& context);

  // for_each.cpp
  tl::expected<expr::Value, Failure> items_of(const Node& node, expr::EvalContext& context) const;
  NodeRun run_items(const Node& node, expr::EvalContext& context);
  NodeRun expand(const Node& node, expr::EvalContext& context);
};

NodeRun failed_run(std::string_view code, std::string message);
std::uint64_t mix(std::uint64_t seed, std::uint64_t number);

}  // namespace r8r::nodes
