#include <cmath>

#include "common/expr/json.hpp"
#include "common/nodes/list.hpp"

namespace r8r::nodes {
namespace {

using expr::Value;

// Back to an integer where it is exactly one, as the data had it.
Value sum_of(const std::vector<double>& numbers, bool integers) {
  double sum = 0;
  for (const double number : numbers) sum += number;
  constexpr double kExact = 9'007'199'254'740'992.0;
  return integers && std::abs(sum) <= kExact ? Value::integer(static_cast<std::int64_t>(sum)) : Value::number(sum);
}

Value median_of(std::vector<double>& numbers) {
  const std::size_t middle = numbers.size() / 2;
  const auto at = numbers.begin() + static_cast<std::ptrdiff_t>(middle);
  std::nth_element(numbers.begin(), at, numbers.end());
  if (numbers.size() % 2 == 1) return Value::number(*at);
  return Value::number((*std::max_element(numbers.begin(), at) + *at) / 2);
}

BodyResult summary_of(const std::vector<Value>& items, const std::string& name, const workflow::FieldPath& field) {
  std::vector<double> numbers;
  bool integers = true;
  Value lowest;
  Value highest;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Value* found = field.find(items[i]);
    if (found == nullptr || found->is_null()) continue;
    if (!found->is_number()) {
      return failure(kInvalidInput, fmt::format("item {}: '{}' must be a number, not {}", i, name,
                                                found->is_string() ? expr::to_json(*found) : found->description()));
    }
    integers = integers && found->is_int();
    if (lowest.is_null() || found->as_number() < lowest.as_number()) lowest = *found;
    if (highest.is_null() || found->as_number() > highest.as_number()) highest = *found;
    numbers.push_back(found->as_number());
  }
  const auto count = static_cast<double>(numbers.size());
  Value sum = sum_of(numbers, integers);
  Value average;
  Value median;
  Value deviation;
  if (!numbers.empty()) {
    const double mean = sum.as_number() / count;
    double squares = 0;
    for (const double number : numbers) squares += (number - mean) * (number - mean);
    average = Value::number(mean);
    deviation = Value::number(std::sqrt(squares / count));
    median = median_of(numbers);
  }
  expr::Map summary;
  summary.set("count", Value::integer(static_cast<std::int64_t>(numbers.size())));
  summary.set("min", lowest);
  summary.set("max", highest);
  summary.set("avg", average);
  summary.set("median", median);
  summary.set("stddev", deviation);
  summary.set("sum", std::move(sum));
  return Value::map(std::move(summary));
}

}  // namespace

BodyResult run_summarize(Call& call) {
  const auto& config = call.config_as<workflow::SummarizeConfig>();
  const BodyResult list = list_of(call, config);
  if (!list) return list;
  expr::Map summaries;
  for (const auto& [name, field] : config.fields) {
    BodyResult summary = summary_of(list->as_array(), name, field);
    if (!summary) return summary;
    summaries.set(name, std::move(*summary));
  }
  return Value::map(std::move(summaries));
}

}  // namespace r8r::nodes
