#pragma once
#include <memory>
#include <optional>
#include <string>

#include "common/expr/dates.hpp"
#include "common/workflow/config.hpp"

namespace r8r::workflow {

/// Texts that are not given are empty.
struct DatetimeConfig final : ParsedConfig {
  std::string operation;
  std::optional<Operand> date;
  std::optional<Operand> date2;
  std::optional<expr::Program> date_field;
  std::optional<double> amount;
  std::string unit;
  std::string period;
  std::string format;
  std::string input_format;
  std::string extract;
  std::shared_ptr<const expr::TimeZone> zone;  ///< UTC when none is named
  bool names_zone = false;
};

}  // namespace r8r::workflow
