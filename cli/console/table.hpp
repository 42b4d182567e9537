#pragma once
#include <string>
#include <vector>

namespace r8r::cli {

/// Columns padded to the widest cell with two spaces between, a rule of ─ under the header, no blanks at line ends.
/// Every line ends with a newline. Cells are made printable; a row with fewer cells than headers is filled with empty
/// ones.
std::string format_table(const std::vector<std::string>& headers, const std::vector<std::vector<std::string>>& rows);

}  // namespace r8r::cli
