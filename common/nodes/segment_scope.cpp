#include "common/nodes/segment_state.hpp"

namespace r8r::nodes {

tl::expected<expr::Value, Failure> Segment::State::input_of(const Node& node) const {
  if (given_input) return *given_input;
  if (node.depends_on.empty()) return input;
  const auto output_of = [&](int index) -> const std::optional<expr::Value>& {
    return outputs[static_cast<std::size_t>(index)];
  };
  for (const int index : node.depends_on) {
    if (!output_of(index))
      return failure("INTERNAL_ERROR", fmt::format("the output of node '{}' is not at hand", this->node(index).id));
  }
  if (node.depends_on.size() == 1) return *output_of(node.depends_on.front());
  expr::Map joined;
  for (const int index : node.depends_on) {
    if (!routing.skipped(index)) joined.set(this->node(index).id, *output_of(index));
  }
  return expr::Value::map(std::move(joined));
}

tl::expected<expr::Scope, Failure> Segment::State::scope_of(const Node& node) {
  expr::Scope scope = base;
  if (item) {
    scope.set_input(*item);
    scope.set_item(*item, item_index);
  } else {
    auto own_input = input_of(node);
    if (!own_input) return tl::make_unexpected(std::move(own_input.error()));
    scope.set_input(std::move(*own_input));
  }
  // Exactly the upstream outputs, so that what a dynamic reference sees does not depend on how nodes were fused.
  for (const int index : item ? node.item_needs : node.needs) {
    const auto& output = outputs[static_cast<std::size_t>(index)];
    if (!output)
      return failure("INTERNAL_ERROR", fmt::format("the output of node '{}' is not at hand", this->node(index).id));
    scope.set_node(this->node(index).id, *output);
  }
  if (!node.variable_nodes.empty()) scope.set_variables(variables_of(node));
  return scope;
}

// The workflow's variables with the changes of the `variables` nodes upstream, in their order: the same wherever those
// ran.
expr::Value Segment::State::variables_of(const Node& node) {
  expr::Value variables = base.variables();
  seen_variables.resize(outputs.size());
  for (const int index : node.variable_nodes) {
    const auto at = static_cast<std::size_t>(index);
    if (!seen_variables[at]) seen_variables[at] = variables_of(this->node(index));
    if (outputs[at]) apply_variables(this->node(index), *seen_variables[at], *outputs[at], variables);
  }
  return variables;
}

}  // namespace r8r::nodes
