#pragma once
#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "cli/client/failure.hpp"

namespace r8r::cli {

/// The text of a test file with new expected outputs (raw JSON by the test's position in the list). Only the lines of
/// `expected` (or `expect: output:` where a test uses that) change; comments and everything else stay. Errors:
/// VALIDATION_ERROR when a test is written on one line or as JSON, where there are no lines to replace.
Outcome<std::string> with_snapshots(std::string_view text, const std::map<std::size_t, std::string>& outputs);

}  // namespace r8r::cli
