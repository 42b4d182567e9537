#pragma once
#include <string_view>

#include "common/expr/value.hpp"

namespace r8r::workflow {

/// Whether a value is of a declared type (string number integer boolean object array any). A float without a fraction
/// is an integer; null is of no type but any.
bool matches_type(const expr::Value& value, std::string_view type);

}  // namespace r8r::workflow
