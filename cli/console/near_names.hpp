#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace r8r::cli {

/// 0 (nothing in common) to 1 (equal).
double jaro_winkler(std::string_view a, std::string_view b);

/// Those of `candidates` that `name` may have meant, the most similar first, at most three: Jaro-Winkler similarity of
/// at least 0.7 or at most two edits, upper and lower case alike.
std::vector<std::string> near_names(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace r8r::cli
