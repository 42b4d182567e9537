#include <numeric>

#include "common/expr/callback.hpp"
#include "common/expr/functions.hpp"
#include "common/expr/operators.hpp"
#include "common/expr/run.hpp"

/// Arrays: order and sums.
namespace r8r::expr {
namespace {

/// Steps of sorting `keys` by value: n log n comparisons, each of which may have to read the longest text but one.
std::size_t sort_cost(const std::vector<Value>& keys) {
  std::size_t longest = 0;
  std::size_t second = 0;
  for (const Value& key : keys) {
    if (!key.is_string()) continue;
    const std::size_t size = key.as_string().size();
    if (size > longest) {
      second = std::exchange(longest, size);
    } else {
      second = std::max(second, size);
    }
  }
  return keys.size() * (static_cast<std::size_t>(std::bit_width(keys.size())) + 1) * (1 + second / 64) / 8;
}

/// Whether `a` may stand before `b` by a closure (first, second) that gives a negative number when the first goes
/// first.
bool in_order(Call& call, Callback& callback, const Value& a, const Value& b, bool& out) {
  Value answer;
  if (!callback.call_with(a, b, answer)) return false;
  if (!answer.is_number()) {
    return call.fail(
        "the closure given to 'sort' has to give a number, negative when its first argument goes first, not " +
        std::string(answer.description()));
  }
  out = answer.as_number() <= 0;
  return true;
}

/// A merge sort of our own: the closure may contradict itself or fail half way, which std::sort does not survive.
bool merge_sort(Call& call, std::vector<Value>& elements) {
  std::vector<Value> other(elements.size());
  Callback callback(call, 1);
  for (std::size_t width = 1; width < elements.size(); width *= 2) {
    for (std::size_t low = 0; low < elements.size(); low += 2 * width) {
      const std::size_t middle = std::min(low + width, elements.size());
      const std::size_t high = std::min(low + 2 * width, elements.size());
      std::size_t left = low;
      std::size_t right = middle;
      for (std::size_t at = low; at < high; ++at) {
        bool take_left = left < middle;
        if (left < middle && right < high && !in_order(call, callback, elements[left], elements[right], take_left))
          return false;
        other[at] = elements[take_left ? left++ : right++];
      }
    }
    elements.swap(other);
  }
  return true;
}

/// sort() by value: null, booleans, numbers, strings; sort(closure) by a comparison.
bool sort(Call& call, Value&) {
  if (call.has(1) && !call.closure(1)) return false;
  if (!call.has(1)) {
    if (!call.charge(sort_cost(call.list_of(0)))) return false;
    std::vector<Value>& elements = call.args[0].mutable_array();
    std::stable_sort(elements.begin(), elements.end(),
                     [](const Value& a, const Value& b) { return sort_order(a, b) < 0; });
    return true;
  }
  if (!call.charge(call.list_of(0).size() / 4)) return false;
  std::vector<Value> elements = call.list_of(0);
  if (!merge_sort(call, elements)) return false;
  call.args[0] = Value::array(std::move(elements));
  return true;
}

/// A new array in the order of a key; with "desc" the other way round.
bool sort_by(Call& call, Value& out) {
  const auto& elements = call.list_of(0);
  bool descending = false;
  if (call.has(2)) {
    std::string_view direction;
    if (!call.text(2, direction)) return false;
    if (direction != "asc" && direction != "desc") return call.fail("'sort_by': the direction is \"asc\" or \"desc\"");
    descending = direction == "desc";
  }
  if (!call.charge(elements.size() / 4)) return false;
  std::vector<Value> keys(elements.size());
  Callback callback(call, 1);
  for (std::size_t i = 0; i < elements.size(); ++i) {
    if (!callback.key_of(elements[i], i, keys[i])) return false;
  }
  if (!call.charge(sort_cost(keys))) return false;
  std::vector<std::uint32_t> order(elements.size());
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    const int result = sort_order(keys[a], keys[b]);
    return descending ? result > 0 : result < 0;
  });
  std::vector<Value> sorted;
  sorted.reserve(order.size());
  for (const std::uint32_t i : order) sorted.push_back(elements[i]);
  return call.give(std::move(sorted), out);
}

/// The total of the numbers; nulls are left out.
bool add_up(Call& call, Value& total, std::int64_t& counted) {
  const auto& elements = call.list_of(0);
  if (!call.charge(elements.size() / 2)) return false;
  total = Value::integer(0);
  counted = 0;
  Callback callback(call, 1);
  for (std::size_t i = 0; i < elements.size(); ++i) {
    Value number;
    if (!callback.key_of(elements[i], i, number)) return false;
    if (number.is_null()) continue;
    if (!number.is_number())
      return call.fail(fmt::format("'{}' needs numbers, not {}", call.name, number.description()));
    Value next;
    if (!apply_operator(call.run, Operator::add, total, number, call.offset, next)) return false;
    total = std::move(next);
    ++counted;
  }
  return true;
}

bool sum(Call& call, Value& out) {
  std::int64_t counted = 0;
  return add_up(call, out, counted);
}

/// Always a float; null when there is nothing.
bool avg(Call& call, Value& out) {
  Value total;
  std::int64_t counted = 0;
  if (!add_up(call, total, counted)) return false;
  out = counted == 0 ? Value() : Value::number(total.as_number() / static_cast<double>(counted));
  return true;
}

/// The smallest or largest value, or of the given key; nulls are left out; null when there is nothing.
bool extreme(Call& call, int wanted, Value& out) {
  const auto& elements = call.list_of(0);
  if (!call.charge(elements.size() / 2)) return false;
  out = Value();
  Callback callback(call, 1);
  for (std::size_t i = 0; i < elements.size(); ++i) {
    Value candidate;
    if (!callback.key_of(elements[i], i, candidate)) return false;
    if (candidate.is_null()) continue;
    if (!candidate.is_number() && !candidate.is_string()) {
      return call.fail(fmt::format("'{}' needs numbers or strings, not {}", call.name, candidate.description()));
    }
    if (out.is_null()) {
      out = std::move(candidate);
      continue;
    }
    int order = 0;
    if (out.is_string() != candidate.is_string())
      return call.fail(fmt::format("'{}' cannot compare numbers with strings", call.name));
    if (!call.run.charge(order_cost(candidate, out), call.offset)) return false;
    if (compare_values(candidate, out, order) && order == wanted) out = std::move(candidate);
  }
  return true;
}
bool min(Call& call, Value& out) {
  return extreme(call, -1, out);
}
bool max(Call& call, Value& out) {
  return extreme(call, 1, out);
}

constexpr Function kFunctions[] = {
    {"sort", kArray, 1, 2, sort, Effect::transforms},
    {"sort_by", kArray, 2, 3, sort_by},
    {"sum", kArray, 1, 2, sum},
    {"avg", kArray, 1, 2, avg},
    {"min", kArray, 1, 2, min},
    {"max", kArray, 1, 2, max},
};

}  // namespace

std::span<const Function> array_order_functions() {
  return kFunctions;
}

}  // namespace r8r::expr
