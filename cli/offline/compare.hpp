#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "common/expr/value.hpp"

namespace r8r::offline {

/// One place in which a value is not what was expected.
struct Difference {
  std::string path;      ///< output.items[2].name
  std::string expected;  ///< JSON, shortened when long, or words ("nothing", "3 elements")
  std::string got;
};

struct CompareRules {
  bool extra_keys = false;     ///< objects may have keys that were not expected, at any depth
  bool exact_numbers = false;  ///< 1 is not 1.0
};

/// Where `got` differs, in the order of `expected`, 20 places at most; empty when it does not. `path` names the value.
std::vector<Difference> compare(std::string_view path, const expr::Value& expected, const expr::Value& got,
                                CompareRules rules);

/// Three lines, indented by `indent`: the path, what was expected, what came.
std::string to_text(const Difference& difference, std::string_view indent);

}  // namespace r8r::offline
