#pragma once
#include <optional>
#include <string>

#include "common/workflow/config.hpp"

namespace r8r::workflow {

struct DebugConfig final : ParsedConfig {
  std::string level;
  std::optional<std::string> label;
  std::optional<Operand> message;
  std::optional<Operand> fields;  ///< names of fields of the input, or an object of values
  std::optional<Operand> custom_data;
  std::optional<bool> log_input;
};

}  // namespace r8r::workflow
