#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "common/workflow/config.hpp"

namespace r8r::workflow {

/// Words that are not given are empty.
struct CryptoConfig final : ParsedConfig {
  std::string operation;
  std::string algorithm;
  std::string output_format;
  std::optional<Operand> data;
  std::optional<expr::Program> data_field;
  std::optional<Operand> key;  ///< comes to a string
  std::int64_t length = 0;
};

}  // namespace r8r::workflow
