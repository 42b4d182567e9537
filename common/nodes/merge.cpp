#include "common/expr/operators.hpp"
#include "common/nodes/body.hpp"
#include "common/workflow/types/lists.hpp"

namespace r8r::nodes {
namespace {

using expr::Value;
using Mode = workflow::MergeConfig::Mode;

struct Part {
  std::string_view id;  ///< of the node that it comes from; "input" when that is none
  Value value;
};

// What the node's dependencies gave, in their order; without dependencies, the workflow's input.
std::vector<Part> parts_of(const Call& call) {
  const auto& dependencies = call.node.depends_on;
  std::vector<Part> parts;
  if (dependencies.size() > 1 && call.input.is_map()) {
    for (const auto& [id, value] : call.input.as_map()) parts.push_back({id, value});
  } else {
    std::string_view id = "input";
    if (!dependencies.empty()) id = call.workflow.nodes[static_cast<std::size_t>(dependencies.front())].id;
    parts.push_back({id, call.input});
  }
  return parts;
}

// Later objects win; what is no object has no fields to give.
Value merged_objects(const std::vector<Part>& parts) {
  Value merged = Value::map({});
  for (const Part& part : parts) {
    if (part.value.is_map()) merged = expr::merge_maps(merged, part.value);
  }
  return merged;
}

Value concatenated(const std::vector<Part>& parts) {
  std::vector<Value> all;
  for (const Part& part : parts) {
    if (part.value.is_array()) {
      all.insert(all.end(), part.value.as_array().begin(), part.value.as_array().end());
    } else if (!part.value.is_null()) {
      all.push_back(part.value);
    }
  }
  return Value::array(std::move(all));
}

BodyResult zipped(const std::vector<Part>& parts) {
  std::size_t length = 0;
  for (const Part& part : parts) {
    if (part.value.is_null()) continue;
    if (!part.value.is_array()) {
      return failure(kInvalidInput, fmt::format("'mode: zip' needs arrays: the output of '{}' is {}", part.id,
                                                part.value.description()));
    }
    length = std::max(length, part.value.as_array().size());
  }
  std::vector<Value> rows(length, Value::map({}));
  for (const Part& part : parts) {
    if (part.value.is_null()) continue;
    const std::vector<Value>& column = part.value.as_array();
    for (std::size_t i = 0; i < column.size(); ++i) {
      if (column[i].is_map()) {
        rows[i] = expr::merge_maps(rows[i], column[i]);
      } else {
        rows[i].mutable_map().set(part.id, column[i]);
      }
    }
  }
  return Value::array(std::move(rows));
}

}  // namespace

BodyResult run_merge(Call& call) {
  const std::vector<Part> parts = parts_of(call);
  switch (call.config_as<workflow::MergeConfig>().mode) {
    case Mode::object:
      return merged_objects(parts);
    case Mode::array:
      return concatenated(parts);
    case Mode::zip:
      return zipped(parts);
    case Mode::combine:
      break;
  }
  expr::Map combined;
  for (const Part& part : parts) combined.set(part.id, part.value);
  return Value::map(std::move(combined));
}

}  // namespace r8r::nodes
