#pragma once
#include <optional>
#include <string>

#include "common/workflow/config.hpp"

namespace r8r::workflow {

struct VariablesConfig final : ParsedConfig {
  std::string operation;          ///< set, get, merge, delete, list
  std::optional<Operand> values;  ///< comes to an object
  std::optional<Operand> names;   ///< a name or a list of names
  bool passthrough = true;
};

}  // namespace r8r::workflow
