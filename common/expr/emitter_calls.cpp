#include "common/base/environment.hpp"
#include "common/expr/code_calls.hpp"
#include "common/expr/emitter.hpp"
#include "common/expr/foreign_words.hpp"

namespace r8r::expr {

const FunctionCode* Emitter::script_function(std::string_view name, std::size_t count) {
  for (const FunctionScope* scope : tree_.functions) {
    if (scope->name == name && scope->parameters.size() == count) return functions_[scope];
  }
  return nullptr;
}

const Code* Emitter::emit_call(const Syntax* node, bool used) {
  // Fn("name"): a function as a value.
  if (node->text == "Fn" && node->children.size() == 1 && node->children[0]->kind == Kind::constant &&
      node->children[0]->value.is_string()) {
    const std::string name(node->children[0]->value.as_string());
    for (const FunctionScope* scope : tree_.functions) {
      if (scope->name == name) return add<MakeClosure>(node->offset, functions_[scope], std::vector<int>{});
    }
    if (const FunctionSet* set = find_function(name)) return add<BuiltInName>(node->offset, set);
    return fail(node->offset, "unknown function '" + name + "'");
  }
  GlobalName global;
  const bool is_name = names_.find(node->text, global);
  if (is_name && find_function(node->text) == nullptr &&
      script_function(node->text, node->children.size()) == nullptr) {
    return fail(node->offset, "'" + node->text + "' is not a function");
  }
  std::vector<const Syntax*> arguments(node->children.begin(), node->children.end());
  return emit_invocation(node, node->text, std::move(arguments), used, false);
}

const Code* Emitter::emit_method(const Syntax* node, bool used) {
  const Syntax* receiver = node->children[0];
  if (is_outer_name(receiver, "nodes") && node->text == "get" && node->children.size() >= 2) {
    const Syntax* id = node->children[1];
    if (id->kind == Kind::constant && id->value.is_string()) {
      const Code* output = node_root(id, names_.node_id(id->value.as_string()));
      if (node->children.size() == 2) return output;
      if (node->children.size() == 3) return add<Coalesce>(node->offset, output, emit(node->children[2]));
    }
  }
  if (receiver->kind == Kind::name && receiver->text == "datetime" && node->children.size() == 1 &&
      (node->text == "now" || node->text == "today")) {
    return add<CallBuiltIn>(node->offset, node->text, find_function(node->text), std::vector<const Code*>{}, false,
                            false);
  }
  std::vector<const Syntax*> arguments(node->children.begin(), node->children.end());
  return emit_invocation(node, node->text, std::move(arguments), used, true);
}

const Code* Emitter::emit_invocation(const Syntax* node, std::string name, std::vector<const Syntax*> arguments,
                                     bool used, bool is_method) {
  const bool optional = is_method && (node->optional || has_optional(arguments[0]));
  if (const FunctionCode* function = script_function(name, arguments.size())) {
    std::vector<const Code*> codes;
    for (const Syntax* argument : arguments) codes.push_back(emit(argument));
    return add<CallScript>(node->offset, function, std::move(codes), optional);
  }
  const FunctionSet* set = find_function(name);
  const bool property = is_method && possible_keys_.contains(name);
  const int count = static_cast<int>(arguments.size());
  if (set == nullptr && !property) {
    std::vector<std::string> known = function_names();
    std::vector<int> other_counts;
    for (const FunctionScope* scope : tree_.functions) {
      known.push_back(scope->name);
      if (scope->name == name) other_counts.push_back(static_cast<int>(scope->parameters.size()));
    }
    if (!other_counts.empty()) {
      return fail(node->offset,
                  fmt::format("the function '{}' takes {} arguments, not {}", name, other_counts[0], count));
    }
    const std::string what = node->filter ? "unknown filter '" : "unknown function '";
    std::string hint(hint_for_foreign_name(name));
    if (hint.empty()) hint = hint_for_foreign_syntax(name);
    const std::string nearest = hint.empty() ? nearest_name(name, known) : std::string();
    if (!nearest.empty()) hint = "did you mean '" + nearest + "'?";
    return fail(node->offset, what + name + "'", std::move(hint));
  }
  if (set != nullptr && !property && (count < set->min || count > set->max)) {
    const int hidden = is_method ? 1 : 0;
    const std::string wanted = set->min == set->max ? std::to_string(set->min - hidden)
                               : set->max >= 64
                                   ? "at least " + std::to_string(set->min - hidden)
                                   : fmt::format("{} to {}", std::max(0, set->min - hidden), set->max - hidden);
    return fail(node->offset, fmt::format("'{}' takes {} argument{}, not {}", name, wanted, wanted == "1" ? "" : "s",
                                          count - hidden));
  }
  if (set != nullptr && set->changes && count > 0 && is_place(arguments[0])) {
    std::unique_ptr<Place> place;
    CallOnPlace::Use use;
    use.optional = optional;
    use.property = property;
    use.is_used = used;
    if (!make_place(arguments[0], place, use.is_outer)) return nullptr;
    std::vector<const Code*> codes;
    for (std::size_t i = 1; i < arguments.size(); ++i) codes.push_back(emit(arguments[i]));
    if (!error_.message.empty()) return nullptr;
    return add<CallOnPlace>(node->offset, std::move(name), set, std::move(*place), std::move(codes), use);
  }
  std::vector<const Code*> codes;
  for (const Syntax* argument : arguments) codes.push_back(emit(argument));
  if (!error_.message.empty()) return nullptr;
  return add<CallBuiltIn>(node->offset, std::move(name), set, std::move(codes), optional, property);
}

}  // namespace r8r::expr
