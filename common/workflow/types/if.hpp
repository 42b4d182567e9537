#pragma once
#include "common/workflow/types/conditions.hpp"

namespace r8r::workflow {

struct IfConfig final : ParsedConfig {
  Conditions conditions;
  std::optional<Operand> true_branch;  ///< what the output says of it; where it leads is in Node::branches
  std::optional<Operand> false_branch;
};

}  // namespace r8r::workflow
