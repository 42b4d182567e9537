#pragma once
#include <string>
#include <vector>

#include "common/workflow/config.hpp"

namespace r8r::workflow {

/// Where a value goes: `a.b.c` is the field c of the object b of the object a.
struct Assignment {
  std::string place;               ///< in the config, for messages
  std::vector<std::string> steps;  ///< never empty
  Operand value;
};

struct Assignments final : ParsedConfig {
  std::vector<Assignment> all;
};

struct SetConfig final : ParsedConfig {
  std::shared_ptr<const Assignments> values;  ///< either may be null; these come first
  std::shared_ptr<const Assignments> fields;
  bool keep_input = true;
};

}  // namespace r8r::workflow
