#include "common/expr/operators.hpp"

#include <cmath>
#include <limits>

#include "common/expr/json.hpp"

namespace r8r::expr {
namespace {

constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();

bool overflow(Run& run, Operator op, const Value& a, const Value& b, std::uint32_t offset) {
  return run.fail(offset, fmt::format("integer overflow: {} {} {}", a.as_int(), operator_text(op), b.as_int()));
}

bool integer_power(std::int64_t base, std::int64_t exponent, std::int64_t& out) {
  out = 1;
  while (exponent > 0) {
    if ((exponent & 1) != 0 && __builtin_mul_overflow(out, base, &out)) return false;
    exponent >>= 1;
    if (exponent > 0 && __builtin_mul_overflow(base, base, &base)) return false;
  }
  return true;
}

std::int64_t shifted_left(std::int64_t value, std::int64_t by);
std::int64_t shifted_right(std::int64_t value, std::int64_t by) {
  if (by < 0) return shifted_left(value, by == kMin ? 64 : -by);
  return by > 63 ? (value < 0 ? -1 : 0) : value >> by;
}
std::int64_t shifted_left(std::int64_t value, std::int64_t by) {
  if (by < 0) return shifted_right(value, by == kMin ? 64 : -by);
  return by > 63 ? 0 : static_cast<std::int64_t>(static_cast<std::uint64_t>(value) << by);
}

bool integers(Run& run, Operator op, const Value& a, const Value& b, std::uint32_t offset, Value& out) {
  const std::int64_t x = a.as_int();
  const std::int64_t y = b.as_int();
  std::int64_t result = 0;
  switch (op) {
    case Operator::add:
      if (__builtin_add_overflow(x, y, &result)) return overflow(run, op, a, b, offset);
      break;
    case Operator::subtract:
      if (__builtin_sub_overflow(x, y, &result)) return overflow(run, op, a, b, offset);
      break;
    case Operator::multiply:
      if (__builtin_mul_overflow(x, y, &result)) return overflow(run, op, a, b, offset);
      break;
    case Operator::divide:
      if (y == 0) return run.fail(offset, fmt::format("division by zero: {} / 0", x));
      if (x == kMin && y == -1) return overflow(run, op, a, b, offset);
      result = x / y;
      break;
    case Operator::remainder:
      if (y == 0) return run.fail(offset, fmt::format("division by zero: {} % 0", x));
      result = y == -1 ? 0 : x % y;
      break;
    case Operator::power:
      if (y < 0) return run.fail(offset, fmt::format("an integer to a negative power: {} ** {}; use a float", x, y));
      if (!integer_power(x, y, result)) return overflow(run, op, a, b, offset);
      break;
    case Operator::shift_left:
      result = shifted_left(x, y);
      break;
    case Operator::shift_right:
      result = shifted_right(x, y);
      break;
    case Operator::bit_and:
      result = x & y;
      break;
    case Operator::bit_or:
      result = x | y;
      break;
    default:
      result = x ^ y;
      break;
  }
  out = Value::integer(result);
  return true;
}

bool mismatch(Run& run, Operator op, const Value& a, const Value& b, std::uint32_t offset) {
  const bool order = op >= Operator::less && op <= Operator::greater_equal;
  return run.fail(offset, fmt::format("{} '{}' with {} and {}", order ? "cannot compare by" : "cannot use",
                                      operator_text(op), a.description(), b.description()));
}

bool floats(Run& run, Operator op, const Value& a, const Value& b, std::uint32_t offset, Value& out) {
  const double x = a.as_number();
  const double y = b.as_number();
  double result = 0;
  switch (op) {
    case Operator::add:
      result = x + y;
      break;
    case Operator::subtract:
      result = x - y;
      break;
    case Operator::multiply:
      result = x * y;
      break;
    case Operator::divide:
      result = x / y;
      break;
    case Operator::remainder:
      result = std::fmod(x, y);
      break;
    case Operator::power:
      result = std::pow(x, y);
      break;
    default:
      return mismatch(run, op, a, b, offset);
  }
  run.note_float(result);
  out = Value::number(result);
  return true;
}

bool join(Run& run, const Value& a, const Value& b, std::uint32_t offset, Value& out) {
  if (!run.admit(a, offset) || !run.admit(b, offset)) return false;
  std::string text;
  if (a.is_string() && b.is_string()) {
    text.reserve(a.as_string().size() + b.as_string().size());
    text.append(a.as_string());
    text.append(b.as_string());
  } else {
    append_rendered(text, a);
    append_rendered(text, b);
  }
  if (!run.fits_text(text.size(), offset)) return false;
  out = Value::string(text);
  return true;
}

bool add(Run& run, const Value& a, const Value& b, std::uint32_t offset, Value& out) {
  if (a.is_string() || b.is_string()) {
    if (a.is_closure() || b.is_closure()) return mismatch(run, Operator::add, a, b, offset);
    return join(run, a, b, offset, out);
  }
  if (a.is_array() && b.is_array()) {
    const auto& left = a.as_array();
    const auto& right = b.as_array();
    const std::size_t size = left.size() + right.size();
    if (!run.fits_elements(size, offset) || !run.charge(static_cast<std::int64_t>(size / 4), offset)) return false;
    std::vector<Value> joined;
    joined.reserve(size);
    joined.insert(joined.end(), left.begin(), left.end());
    joined.insert(joined.end(), right.begin(), right.end());
    out = Value::array(std::move(joined));
    return true;
  }
  if (a.is_map() && b.is_map()) {
    const std::size_t size = a.as_map().size() + b.as_map().size();
    if (!run.fits_elements(size, offset) || !run.charge(static_cast<std::int64_t>(size / 2), offset)) return false;
    out = merge_maps(a, b);
    return true;
  }
  return mismatch(run, Operator::add, a, b, offset);
}

bool remove_text(Run& run, const Value& a, const Value& b, std::uint32_t offset, Value& out) {
  const std::string_view text = a.as_string();
  const std::string_view part = b.as_string();
  if (!run.fits_text(text.size(), offset)) return false;
  std::string left;
  std::size_t at = 0;
  while (!part.empty()) {
    const std::size_t found = text.find(part, at);
    if (found == std::string_view::npos) break;
    left.append(text, at, found - at);
    at = found + part.size();
  }
  left.append(text, at);
  out = Value::string(left);
  return true;
}

}  // namespace

Value merge_maps(const Value& left, const Value& right) {
  if (left.as_map().empty()) return right;
  Value merged = left;
  if (right.as_map().empty()) return merged;
  Map& entries = merged.mutable_map();
  for (const Map::Entry& entry : right.as_map()) entries.set(entry.name, entry.value);
  return merged;
}

bool compare_values(const Value& a, const Value& b, int& order) {
  if (a.is_int() && b.is_int()) {
    order = a.as_int() < b.as_int() ? -1 : a.as_int() > b.as_int() ? 1 : 0;
    return true;
  }
  if (a.is_string() && b.is_string()) {
    const int result = a.as_string().compare(b.as_string());
    order = result < 0 ? -1 : result > 0 ? 1 : 0;
    return true;
  }
  if (!a.is_number() || !b.is_number()) return false;
  if (a.is_int() != b.is_int()) {
    // Equality is exact; where they differ, the float's rounding does not change which is larger, except next to each
    // other.
    if (a == b) {
      order = 0;
      return true;
    }
    const long double x = a.is_int() ? static_cast<long double>(a.as_int()) : a.as_float();
    const long double y = b.is_int() ? static_cast<long double>(b.as_int()) : b.as_float();
    order = x < y ? -1 : 1;
    return x < y || x > y;
  }
  const double x = a.as_float();
  const double y = b.as_float();
  order = x < y ? -1 : x > y ? 1 : 0;
  return x == x && y == y;
}

int sort_order(const Value& a, const Value& b) {
  const auto rank = [](const Value& value) {
    switch (value.kind()) {
      case Value::Kind::null:
        return 0;
      case Value::Kind::boolean:
        return 1;
      case Value::Kind::integer:
      case Value::Kind::number:
        return 2;
      case Value::Kind::string:
        return 3;
      default:
        return 4;
    }
  };
  const int left = rank(a);
  const int right = rank(b);
  if (left != right) return left < right ? -1 : 1;
  if (left == 1) return static_cast<int>(a.as_bool()) - static_cast<int>(b.as_bool());
  int order = 0;
  if (compare_values(a, b, order)) return order;
  if (left == 2) {
    // NaN sorts behind the numbers.
    const bool a_is_nan = a.is_float() && std::isnan(a.as_float());
    const bool b_is_nan = b.is_float() && std::isnan(b.as_float());
    return static_cast<int>(a_is_nan) - static_cast<int>(b_is_nan);
  }
  return 0;
}

bool equals(Run& run, const Value& a, const Value& b, std::uint32_t offset, bool& out) {
  if (a.is_string() && b.is_string()) {
    out = a.same_cell(b);
    if (out || a.as_string().size() != b.as_string().size()) return true;
    out = same_text(a.as_string(), b.as_string());
    return run.charge_text(a.as_string().size(), offset);
  }
  if (a.on_heap() && a.kind() == b.kind() && !a.is_closure() && !a.same_cell(b)) {
    // Two containers are compared element by element: bounded by their size, and counted.
    if (!run.admit(a, offset) || !run.admit(b, offset)) return false;
    const auto weight = static_cast<std::int64_t>(std::min(a.measure().weight, b.measure().weight));
    if (!run.charge(weight / 64, offset)) return false;
  }
  out = a == b;
  return true;
}

bool contains(Run& run, const Value& needle, const Value& hay, std::uint32_t offset, bool& out) {
  switch (hay.kind()) {
    case Value::Kind::array:
      if (!run.charge(static_cast<std::int64_t>(hay.as_array().size() / 4), offset)) return false;
      out = false;
      for (const Value& element : hay.as_array()) {
        if (!equals(run, needle, element, offset, out)) return false;
        if (out) break;
      }
      return true;
    case Value::Kind::map:
      if (!needle.is_string()) break;
      out = hay.as_map().contains(needle.as_string());
      return run.charge_text(needle.as_string().size(), offset);
    case Value::Kind::string:
      if (!needle.is_string()) break;
      out = hay.as_string().find(needle.as_string()) != std::string_view::npos;
      return run.charge(static_cast<std::int64_t>(hay.as_string().size() / 64), offset);
    default:
      break;
  }
  return mismatch(run, Operator::in, needle, hay, offset);
}

bool negate(Run& run, const Value& a, std::uint32_t offset, Value& out) {
  if (a.is_float()) {
    out = Value::number(-a.as_float());
    return true;
  }
  if (!a.is_int()) return run.fail(offset, "cannot use '-' with " + std::string(a.description()));
  if (a.as_int() == kMin) return run.fail(offset, fmt::format("integer overflow: -({})", kMin));
  out = Value::integer(-a.as_int());
  return true;
}

bool apply_operator(Run& run, Operator op, const Value& a, const Value& b, std::uint32_t offset, Value& out) {
  switch (op) {
    case Operator::equal:
    case Operator::not_equal: {
      bool same = false;
      if (!equals(run, a, b, offset, same)) return false;
      out = Value::boolean(same == (op == Operator::equal));
      return true;
    }
    case Operator::less:
    case Operator::less_equal:
    case Operator::greater:
    case Operator::greater_equal: {
      int order = 0;
      if (!run.charge(order_cost(a, b), offset)) return false;
      if (!compare_values(a, b, order)) {
        if (!a.is_number() || !b.is_number()) return mismatch(run, op, a, b, offset);
        out = Value::boolean(false);  // NaN
        return true;
      }
      out = Value::boolean(op == Operator::less         ? order < 0
                           : op == Operator::less_equal ? order <= 0
                           : op == Operator::greater    ? order > 0
                                                        : order >= 0);
      return true;
    }
    case Operator::in:
    case Operator::not_in: {
      bool found = false;
      if (!contains(run, a, b, offset, found)) return false;
      out = Value::boolean(found == (op == Operator::in));
      return true;
    }
    default:
      break;
  }
  if (a.is_int() && b.is_int()) return integers(run, op, a, b, offset, out);
  if (a.is_number() && b.is_number()) return floats(run, op, a, b, offset, out);
  if (op == Operator::add) return add(run, a, b, offset, out);
  if (op == Operator::subtract && a.is_string() && b.is_string()) return remove_text(run, a, b, offset, out);
  if (a.is_bool() && b.is_bool()) {
    const bool x = a.as_bool();
    const bool y = b.as_bool();
    if (op == Operator::bit_and) return out = Value::boolean(x && y), true;
    if (op == Operator::bit_or) return out = Value::boolean(x || y), true;
    if (op == Operator::bit_xor) return out = Value::boolean(x != y), true;
  }
  return mismatch(run, op, a, b, offset);
}

}  // namespace r8r::expr
