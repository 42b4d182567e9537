#pragma once
#include <cstdint>

#include "common/expr/run.hpp"
#include "common/expr/syntax.hpp"
#include "common/expr/value.hpp"

namespace r8r::expr {

/// out = a op b; fails in `run` with a message at `offset`.
bool apply_operator(Run& run, Operator op, const Value& a, const Value& b, std::uint32_t offset, Value& out);
bool negate(Run& run, const Value& a, std::uint32_t offset, Value& out);

/// a == b, counted: a step for each 64 bytes that have to be looked at.
bool equals(Run& run, const Value& a, const Value& b, std::uint32_t offset, bool& out);

/// Steps for comparing two values by order: long texts cost what the shorter one is long.
inline std::int64_t order_cost(const Value& a, const Value& b) {
  if (!a.is_string() || !b.is_string()) return 0;
  return static_cast<std::int64_t>(std::min(a.as_string().size(), b.as_string().size()) / 64);
}

/// Numbers with numbers and strings with strings: -1, 0 or 1. False for anything else, and when one is NaN.
bool compare_values(const Value& a, const Value& b, int& order);

/// An order over all values for sorting: null, booleans, numbers, strings, everything else (as equals).
int sort_order(const Value& a, const Value& b);

/// `needle in hay`.
bool contains(Run& run, const Value& needle, const Value& hay, std::uint32_t offset, bool& out);

/// Entries of the right map win over those of the left.
Value merge_maps(const Value& left, const Value& right);

}  // namespace r8r::expr
