#include "common/workflow/types/variables.hpp"

#include "common/nodes/body.hpp"
#include "common/workflow/node_types.hpp"

namespace r8r::nodes {
namespace {

// Fixed in the file (the loader sees to it), also where the rest of the config waits for templates.
std::string operation_of(const workflow::Node& node) {
  if (node.parsed != nullptr) return static_cast<const workflow::VariablesConfig&>(*node.parsed).operation;
  const workflow::ConfigField* field = node.field("operation");
  if (field == nullptr || !field->value || !field->value->is_constant()) return "set";
  const expr::Scope nothing;
  expr::EvalContext context{.scope = nothing};
  const Result<expr::Value> word = field->value->evaluate(context);
  return word && word->is_string() ? std::string(word->as_string()) : "set";
}

tl::expected<std::vector<std::string>, Failure> names_of(const expr::Value& given) {
  std::vector<std::string> names;
  if (given.is_null()) return names;
  if (given.is_string()) {
    names.emplace_back(given.as_string());
    return names;
  }
  const auto wrong = [](const expr::Value& value) {
    return failure(kInvalidConfig,
                   fmt::format("names: must be a name or a list of names, not {}", value.description()));
  };
  if (!given.is_array()) return wrong(given);
  for (const expr::Value& name : given.as_array()) {
    if (!name.is_string()) return wrong(name);
    names.emplace_back(name.as_string());
  }
  return names;
}

expr::Value list_of(const std::vector<std::string>& names) {
  std::vector<expr::Value> list;
  for (const std::string& name : names) list.push_back(expr::Value::string(name));
  return expr::Value::array(std::move(list));
}

// Maps into maps, everything else replaces. Bounded by the nesting that values may have.
void merge_into(expr::Value& target, const expr::Value& more) {
  if (!target.is_map() || !more.is_map()) {
    target = more;
    return;
  }
  for (const auto& [name, value] : more.as_map()) {
    expr::Map& map = target.mutable_map();
    if (expr::Value* known = map.find_mutable(name)) {
      merge_into(*known, value);
    } else {
      map.set(name, value);
    }
  }
}

}  // namespace

BodyResult run_variables(Call& call) {
  const auto& config = call.config_as<workflow::VariablesConfig>();
  const std::string& operation = config.operation;
  const BodyResult given_names = call.evaluate(config.names, "names");
  if (!given_names) return given_names;
  const auto names = names_of(*given_names);
  if (!names) return tl::make_unexpected(names.error());
  const BodyResult values = call.evaluate(config.values, "values");
  if (!values) return values;
  if (!values->is_null() && !values->is_map()) {
    return failure(kInvalidConfig, fmt::format("'values' must be a map, not {}", workflow::shown_in_message(*values)));
  }
  if (values->is_null() && (operation == "set" || operation == "merge"))
    return failure(kInvalidConfig, fmt::format("'operation: {}' needs 'values'", operation));

  expr::Value variables = call.context.scope.variables();
  if (!variables.is_map()) variables = expr::Value::map({});
  expr::Map output;
  if (operation == "set") {
    std::vector<std::string> set;
    for (const auto& [name, value] : values->as_map()) {
      variables.mutable_map().set(name, value);
      set.emplace_back(name);
    }
    output.set("variables", variables);
    output.set("set", list_of(set));
  } else if (operation == "merge") {
    merge_into(variables, *values);
    output.set("variables", variables);
  } else if (operation == "delete") {
    std::vector<std::string> deleted;
    for (const std::string& name : *names) {
      if (variables.mutable_map().erase(name)) deleted.push_back(name);
    }
    output.set("variables", variables);
    output.set("deleted", list_of(deleted));
  } else if (operation == "get") {
    expr::Map chosen;
    for (const std::string& name : *names) {
      const expr::Value* value = variables.as_map().find(name);
      chosen.set(name, value != nullptr ? *value : expr::Value());
    }
    output.set("variables", names->empty() ? variables : expr::Value::map(std::move(chosen)));
  } else {
    std::vector<std::string> all;
    for (const auto& [name, value] : variables.as_map()) all.emplace_back(name);
    output.set("variables", variables);
    output.set("names", list_of(all));
    output.set("count", expr::Value::integer(static_cast<std::int64_t>(all.size())));
  }
  if (config.passthrough) output.set("input", call.input);
  return expr::Value::map(std::move(output));
}

void apply_variables(const workflow::Node& node, const expr::Value& saw, const expr::Value& output,
                     expr::Value& variables) {
  const std::string operation = operation_of(node);
  const expr::Value* after = output.is_map() ? output.as_map().find("variables") : nullptr;
  // A node that was skipped or recovered changed nothing.
  if (after == nullptr || !after->is_map() || operation == "get" || operation == "list") return;
  if (!variables.is_map()) variables = expr::Value::map({});
  // What it set counts even where it set what was there; the rest shows in the difference.
  if (const expr::Value* set = output.as_map().find("set"); set != nullptr && set->is_array()) {
    for (const expr::Value& name : set->as_array()) {
      const expr::Value* value = name.is_string() ? after->as_map().find(name.as_string()) : nullptr;
      if (value != nullptr) variables.mutable_map().set(name, *value);
    }
    return;
  }
  for (const auto& [name, value] : after->as_map()) {
    const expr::Value* before = saw.is_map() ? saw.as_map().find(name) : nullptr;
    if (before == nullptr || !(*before == value)) variables.mutable_map().set(name, value);
  }
  if (!saw.is_map()) return;
  for (const auto& [name, value] : saw.as_map()) {
    if (!after->as_map().contains(name)) variables.mutable_map().erase(name);
  }
}

}  // namespace r8r::nodes
