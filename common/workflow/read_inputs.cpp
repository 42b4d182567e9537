#include "common/workflow/check_input.hpp"
#include "common/workflow/sections.hpp"

namespace r8r::workflow {
namespace {

// The type under its first name; empty when there is no such type.
std::string canonical_type(std::string_view name) {
  if (name == "float") return "number";
  if (name == "bool") return "boolean";
  if (name == "int") return "integer";
  for (const std::string_view type : {"string", "number", "integer", "boolean", "object", "array", "any"}) {
    if (name == type) return std::string(type);
  }
  return {};
}

InputDeclaration read_input(const SourceNode::Key& key, const SourceNode& source, ProblemList& problems) {
  InputDeclaration input;
  input.name = key.text;
  const std::string path = "inputs." + key.text;
  if (source.is_null()) return input;
  if (!source.is_map()) {
    problems.add(path, source, fmt::format("an input must be a map with 'type', not {}", source.kind_name()),
                 source.is_scalar() ? fmt::format("write {}: {{type: {}}}", key.text, source.scalar) : "");
    return input;
  }
  FieldReader fields(source, path, problems);
  const SourceNode* type_source = source.find("type");
  if (const auto type = fields.text("type", 10'000)) {
    input.type = canonical_type(*type);
    if (input.type.empty()) {
      problems.add(path + ".type", *type_source, fmt::format("unknown type '{}'", *type),
                   nearest_hint(*type, {"string", "number", "integer", "boolean", "object", "array", "any"}));
      input.type = "any";
    }
  }
  if (auto description = fields.text("description", 10'000)) input.description = std::move(*description);
  if (auto required = fields.boolean("required")) input.required = *required;
  const SourceNode* fallback = fields.take("default");
  if (fallback != nullptr && !fallback->is_null()) {
    input.default_value = to_value(*fallback);
    if (input.default_value->is_null()) {
      input.default_value.reset();
    } else if (!matches_type(*input.default_value, input.type)) {
      problems.add(path + ".default", *fallback,
                   fmt::format("the default must be of type {}, not {}", input.type, fallback->kind_name()));
    }
  }
  fields.finish();
  return input;
}

}  // namespace

void read_inputs(FieldReader& top, Workflow& workflow) {
  const SourceNode* map = top.map("inputs");
  if (map == nullptr) return;
  for (std::size_t i = 0; i < map->keys.size(); ++i) {
    workflow.inputs.push_back(read_input(map->keys[i], map->children[i], top.problems()));
  }
}

}  // namespace r8r::workflow
