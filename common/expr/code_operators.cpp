#include "common/expr/code_operators.hpp"

#include <limits>

namespace r8r::expr {

namespace {

/// How two values stand to each other, a bit for each way.
enum Outcome : std::uint8_t { kLess = 1, kEqual = 2, kGreater = 4, kUnordered = 8 };

template <class T>
Outcome outcome(T x, T y) {
  return x < y ? kLess : x == y ? kEqual : x > y ? kGreater : kUnordered;
}

std::uint8_t outcomes_of(Operator op) {
  switch (op) {
    case Operator::equal:
      return kEqual;
    case Operator::not_equal:
      return kLess | kGreater | kUnordered;
    case Operator::less:
      return kLess;
    case Operator::less_equal:
      return kLess | kEqual;
    case Operator::greater:
      return kGreater;
    default:
      return kGreater | kEqual;
  }
}

Truth truth(bool value) {
  return value ? Truth::yes : Truth::no;
}

/// Gives a truth as a value.
bool give(Truth truth, Value& out) {
  if (truth == Truth::failed) return false;
  out = Value::boolean(truth == Truth::yes);
  return true;
}

/// The remainder, without the slow division where a mask or a division of small numbers is enough. `y` is not 0.
std::int64_t remainder(std::int64_t x, std::int64_t y) {
  if (x >= 0 && y > 0 && (y & (y - 1)) == 0) return x & (y - 1);
  if (((x | y) >> 32) == 0) return static_cast<std::uint32_t>(x) % static_cast<std::uint32_t>(y);
  return y == -1 ? 0 : x % y;
}

}  // namespace

Truth Code::test(Run& run, std::string_view needed) const {
  Value spare;
  const Value* value = peek(run, spare);
  if (value == nullptr) return Truth::failed;
  if (value->is_bool()) return truth(value->as_bool());
  run.fail(offset, fmt::format("{}, not {}", needed, value->description()));
  return Truth::failed;
}

[[gnu::always_inline]] inline bool Binary::compute(Run& run, Value& out) const {
  if (!run.charge(1, offset)) return false;
  Value left_spare;
  const Value* a = left_.keep(run, left_spare, right_);
  if (a == nullptr) return false;
  Value right_spare;
  const Value* b = right_.peek(run, right_spare);
  if (b == nullptr) return false;

  if (a->is_int() && b->is_int()) {
    const std::int64_t x = a->as_int();
    const std::int64_t y = b->as_int();
    std::int64_t result = 0;
    bool good = false;
    switch (op_) {
      case Operator::add:
        good = !__builtin_add_overflow(x, y, &result);
        break;
      case Operator::subtract:
        good = !__builtin_sub_overflow(x, y, &result);
        break;
      case Operator::multiply:
        good = !__builtin_mul_overflow(x, y, &result);
        break;
      case Operator::remainder:
        good = y != 0;
        if (good) result = remainder(x, y);
        break;
      default:
        break;
    }
    if (good) {
      out = Value::integer(result);
      return true;
    }
  } else if (a->is_number() && b->is_number() && op_ <= Operator::multiply) {
    const double x = a->as_number();
    const double y = b->as_number();
    const double result = op_ == Operator::add ? x + y : op_ == Operator::subtract ? x - y : x * y;
    run.note_float(result);
    out = Value::number(result);
    return true;
  }
  return apply_operator(run, op_, *a, *b, offset, out);
}

bool Binary::eval(Run& run, Value& out) const {
  return compute(run, out);
}

const Value* Binary::peek(Run& run, Value& spare) const {
  return compute(run, spare) ? &spare : nullptr;
}

Compare::Compare(std::uint32_t at, Operator op, const Code* left, const Code* right)
    : Code(at), op_(op), holds_(outcomes_of(op)), left_(left), right_(right) {}

bool Compare::eval(Run& run, Value& out) const {
  return give(Compare::test(run, {}), out);
}

Truth Compare::test(Run& run, std::string_view /*needed*/) const {
  if (!run.charge(1, offset)) return Truth::failed;
  Value left_spare;
  const Value* a = left_.keep(run, left_spare, right_);
  if (a == nullptr) return Truth::failed;
  Value right_spare;
  const Value* b = right_.peek(run, right_spare);
  if (b == nullptr) return Truth::failed;

  if (a->is_int() && b->is_int()) return truth((outcome(a->as_int(), b->as_int()) & holds_) != 0);
  if (a->is_float() && b->is_float()) return truth((outcome(a->as_float(), b->as_float()) & holds_) != 0);
  bool result = false;
  if (op_ == Operator::equal || op_ == Operator::not_equal) {
    if (!equals(run, *a, *b, offset, result)) return Truth::failed;
    return truth(result == (op_ == Operator::equal));
  }
  Value ordered;
  if (!apply_operator(run, op_, *a, *b, offset, ordered)) return Truth::failed;
  return truth(ordered.as_bool());
}

bool Negate::eval(Run& run, Value& out) const {
  Value spare;
  if (!run.charge(1, offset)) return false;
  const Value* value = operand_->peek(run, spare);
  if (value == nullptr) return false;
  if (minus_) return negate(run, *value, offset, out);
  if (!value->is_number()) return run.fail(offset, "cannot use '+' with " + std::string(value->description()));
  out = Value(*value);
  return true;
}

bool Not::eval(Run& run, Value& out) const {
  return give(Not::test(run, {}), out);
}

Truth Not::test(Run& run, std::string_view /*needed*/) const {
  Value spare;
  if (!run.charge(1, offset)) return Truth::failed;
  const Value* operand = operand_->peek(run, spare);
  if (operand == nullptr) return Truth::failed;
  if (operand->is_bool()) return truth(!operand->as_bool());
  run.fail(offset, "cannot use '!' with " + std::string(operand->description()));
  return Truth::failed;
}

bool Logical::eval(Run& run, Value& out) const {
  return give(Logical::test(run, {}), out);
}

Truth Logical::test(Run& run, std::string_view /*needed*/) const {
  const std::string_view needs = is_and_ ? "'&&' needs true or false on both sides"
                                         : "'||' needs true or false on both sides (a ?? b gives a default for null)";
  if (!run.charge(1, offset)) return Truth::failed;
  const Truth left = left_->test(run, needs);
  return left == truth(is_and_) ? right_->test(run, needs) : left;
}

bool Range::bounds(Run& run, std::int64_t& from, std::int64_t& to) const {
  Value first;
  Value last;
  if (!from_->eval(run, first) || !to_->eval(run, last)) return false;
  if (!first.is_int() || !last.is_int()) {
    const Value& wrong = first.is_int() ? last : first;
    return run.fail(offset, "a range needs integers, not " + std::string(wrong.description()));
  }
  from = first.as_int();
  to = last.as_int();
  if (inclusive_) {
    if (to == std::numeric_limits<std::int64_t>::max()) return run.fail(offset, "a range that ends beyond 64 bits");
    ++to;
  }
  return true;
}

bool Range::covers(Run& run, const Value& value, bool& out) const {
  Value first;
  Value last;
  if (!from_->eval(run, first) || !to_->eval(run, last)) return false;
  int low = 0;
  int high = 0;
  out = value.is_number() && compare_values(first, value, low) && compare_values(value, last, high) && low <= 0 &&
        (inclusive_ ? high <= 0 : high < 0);
  return true;
}

bool Range::eval(Run& run, Value& out) const {
  std::int64_t from = 0;
  std::int64_t to = 0;
  if (!bounds(run, from, to)) return false;
  const std::uint64_t count = to > from ? static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from) : 0;
  if (!run.fits_elements(count, offset) || !run.charge(static_cast<std::int64_t>(1 + count / 4), offset)) return false;
  std::vector<Value> elements;
  elements.reserve(count);
  for (std::int64_t i = from; i < to; ++i) elements.push_back(Value::integer(i));
  out = Value::array(std::move(elements));
  return true;
}

bool InRange::eval(Run& run, Value& out) const {
  Value value;
  bool inside = false;
  if (!run.charge(1, offset) || !value_->eval(run, value) || !range_->covers(run, value, inside)) return false;
  out = Value::boolean(inside != negated_);
  return true;
}

bool Conditional::eval(Run& run, Value& out) const {
  const Code* const* part = parts_.data();
  const Code* const* const end = part + parts_.size();
  for (; end - part >= 2; part += 2) {
    if (!run.charge(1, offset)) return false;
    const Truth truth = part[0]->test(run, kConditionNeeds);
    if (truth == Truth::failed) return false;
    if (truth == Truth::yes) return part[1]->eval(run, out);
  }
  if (part != end) return part[0]->eval(run, out);
  out = Value();
  return true;
}

}  // namespace r8r::expr
