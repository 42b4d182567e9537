#pragma once
#include <string>
#include <vector>

#include "common/base/result.hpp"

namespace r8r::conformance {

/// The folders of tests/conformance, sorted.
std::vector<std::string> case_names();

/// Checks one case. Gives what is wrong, as a person reads it; empty when everything is as expected. A case that is
/// itself written wrong (unknown keys, nothing expected, no comment) is wrong too.
std::string check_case(const std::string& name);

}  // namespace r8r::conformance
