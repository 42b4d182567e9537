#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "common/http/request.hpp"

namespace r8r::http {

/// What is missing for a request to be an upgrade to WebSocket 13: the status to refuse it with (400 or 426) and why.
struct UpgradeProblem {
  int status;
  std::string message;
};
std::optional<UpgradeProblem> upgrade_problem(const Request& request);

/// The 101 answer, complete. `extension` may be empty.
std::string upgrade_answer(const Request& request, std::string_view subprotocol, std::string_view extension);

}  // namespace r8r::http
