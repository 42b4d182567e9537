#include <charconv>
#include <cmath>
#include <limits>
#include <numbers>

#include "common/expr/functions.hpp"
#include "common/expr/operators.hpp"
#include "common/expr/run.hpp"
#include "common/expr/text.hpp"

/// Numbers.
namespace r8r::expr {
namespace {

bool give(Call& call, double number, Value& out) {
  call.run.note_float(number);
  out = Value::number(number);
  return true;
}

/// A function of one float; integers are taken as floats.
template <double (*F)(double)>
bool by_float(Call& call, Value& out) {
  return give(call, F(call.args[0].as_number()), out);
}
/// The same where integers stay as they are.
template <double (*F)(double)>
bool rounding(Call& call, Value& out) {
  if (!call.args[0].is_int()) return by_float<F>(call, out);
  out = call.args[0];
  return true;
}
template <double (*F)(double, double)>
bool by_two_floats(Call& call, Value& out) {
  double second = 0;
  return call.number(1, second) && give(call, F(call.args[0].as_number(), second), out);
}

double fraction_of(double x) {
  return x - std::trunc(x);
}
double degrees(double x) {
  return x * (180 / std::numbers::pi);
}
double radians(double x) {
  return x * (std::numbers::pi / 180);
}

bool absolute(Call& call, Value& out) {
  if (call.args[0].is_float()) return give(call, std::fabs(call.args[0].as_float()), out);
  if (call.args[0].as_int() >= 0) {
    out = call.args[0];
    return true;
  }
  return negate(call.run, call.args[0], call.offset, out);
}

bool sign(Call& call, Value& out) {
  const double x = call.args[0].as_number();
  out = Value::integer(x > 0 ? 1 : x < 0 ? -1 : 0);
  return true;
}

/// An integer to tens, hundreds, … ; false when the result does not fit.
bool round_integer(std::int64_t x, std::int64_t zeros, std::int64_t& out) {
  out = 0;
  if (zeros > 19) return true;
  std::uint64_t unit = 1;
  for (std::int64_t i = 0; i < zeros; ++i) unit *= 10;
  const std::uint64_t size = x < 0 ? 0 - static_cast<std::uint64_t>(x) : static_cast<std::uint64_t>(x);
  const std::uint64_t rest = size % unit;
  std::uint64_t rounded = size - rest;
  if (rest >= unit - rest && __builtin_add_overflow(rounded, unit, &rounded)) return false;
  const std::uint64_t most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) + (x < 0 ? 1 : 0);
  if (rounded > most) return false;
  out = static_cast<std::int64_t>(x < 0 ? 0 - rounded : rounded);
  return true;
}

/// round([digits]): half away from zero; negative digits are those before the point.
bool round_to(Call& call, Value& out) {
  std::int64_t digits = 0;
  if (call.has(1) && !call.integer(1, digits)) return false;
  if (call.args[0].is_int()) {
    std::int64_t rounded = call.args[0].as_int();
    if (digits < 0 && !round_integer(call.args[0].as_int(), digits < -100 ? 100 : -digits, rounded))
      return call.fail(fmt::format("integer overflow: {} rounded to {} digits", call.args[0].as_int(), digits));
    out = Value::integer(rounded);
    return true;
  }
  const double x = call.args[0].as_float();
  if (digits == 0) return give(call, std::round(x), out);
  // Beyond these a float has no such digits.
  if (digits > 15 || digits < -308) return give(call, digits > 0 ? x : 0.0, out);
  const double scale = std::pow(10.0, static_cast<double>(digits));
  const double scaled = x * scale;
  return give(call, std::isfinite(scaled) ? std::round(scaled) / scale : x, out);
}

bool logarithm(Call& call, Value& out) {
  double base = 10;
  if (call.has(1) && !call.number(1, base)) return false;
  const double x = call.args[0].as_number();
  return give(call, base == 10 ? std::log10(x) : base == 2 ? std::log2(x) : std::log(x) / std::log(base), out);
}

bool power(Call& call, Value& out) {
  return call.args[1].is_number()
             ? apply_operator(call.run, Operator::power, call.args[0], call.args[1], call.offset, out)
             : call.wrong(1, "a number");
}

bool extreme(Call& call, int wanted, Value& out) {
  Value best = call.args[0];
  for (int i = 1; i < call.count; ++i) {
    int order = 0;
    if (call.args[i].is_string() != best.is_string() || (!call.args[i].is_number() && !call.args[i].is_string())) {
      return call.wrong(i, best.is_string() ? "a string" : "a number");
    }
    if (!call.run.charge(order_cost(call.args[i], best), call.offset)) return false;
    if (compare_values(call.args[i], best, order) && order == wanted) best = call.args[i];
  }
  out = std::move(best);
  return true;
}
bool minimum(Call& call, Value& out) {
  return extreme(call, -1, out);
}
bool maximum(Call& call, Value& out) {
  return extreme(call, 1, out);
}

bool clamp(Call& call, Value& out) {
  int order = 0;
  for (int i = 1; i <= 2; ++i) {
    if (!call.args[i].is_number()) return call.wrong(i, "a number");
  }
  if (compare_values(call.args[1], call.args[2], order) && order > 0)
    return call.fail("'clamp': the lower bound is above the upper one");
  out = call.args[0];
  if (compare_values(out, call.args[1], order) && order < 0) {
    out = call.args[1];
  } else if (compare_values(out, call.args[2], order) && order > 0) {
    out = call.args[2];
  }
  return true;
}

bool is_nan(Call& call, Value& out) {
  out = Value::boolean(call.args[0].is_float() && std::isnan(call.args[0].as_float()));
  return true;
}

bool is_odd(Call& call, Value& out) {
  out = Value::boolean(call.args[0].as_int() % 2 != 0);
  return true;
}

bool is_even(Call& call, Value& out) {
  out = Value::boolean(call.args[0].as_int() % 2 == 0);
  return true;
}

bool is_zero(Call& call, Value& out) {
  out = Value::boolean(call.args[0].as_number() == 0);
  return true;
}

bool number_to_int(Call& call, Value& out) {
  if (call.args[0].is_int()) {
    out = call.args[0];
    return true;
  }
  const double x = call.args[0].as_float();
  if (!(x >= -9223372036854775808.0 && x < 9223372036854775808.0))
    return call.fail(fmt::format("'{}': {} is outside the range of integers", call.name, x));
  out = Value::integer(static_cast<std::int64_t>(x));
  return true;
}

bool text_to_int(Call& call, Value& out) {
  std::int64_t radix = 10;
  if (call.has(1) && !call.integer(1, radix)) return false;
  if (!call.charge_text(call.text_of(0).size())) return false;
  if (radix < 2 || radix > 36) return call.fail(fmt::format("'{}': the radix has to be 2 to 36", call.name));
  std::string_view text = trim(call.text_of(0));
  const std::string_view whole = text;
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  std::int64_t value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value, static_cast<int>(radix));
  if (result.ec != std::errc() || result.ptr != text.data() + text.size() || text.empty()) {
    return call.fail(fmt::format("'{}': \"{}\" is not an integer", call.name, whole.substr(0, byte_offset(whole, 40))));
  }
  out = Value::integer(value);
  return true;
}

bool number_to_float(Call& call, Value& out) {
  out = Value::number(call.args[0].as_number());
  return true;
}

bool text_to_float(Call& call, Value& out) {
  if (!call.charge_text(call.text_of(0).size())) return false;
  std::string_view text = trim(call.text_of(0));
  const std::string_view whole = text;
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  double value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec != std::errc() || result.ptr != text.data() + text.size() || text.empty()) {
    return call.fail(fmt::format("'{}': \"{}\" is not a number", call.name, whole.substr(0, byte_offset(whole, 40))));
  }
  return give(call, value, out);
}

/// The digits of the 64 bits.
template <int Bits>
bool to_radix(Call& call, Value& out) {
  auto bits = static_cast<std::uint64_t>(call.args[0].as_int());
  std::string digits;
  do {
    digits += "0123456789abcdef"[bits & ((1u << Bits) - 1)];
    bits >>= Bits;
  } while (bits != 0);
  std::reverse(digits.begin(), digits.end());
  out = Value::string(digits);
  return true;
}

bool pi(Call&, Value& out) {
  out = Value::number(std::numbers::pi);
  return true;
}

bool euler(Call&, Value& out) {
  out = Value::number(std::numbers::e);
  return true;
}

constexpr Function kFunctions[] = {
    {"abs", kNumber, 1, 1, absolute},
    {"sign", kNumber, 1, 1, sign},
    {"floor", kNumber, 1, 1, rounding<std::floor>},
    {"ceiling", kNumber, 1, 1, rounding<std::ceil>},
    {"ceil", kNumber, 1, 1, rounding<std::ceil>},
    {"round", kNumber, 1, 2, round_to},
    {"int", kNumber, 1, 1, rounding<std::trunc>},
    {"fraction", kNumber, 1, 1, by_float<fraction_of>},
    {"sqrt", kNumber, 1, 1, by_float<std::sqrt>},
    {"exp", kNumber, 1, 1, by_float<std::exp>},
    {"ln", kNumber, 1, 1, by_float<std::log>},
    {"log", kNumber, 1, 2, logarithm},
    {"log10", kNumber, 1, 1, by_float<std::log10>},
    {"pow", kNumber, 2, 2, power},
    {"sin", kNumber, 1, 1, by_float<std::sin>},
    {"cos", kNumber, 1, 1, by_float<std::cos>},
    {"tan", kNumber, 1, 1, by_float<std::tan>},
    {"asin", kNumber, 1, 1, by_float<std::asin>},
    {"acos", kNumber, 1, 1, by_float<std::acos>},
    {"atan", kNumber, 1, 1, by_float<std::atan>},
    {"atan2", kNumber, 2, 2, by_two_floats<std::atan2>},
    {"hypot", kNumber, 2, 2, by_two_floats<std::hypot>},
    {"to_degrees", kNumber, 1, 1, by_float<degrees>},
    {"to_radians", kNumber, 1, 1, by_float<radians>},
    {"min", kNumber | kString, 2, 16, minimum},
    {"max", kNumber | kString, 2, 16, maximum},
    {"clamp", kNumber, 3, 3, clamp},
    {"is_nan", kNumber, 1, 1, is_nan},
    {"is_odd", kInteger, 1, 1, is_odd},
    {"is_even", kInteger, 1, 1, is_even},
    {"is_zero", kNumber, 1, 1, is_zero},
    {"to_int", kNumber, 1, 1, number_to_int},
    {"to_int", kString, 1, 2, text_to_int},
    {"parse_int", kNumber, 1, 1, number_to_int},
    {"parse_int", kString, 1, 2, text_to_int},
    {"to_float", kNumber, 1, 1, number_to_float},
    {"to_float", kString, 1, 1, text_to_float},
    {"parse_float", kNumber, 1, 1, number_to_float},
    {"parse_float", kString, 1, 1, text_to_float},
    {"to_hex", kInteger, 1, 1, to_radix<4>},
    {"to_octal", kInteger, 1, 1, to_radix<3>},
    {"to_binary", kInteger, 1, 1, to_radix<1>},
    {"PI", kAnything, 0, 0, pi},
    {"E", kAnything, 0, 0, euler},
};

}  // namespace

std::span<const Function> number_functions() {
  return kFunctions;
}

}  // namespace r8r::expr
