#include "common/workflow/types/switch.hpp"

#include <charconv>

#include "common/expr/json.hpp"
#include "common/nodes/body.hpp"
#include "common/workflow/case_text.hpp"

namespace r8r::nodes {
namespace {

std::optional<double> number_of(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<double> number_of(const expr::Value& value) {
  if (value.is_number()) return value.as_number();
  return value.is_string() ? number_of(value.as_string()) : std::nullopt;
}

// The text of a case means what it would mean in YAML: 5 is also the number, true the boolean, "5" also the text.
bool equals(const expr::Value& value, std::string_view text) {
  if (value.is_string()) return value.as_string() == text;
  if (value.is_number()) {
    const auto number = number_of(text);
    return number && *number == value.as_number();
  }
  return expr::to_json(value) == text;
}

// Numbers, and text that reads as a number, by value; other text by its bytes; everything else has no order.
bool compares(const expr::Value& value, std::string_view op, std::string_view operand) {
  if (op == "==") return equals(value, operand);
  if (op == "!=") return !equals(value, operand);
  const auto left = number_of(value);
  const auto right = number_of(operand);
  int order = 0;
  if (left && right) {
    order = *left < *right ? -1 : *left > *right ? 1 : 0;
  } else if (value.is_string()) {
    order = value.as_string().compare(operand);
  } else {
    return false;
  }
  if (op == ">") return order > 0;
  if (op == "<") return order < 0;
  return op == ">=" ? order >= 0 : order <= 0;
}

bool matches(const expr::Value& value, const expr::Value& match) {
  if (!match.is_string()) return value == match;
  const workflow::CaseText text = workflow::split_case(match.as_string());
  return text.op.empty() ? equals(value, match.as_string()) : compares(value, text.op, text.operand);
}

tl::expected<bool, Failure> holds(const Call& call, std::size_t index, const workflow::SwitchCase& one,
                                  const expr::Value& value) {
  const auto& branches = call.node.branches;
  if (index >= branches.size() || !branches[index].when) {
    const BodyResult match = call.evaluate(one.match, "cases");
    if (!match) return tl::make_unexpected(match.error());
    return matches(value, *match);
  }
  expr::Scope scope = call.context.scope;
  scope.set("value", value);
  expr::EvalContext context = call.context.with(scope);
  const Result<expr::Value> answer = expr::evaluate(*branches[index].when, context);
  const std::string& name = branches[index].name;
  if (!answer) return failure(kExpressionError, fmt::format("case '{}': {}", name, answer.error().message));
  if (!answer->is_bool())
    return failure(kExpressionError,
                   fmt::format("case '{}': the value must be true or false, not {}", name, answer->description()));
  return answer->as_bool();
}

/// What the output calls the case: its label, or what it matches.
BodyResult label_of(const Call& call, const workflow::SwitchCase& one) {
  const BodyResult label = call.evaluate(one.label, "cases");
  if (!label || !label->is_null()) return label;
  const BodyResult match = call.evaluate(one.match, "cases");
  if (!match) return match;
  std::string text;
  expr::append_rendered(text, *match);
  return expr::Value::string(text);
}

}  // namespace

BodyResult run_switch(Call& call) {
  const auto& config = call.config_as<workflow::SwitchConfig>();
  const BodyResult value = call.evaluate(*config.value, call.node.field("field") != nullptr ? "field" : "expression");
  if (!value) return value;
  std::vector<int> taken;
  std::vector<expr::Value> outputs, labels;
  for (std::size_t i = 0; i < config.cases.size() && (config.all || taken.empty()); ++i) {
    const workflow::SwitchCase& one = config.cases[i];
    const auto hit = holds(call, i, one, *value);
    if (!hit) return tl::make_unexpected(hit.error());
    if (!*hit) continue;
    taken.push_back(static_cast<int>(i));
    BodyResult output = call.evaluate(one.output, "cases");
    if (!output) return output;
    BodyResult label = label_of(call, one);
    if (!label) return label;
    outputs.push_back(std::move(*output));
    labels.push_back(std::move(*label));
  }
  const bool matched = !taken.empty();
  expr::Map output;
  output.set("matched", expr::Value::boolean(matched));
  output.set("value", *value);
  if (config.all) {
    output.set("outputs", expr::Value::array(outputs));
    output.set("branches", expr::Value::array(labels));
    output.set("match_count", expr::Value::integer(static_cast<std::int64_t>(taken.size())));
  }
  if (!matched) {
    BodyResult fallback = call.evaluate(config.otherwise, "default");
    if (!fallback) return fallback;
    output.set("output", std::move(*fallback));
    output.set("branch", expr::Value::string("default"));
    taken.push_back(static_cast<int>(config.cases.size()));  // the default stands behind the cases
  } else if (!config.all) {
    output.set("output", outputs.front());
    output.set("branch", labels.front());
  }
  call.taken = std::move(taken);
  return expr::Value::map(std::move(output));
}

}  // namespace r8r::nodes
