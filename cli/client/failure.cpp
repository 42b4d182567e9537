#include "cli/client/failure.hpp"

#include <fmt/ranges.h>

#include "cli/console/text.hpp"

namespace r8r::cli {

std::string human_text(const Failure& failure) {
  std::string text = fmt::format("error[{}]: {}", failure.code, printable(failure.message));
  if (!failure.suggestions.empty())
    text += fmt::format("\n  did you mean {}?", printable(fmt::format("{}", fmt::join(failure.suggestions, ", "))));
  for (const std::string& hint : failure.hints) text += fmt::format("\n  hint: {}", printable(hint));
  return text;
}

Json json_form(const Failure& failure) {
  Json error = {{"code", failure.code},
                {"message", failure.message},
                {"hints", failure.hints},
                {"suggestions", failure.suggestions},
                {"request_id", failure.request_id.empty() ? Json(nullptr) : Json(failure.request_id)}};
  if (!failure.execution_id.empty()) error["execution_id"] = failure.execution_id;
  if (!failure.details.is_null()) error["details"] = failure.details;
  return Json{{"error", std::move(error)}};
}

}  // namespace r8r::cli
