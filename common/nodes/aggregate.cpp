#include <cmath>

#include "common/expr/json.hpp"
#include "common/expr/operators.hpp"
#include "common/nodes/list.hpp"

namespace r8r::nodes {
namespace {

using expr::Value;
using workflow::Aggregation;
using workflow::Statistic;
using Shape = workflow::AggregateConfig::Shape;

struct Item {
  std::size_t index = 0;  ///< in the list, for messages
  const Value* value = nullptr;
};
using Group = std::vector<Item>;

tl::unexpected<Failure> wrong(const Item& item, const Aggregation& aggregation, std::string_view needed,
                              const Value& found) {
  const std::string what = aggregation.field ? fmt::format("'{}'", aggregation.field->text()) : "the item";
  return failure(kInvalidInput, fmt::format("item {}: {} must be {}, not {}", item.index, what, needed,
                                            found.is_string() ? expr::to_json(found) : found.description()));
}

// An exact integer as long as there are only integers and they fit, a float from then on.
class Total {
 public:
  void add(const Value& number) {
    if (exact_ && (!number.is_int() || __builtin_add_overflow(integer_, number.as_int(), &integer_))) exact_ = false;
    sum_ += number.as_number();
  }
  Value value() const { return exact_ ? Value::integer(integer_) : Value::number(sum_); }
  double as_number() const { return exact_ ? static_cast<double>(integer_) : sum_; }

 private:
  bool exact_ = true;
  std::int64_t integer_ = 0;
  double sum_ = 0;
};

// Nulls and missing fields count as nothing.
BodyResult compute(const Aggregation& aggregation, const Group& group) {
  Total total;
  std::int64_t count = 0;
  Value extreme;
  for (const Item& item : group) {
    const Value* found = aggregation.field ? aggregation.field->find(*item.value) : item.value;
    if (found == nullptr || found->is_null()) {
      count += aggregation.field || aggregation.function != Statistic::count ? 0 : 1;
      continue;
    }
    ++count;
    if (aggregation.function == Statistic::sum || aggregation.function == Statistic::avg) {
      if (!found->is_number()) return wrong(item, aggregation, "a number", *found);
      total.add(*found);
    } else if (aggregation.function != Statistic::count) {
      if (!found->is_number() && !found->is_string()) return wrong(item, aggregation, "a number or a string", *found);
      if (extreme.is_null()) {
        extreme = *found;
        continue;
      }
      if (extreme.is_string() != found->is_string())
        return wrong(item, aggregation,
                     extreme.is_string() ? "a string like those before" : "a number like those before", *found);
      int order = 0;
      const int wanted = aggregation.function == Statistic::min ? -1 : 1;
      if (expr::compare_values(*found, extreme, order) && order == wanted) extreme = *found;
    }
  }
  switch (aggregation.function) {
    case Statistic::sum:
      return total.value();
    case Statistic::avg:
      return count == 0 ? Value() : Value::number(total.as_number() / static_cast<double>(count));
    case Statistic::count:
      return Value::integer(count);
    default:
      return extreme;
  }
}

// Text for a key of an object.
tl::expected<std::string, Failure> key_of(const workflow::FieldPath& field, std::string_view name, const Item& item) {
  const Value* found = field.find(*item.value);
  static const Value kMissing;
  if (found == nullptr) found = &kMissing;
  if (found->is_string()) return std::string(found->as_string());
  if (!found->is_array() && !found->is_map()) return expr::to_json(*found);
  return failure(kInvalidInput, fmt::format("item {}: {} '{}' must be a string, a number or a boolean, not {}",
                                            item.index, name, field.text(), found->description()));
}

BodyResult as_object(const workflow::AggregateConfig& config, const Group& group) {
  expr::Map object;
  for (const Item& item : group) {
    const Value* found = config.key_field.find(*item.value);
    if (found == nullptr || found->is_null()) {
      return failure(kInvalidInput,
                     fmt::format("item {}: key_field '{}' is missing", item.index, config.key_field.text()));
    }
    const auto key = key_of(config.key_field, "key_field", item);
    if (!key) return tl::make_unexpected(key.error());
    object.set(*key, config.value_field ? config.value_field->get(*item.value) : *item.value);
  }
  return Value::map(std::move(object));
}

BodyResult shape(const workflow::AggregateConfig& config, const Group& group) {
  switch (config.shape) {
    case Shape::first:
      return group.empty() ? Value() : *group.front().value;
    case Shape::last:
      return group.empty() ? Value() : *group.back().value;
    case Shape::object:
      return as_object(config, group);
    case Shape::value:
      return compute(config.aggregations.front(), group);
    case Shape::values: {
      expr::Map values;
      for (const Aggregation& aggregation : config.aggregations) {
        BodyResult value = compute(aggregation, group);
        if (!value) return value;
        values.set(aggregation.alias, std::move(*value));
      }
      return Value::map(std::move(values));
    }
    case Shape::array:
      break;
  }
  std::vector<Value> all;
  all.reserve(group.size());
  for (const Item& item : group) all.push_back(*item.value);
  return Value::array(std::move(all));
}

}  // namespace

BodyResult run_aggregate(Call& call) {
  const auto& config = call.config_as<workflow::AggregateConfig>();
  const BodyResult list = list_of(call, config);
  if (!list) return list;
  const std::vector<Value>& items = list->as_array();
  Group all;
  all.reserve(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) all.push_back({i, &items[i]});
  if (!config.group_by) return shape(config, all);
  // Groups stand in the order in which they first occur.
  expr::Map places;
  std::vector<Group> groups;
  for (const Item& item : all) {
    const auto key = key_of(*config.group_by, "group_by", item);
    if (!key) return tl::make_unexpected(key.error());
    const Value* place = places.find(*key);
    if (place == nullptr) {
      places.set(*key, Value::integer(static_cast<std::int64_t>(groups.size())));
      groups.emplace_back();
    }
    groups[place == nullptr ? groups.size() - 1 : static_cast<std::size_t>(place->as_int())].push_back(item);
  }
  for (std::size_t i = 0; i < groups.size(); ++i) {
    BodyResult value = shape(config, groups[i]);
    if (!value)
      return failure(value.error().code, fmt::format("group '{}': {}", places.at(i).key(), value.error().message));
    places.value_at(i) = std::move(*value);
  }
  return Value::map(std::move(places));
}

}  // namespace r8r::nodes
