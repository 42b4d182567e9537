#pragma once
#include <optional>

#include "common/workflow/config.hpp"

namespace r8r::workflow {

/// One of the two is given.
struct TemplateConfig final : ParsedConfig {
  std::optional<Operand> text;
  std::optional<Operand> fields;  ///< comes to an object
};

}  // namespace r8r::workflow
