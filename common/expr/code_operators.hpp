#pragma once
#include "common/expr/code.hpp"
#include "common/expr/operators.hpp"

namespace r8r::expr {

/// Operators on two values, other than comparisons.
class Binary final : public Code {
 public:
  Binary(std::uint32_t at, Operator op, const Code* left, const Code* right)
      : Code(at), op_(op), left_(left), right_(right) {}
  bool eval(Run& run, Value& out) const override;
  const Value* peek(Run& run, Value& spare) const override;

 private:
  bool compute(Run& run, Value& out) const;
  Operator op_;
  Operand left_;
  Operand right_;
};

/// == != < <= > >=.
class Compare final : public Code {
 public:
  Compare(std::uint32_t at, Operator op, const Code* left, const Code* right);
  bool eval(Run& run, Value& out) const override;
  Truth test(Run& run, std::string_view needed) const override;

 private:
  Operator op_;
  std::uint8_t holds_;  ///< for which outcomes it is true, a bit for each
  Operand left_;
  Operand right_;
};

class Negate final : public Code {
 public:
  Negate(std::uint32_t at, const Code* operand, bool minus) : Code(at), operand_(operand), minus_(minus) {}
  bool eval(Run& run, Value& out) const override;

 private:
  const Code* operand_;
  bool minus_;
};

class Not final : public Code {
 public:
  Not(std::uint32_t at, const Code* operand) : Code(at), operand_(operand) {}
  bool eval(Run& run, Value& out) const override;
  Truth test(Run& run, std::string_view needed) const override;

 private:
  const Code* operand_;
};

/// && and ||.
class Logical final : public Code {
 public:
  Logical(std::uint32_t at, bool is_and, const Code* left, const Code* right)
      : Code(at), is_and_(is_and), left_(left), right_(right) {}
  bool eval(Run& run, Value& out) const override;
  Truth test(Run& run, std::string_view needed) const override;

 private:
  bool is_and_;
  const Code* left_;
  const Code* right_;
};

/// a ?? b.
class Coalesce final : public Code {
 public:
  Coalesce(std::uint32_t at, const Code* left, const Code* right) : Code(at), left_(left), right_(right) {}
  bool eval(Run& run, Value& out) const override {
    if (!run.charge(1, offset) || !left_->eval(run, out)) return false;
    return !out.is_null() || right_->eval(run, out);
  }

 private:
  const Code* left_;
  const Code* right_;
};

/// a..b: an array of integers, except where only the bounds matter (for, in, switch).
class Range final : public Code {
 public:
  Range(std::uint32_t at, const Code* from, const Code* to, bool inclusive)
      : Code(at), from_(from), to_(to), inclusive_(inclusive) {}
  bool eval(Run& run, Value& out) const override;
  /// Bounds as integers; `to` is the first one outside, saturated.
  bool bounds(Run& run, std::int64_t& from, std::int64_t& to) const;
  /// Whether a number lies inside; the bounds may be any numbers.
  bool covers(Run& run, const Value& value, bool& out) const;

 private:
  const Code* from_;
  const Code* to_;
  bool inclusive_;
};

/// x in a..b.
class InRange final : public Code {
 public:
  InRange(std::uint32_t at, const Code* value, const Range* range, bool negated)
      : Code(at), value_(value), range_(range), negated_(negated) {}
  bool eval(Run& run, Value& out) const override;

 private:
  const Code* value_;
  const Range* range_;
  bool negated_;
};

/// if, else if, else; c ? a : b.
class Conditional final : public Code {
 public:
  Conditional(std::uint32_t at, std::vector<const Code*> parts) : Code(at), parts_(std::move(parts)) {}
  bool eval(Run& run, Value& out) const override;

 private:
  std::vector<const Code*> parts_;  ///< conditions and values in turn, then perhaps the last value
};

}  // namespace r8r::expr
