#include "common/expr/code_operators.hpp"

#include <limits>

namespace r8r::expr {

bool eval_condition(Run& run, const Code& code, bool& out, std::string_view needed) {
  Value spare;
  const Value* value = code.peek(run, spare);
  if (value == nullptr) return false;
  if (!value->is_bool()) return run.fail(code.offset, fmt::format("{}, not {}", needed, value->description()));
  out = value->as_bool();
  return true;
}

bool Binary::eval(Run& run, Value& out) const {
  if (!run.charge(1, offset)) return false;
  Value left_spare;
  const Value* a = &left_spare;
  if (left_by_peek_) {
    a = left_->peek(run, left_spare);
    if (a == nullptr) return false;
  } else if (!left_->eval(run, left_spare)) {
    return false;
  }
  Value right_spare;
  const Value* b = right_->peek(run, right_spare);
  if (b == nullptr) return false;

  if (a->is_int() && b->is_int()) {
    const std::int64_t x = a->as_int();
    const std::int64_t y = b->as_int();
    std::int64_t result = 0;
    switch (op_) {
      case Operator::add:
        if (__builtin_add_overflow(x, y, &result)) break;
        out = Value::integer(result);
        return true;
      case Operator::subtract:
        if (__builtin_sub_overflow(x, y, &result)) break;
        out = Value::integer(result);
        return true;
      case Operator::multiply:
        if (__builtin_mul_overflow(x, y, &result)) break;
        out = Value::integer(result);
        return true;
      case Operator::equal:
        out = Value::boolean(x == y);
        return true;
      case Operator::not_equal:
        out = Value::boolean(x != y);
        return true;
      case Operator::less:
        out = Value::boolean(x < y);
        return true;
      case Operator::less_equal:
        out = Value::boolean(x <= y);
        return true;
      case Operator::greater:
        out = Value::boolean(x > y);
        return true;
      case Operator::greater_equal:
        out = Value::boolean(x >= y);
        return true;
      default:
        break;
    }
  }
  return apply_operator(run, op_, *a, *b, offset, out);
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
  bool value = false;
  Value spare;
  if (!run.charge(1, offset)) return false;
  const Value* operand = operand_->peek(run, spare);
  if (operand == nullptr) return false;
  if (!operand->is_bool()) return run.fail(offset, "cannot use '!' with " + std::string(operand->description()));
  value = operand->as_bool();
  out = Value::boolean(!value);
  return true;
}

bool Logical::eval(Run& run, Value& out) const {
  bool value = false;
  const std::string_view needed = is_and_ ? "'&&' needs true or false on both sides"
                                          : "'||' needs true or false on both sides (a ?? b gives a default for null)";
  if (!run.charge(1, offset) || !eval_condition(run, *left_, value, needed)) return false;
  if (value == is_and_ && !eval_condition(run, *right_, value, needed)) return false;
  out = Value::boolean(value);
  return true;
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
  std::size_t i = 0;
  for (; i + 1 < parts_.size(); i += 2) {
    bool holds = false;
    if (!run.charge(1, offset) || !eval_condition(run, *parts_[i], holds)) return false;
    if (holds) return parts_[i + 1]->eval(run, out);
  }
  if (i < parts_.size()) return parts_[i]->eval(run, out);
  out = Value();
  return true;
}

}  // namespace r8r::expr
