#pragma once
#include <string_view>

#include "common/expr/problem.hpp"
#include "common/expr/token.hpp"

namespace r8r::expr {

/// With line and column instead of an offset.
Problem to_problem(std::string_view source, SourceError error);

}  // namespace r8r::expr
