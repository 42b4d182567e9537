#include "common/nodes/conditions.hpp"

#include <charconv>
#include <cmath>

#include "common/expr/json.hpp"
#include "common/expr/operators.hpp"

namespace r8r::nodes {
namespace {

using expr::Value;
using workflow::Comparison;

// Numbers, and text that is all of one number.
std::optional<Value> as_number(const Value& value) {
  if (value.is_number()) return value;
  if (!value.is_string()) return std::nullopt;
  const std::string_view text = value.as_string();
  std::int64_t integer = 0;
  const char* end = text.data() + text.size();
  if (const auto read = std::from_chars(text.data(), end, integer); read.ec == std::errc() && read.ptr == end)
    return Value::integer(integer);
  double number = 0;
  const auto read = std::from_chars(text.data(), end, number);
  if (read.ec != std::errc() || read.ptr != end || !std::isfinite(number)) return std::nullopt;
  return Value::number(number);
}

// -1, 0, 1; nothing for values that have no order among each other.
std::optional<int> order_of(const Value& a, const Value& b) {
  int order = 0;
  const auto x = as_number(a);
  const auto y = as_number(b);
  if (x && y) return expr::compare_values(*x, *y, order) ? std::optional(order) : std::nullopt;
  if (!a.is_string() || !b.is_string()) return std::nullopt;
  return expr::compare_values(a, b, order) ? std::optional(order) : std::nullopt;
}

bool has(const Value& hay, const Value& needle) {
  if (hay.is_array()) return std::find(hay.as_array().begin(), hay.as_array().end(), needle) != hay.as_array().end();
  if (hay.is_map()) return needle.is_string() && hay.as_map().contains(needle.as_string());
  if (!hay.is_string() || needle.is_null() || needle.is_array() || needle.is_map()) return false;
  if (needle.is_string()) return hay.as_string().find(needle.as_string()) != std::string_view::npos;
  return hay.as_string().find(expr::to_json(needle)) != std::string_view::npos;
}

bool is_empty(const Value& value) {
  return value.is_null() || (value.is_string() && value.as_string().empty()) ||
         (value.is_array() && value.as_array().empty()) || (value.is_map() && value.as_map().empty());
}

bool begins(const Value& a, const Value& b) {
  return a.is_string() && b.is_string() && a.as_string().starts_with(b.as_string());
}
bool ends(const Value& a, const Value& b) {
  return a.is_string() && b.is_string() && a.as_string().ends_with(b.as_string());
}

constexpr std::size_t kIndexedFrom = 8;

}  // namespace

tl::expected<ConditionTest::Prepared, Failure> ConditionTest::prepare_one(const workflow::Condition& condition,
                                                                          expr::EvalContext& context) {
  Prepared prepared{.condition = &condition};
  if (condition.comparison) {
    prepared.comparison = *condition.comparison;
  } else {
    const Result<Value> name = condition.comparison_name.evaluate(context);
    if (!name) return failure(kExpressionError, fmt::format("{}.operator: {}", condition.place, name.error().message));
    const std::string text = name->is_string() ? std::string(name->as_string()) : expr::to_json(*name);
    const auto comparison = workflow::comparison_of(text);
    if (!comparison)
      return failure(kInvalidConfig,
                     fmt::format("{}.operator: {}", condition.place, workflow::unknown_comparison(text)));
    prepared.comparison = *comparison;
  }
  prepared.per_item = condition.value.uses_item();
  prepared.pattern = condition.pattern;
  if (!workflow::needs_value(prepared.comparison) || prepared.per_item) return prepared;
  Result<Value> value = condition.value.evaluate(context);
  if (!value) return failure(kExpressionError, fmt::format("{}.value: {}", condition.place, value.error().message));
  prepared.value = std::move(*value);
  const bool list = prepared.comparison == Comparison::in || prepared.comparison == Comparison::not_in;
  if (list && prepared.value.is_array() && prepared.value.as_array().size() >= kIndexedFrom)
    prepared.members.insert(prepared.value.as_array().begin(), prepared.value.as_array().end());
  if (prepared.comparison == Comparison::regex && !prepared.pattern && prepared.value.is_string()) {
    auto pattern = expr::Pattern::compile(prepared.value.as_string());
    if (!pattern) return failure(kInvalidConfig, fmt::format("{}.value: {}", condition.place, pattern.error().message));
    prepared.pattern = std::move(*pattern);
  }
  return prepared;
}

tl::expected<ConditionTest, Failure> ConditionTest::prepare(const workflow::Conditions& conditions,
                                                            expr::EvalContext& context) {
  ConditionTest test(conditions);
  if (conditions.list == nullptr) return test;
  for (const workflow::Condition& condition : conditions.list->all) {
    auto prepared = prepare_one(condition, context);
    if (!prepared) return tl::make_unexpected(std::move(prepared.error()));
    test.prepared_.push_back(std::move(*prepared));
  }
  return test;
}

tl::expected<bool, Failure> ConditionTest::compare(const Prepared& prepared, const Value* subject,
                                                   expr::EvalContext& context) {
  const Value missing;
  const Value& a = subject == nullptr ? missing : *subject;
  Value of_item;
  if (prepared.per_item && workflow::needs_value(prepared.comparison)) {
    Result<Value> value = prepared.condition->value.evaluate(context);
    if (!value)
      return failure(kExpressionError, fmt::format("{}.value: {}", prepared.condition->place, value.error().message));
    of_item = std::move(*value);
  }
  const Value& b = prepared.per_item ? of_item : prepared.value;
  const auto wrong_value = [&](std::string_view needed) {
    return failure(kInvalidConfig,
                   fmt::format("{}.value: it must be {}, not {}", prepared.condition->place, needed, b.description()));
  };
  switch (prepared.comparison) {
    case Comparison::equals:
      return a == b;
    case Comparison::not_equals:
      return !(a == b);
    case Comparison::contains:
      return has(a, b);
    case Comparison::not_contains:
      return !has(a, b);
    case Comparison::starts_with:
      return begins(a, b);
    case Comparison::ends_with:
      return ends(a, b);
    case Comparison::gt:
      return order_of(a, b).value_or(0) > 0;
    case Comparison::gte:
      return order_of(a, b).value_or(-1) >= 0;
    case Comparison::lt:
      return order_of(a, b).value_or(0) < 0;
    case Comparison::lte:
      return order_of(a, b).value_or(1) <= 0;
    case Comparison::in:
    case Comparison::not_in: {
      if (!b.is_array()) return wrong_value("an array");
      const bool found = prepared.members.empty() ? has(b, a) : prepared.members.contains(a);
      return found == (prepared.comparison == Comparison::in);
    }
    case Comparison::regex: {
      if (!b.is_string()) return wrong_value("a string");
      if (!a.is_string()) return false;
      if (prepared.pattern) return prepared.pattern->found_in(a.as_string());
      const auto pattern = expr::Pattern::compile(b.as_string());
      if (!pattern)
        return failure(kInvalidConfig, fmt::format("{}.value: {}", prepared.condition->place, pattern.error().message));
      return pattern->found_in(a.as_string());
    }
    case Comparison::exists:
      return !a.is_null();
    case Comparison::not_exists:
      return a.is_null();
    case Comparison::is_empty:
      return is_empty(a);
    case Comparison::is_not_empty:
      return !is_empty(a);
    case Comparison::is_true:
      return a.is_bool() && a.as_bool();
    case Comparison::is_false:
      return a.is_bool() && !a.as_bool();
  }
  return false;
}

tl::expected<bool, Failure> ConditionTest::holds(const Value& subject, expr::EvalContext& context) const {
  if (conditions_->expression) {
    const Result<Value> value = expr::evaluate(*conditions_->expression, context);
    if (!value) return failure(kExpressionError, fmt::format("condition: {}", value.error().message));
    if (value->is_bool()) return value->as_bool();
    return failure(kExpressionError,
                   fmt::format("condition: the value must be true or false, not {}", value->description()));
  }
  for (const Prepared& prepared : prepared_) {
    Value own;
    const Value* looked_at = nullptr;
    if (prepared.condition->subject) {
      Result<Value> value = expr::evaluate(*prepared.condition->subject, context);
      if (!value)
        return failure(kExpressionError, fmt::format("{}.field: {}", prepared.condition->place, value.error().message));
      own = std::move(*value);
      looked_at = &own;
    } else {
      looked_at = prepared.condition->field.find(subject);
    }
    const auto passes = compare(prepared, looked_at, context);
    if (!passes) return passes;
    if (*passes == conditions_->any) return conditions_->any;
  }
  return !conditions_->any;
}

}  // namespace r8r::nodes
