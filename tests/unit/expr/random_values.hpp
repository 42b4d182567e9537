#pragma once
#include <string>

#include "common/expr/value.hpp"
#include "seed.hpp"

namespace r8r::expr::testing {

/// Any JSON value; `depth` levels at most.
Value random_value(Random& random, int depth);
std::int64_t random_integer(Random& random);
double random_float(Random& random);
std::string random_text(Random& random);
/// The same value as JSON text with everything that the grammar leaves open chosen at random: space, escapes,
/// exponents.
std::string random_json(Random& random, const Value& value);

}  // namespace r8r::expr::testing
