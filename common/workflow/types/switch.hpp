#pragma once
#include <optional>
#include <vector>

#include "common/workflow/config.hpp"

namespace r8r::workflow {

struct SwitchCase {
  Operand match;   ///< null beside a case that computes (Branch::when)
  Operand output;  ///< null when there is none
  std::optional<Operand> label;
};

struct SwitchConfig final : ParsedConfig {
  std::optional<expr::Program> value;
  std::vector<SwitchCase> cases;  ///< as many as Node::branches, but for the default behind them
  std::optional<Operand> otherwise;
  bool all = false;  ///< takes every case that matches, not only the first
};

}  // namespace r8r::workflow
