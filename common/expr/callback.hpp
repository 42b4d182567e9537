#pragma once
#include "common/expr/code.hpp"
#include "common/expr/functions.hpp"
#include "common/expr/run.hpp"

namespace r8r::expr {

/// An argument of a built-in function that is a closure, or a key of maps, and is used for many elements: what is the
/// same for all of them, such as the closure's frame, is laid out once. Lives within one call of the function.
class Callback {
 public:
  /// `offered`: how many arguments it is given; it may take fewer.
  Callback(Call& call, int argument, int offered = 2);

  /// Calls the closure with an element and its position.
  bool apply(const Value& element, std::size_t index, Value& out) {
    return call_with(element, Value::integer(static_cast<std::int64_t>(index)), out);
  }
  /// The same where a bool has to come out.
  bool test(const Value& element, std::size_t index, bool& out);
  /// Calls the closure with any two values.
  bool call_with(const Value& first, const Value& second, Value& out);
  /// One step of a reduction: what it makes of `total` takes its place.
  bool fold(Value& total, const Value& element, std::size_t index);
  /// What the key or the closure makes of an element; the element itself when the argument is missing.
  bool key_of(const Value& element, std::size_t index, Value& out);

 private:
  bool enter(Value& out);

  Call& call_;
  int argument_;
  /// The script code of a closure that takes what it is offered; otherwise each call goes the long way.
  const FunctionCode* code_ = nullptr;
  const Slots frame_;
  std::uint32_t key_position_ = 0;
};

}  // namespace r8r::expr
