#include <charconv>

#include "common/expr/json.hpp"
#include "common/nodes/body.hpp"
#include "common/workflow/case_text.hpp"

namespace r8r::nodes {
namespace {

/// A case as the file gives it, its templates evaluated.
struct Case {
  expr::Value match;
  expr::Value output;
  expr::Value label;
};

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

std::vector<Case> cases_of(const Call& call) {
  std::vector<Case> cases;
  const expr::Value* given = call.field("cases");
  if (given != nullptr && given->is_map()) {
    for (const auto& [name, output] : given->as_map())
      cases.push_back({expr::Value::string(name), output, expr::Value::string(name)});
  } else if (given != nullptr && given->is_array()) {
    for (const expr::Value& entry : given->as_array()) {
      const auto field = [&entry](std::string_view name) {
        const expr::Value* found = entry.is_map() ? entry.as_map().find(name) : nullptr;
        return found != nullptr ? *found : expr::Value();
      };
      Case one{field("value"), field("output"), field("label")};
      if (one.match.is_null()) one.match = field("when");
      if (one.label.is_null()) {
        std::string text;
        expr::append_rendered(text, one.match);
        one.label = expr::Value::string(text);
      }
      cases.push_back(std::move(one));
    }
  }
  return cases;
}

tl::expected<bool, Failure> holds(const Call& call, std::size_t index, const Case& one, const expr::Value& value) {
  const auto& branches = call.node.branches;
  if (index >= branches.size() || !branches[index].when) return matches(value, one.match);
  expr::Scope scope = call.context.scope;
  scope.set("value", value);
  expr::EvalContext context{.scope = scope,
                            .limits = call.context.limits,
                            .now = call.context.now,
                            .seed = call.context.seed,
                            .log = call.context.log};
  const Result<expr::Value> answer = expr::evaluate(*branches[index].when, context);
  const std::string& name = branches[index].name;
  if (!answer) return failure(kExpressionError, fmt::format("case '{}': {}", name, answer.error().message));
  if (!answer->is_bool())
    return failure(kExpressionError,
                   fmt::format("case '{}': the value must be true or false, not {}", name, answer->description()));
  return answer->as_bool();
}

}  // namespace

BodyResult run_switch(Call& call) {
  const auto value = call.evaluate(call.node.field("field") != nullptr ? "field" : "expression");
  if (!value) return value;
  const expr::Value* mode = call.field("mode");
  const bool all = mode != nullptr && mode->as_string() == "all";
  const std::vector<Case> cases = cases_of(call);
  std::vector<int> taken;
  for (std::size_t i = 0; i < cases.size() && (all || taken.empty()); ++i) {
    const auto hit = holds(call, i, cases[i], *value);
    if (!hit) return tl::make_unexpected(hit.error());
    if (*hit) taken.push_back(static_cast<int>(i));
  }
  const expr::Value* fallback = call.field("default");
  const bool matched = !taken.empty();
  expr::Map output;
  output.set("matched", expr::Value::boolean(matched));
  output.set("value", *value);
  if (all) {
    std::vector<expr::Value> outputs, labels;
    for (const int index : taken) {
      outputs.push_back(cases[static_cast<std::size_t>(index)].output);
      labels.push_back(cases[static_cast<std::size_t>(index)].label);
    }
    output.set("outputs", expr::Value::array(std::move(outputs)));
    output.set("branches", expr::Value::array(std::move(labels)));
    output.set("match_count", expr::Value::integer(static_cast<std::int64_t>(taken.size())));
  }
  if (!all || !matched) {
    const Case* chosen = matched ? &cases[static_cast<std::size_t>(taken.front())] : nullptr;
    output.set("output", chosen != nullptr ? chosen->output : fallback != nullptr ? *fallback : expr::Value());
    output.set("branch", chosen != nullptr ? chosen->label : expr::Value::string("default"));
  }
  if (!matched) taken.push_back(static_cast<int>(cases.size()));  // the default stands behind the cases
  call.taken = std::move(taken);
  return expr::Value::map(std::move(output));
}

}  // namespace r8r::nodes
