#include "common/expr/references.hpp"

namespace r8r::expr {

void References::merge(const References& other) {
  nodes.insert(other.nodes.begin(), other.nodes.end());
  node_places.insert(node_places.end(), other.node_places.begin(), other.node_places.end());
  all_nodes |= other.all_nodes;
  input |= other.input;
  input_places.insert(input_places.end(), other.input_places.begin(), other.input_places.end());
  item |= other.item;
  execution |= other.execution;
  variables.insert(other.variables.begin(), other.variables.end());
  variable_places.insert(variable_places.end(), other.variable_places.begin(), other.variable_places.end());
  all_variables |= other.all_variables;
  env.insert(other.env.begin(), other.env.end());
  all_env |= other.all_env;
  credentials.insert(other.credentials.begin(), other.credentials.end());
  unknown_roots.insert(unknown_roots.end(), other.unknown_roots.begin(), other.unknown_roots.end());
}

}  // namespace r8r::expr
