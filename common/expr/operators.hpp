#pragma once
#include <cstdint>

#include "common/expr/run.hpp"
#include "common/expr/syntax.hpp"
#include "common/expr/value.hpp"

namespace r8r::expr {

/// out = a op b; fails in `run` with a message at `offset`.
bool apply_operator(Run& run, Operator op, const Value& a, const Value& b, std::uint32_t offset, Value& out);
bool negate(Run& run, const Value& a, std::uint32_t offset, Value& out);

/// Numbers with numbers and strings with strings: -1, 0 or 1. False for anything else, and when one is NaN.
bool compare_values(const Value& a, const Value& b, int& order);

/// An order over all values for sorting: null, booleans, numbers, strings, everything else (as equals).
int sort_order(const Value& a, const Value& b);

/// `needle in hay`.
bool contains(Run& run, const Value& needle, const Value& hay, std::uint32_t offset, bool& out);

/// Entries of the right map win over those of the left.
Value merge_maps(const Value& left, const Value& right);

}  // namespace r8r::expr
