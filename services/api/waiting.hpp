#pragma once
#include <chrono>
#include <optional>
#include <string>

#include "services/api/api_error.hpp"
#include "services/api/preferences.hpp"
#include "services/api/request_body.hpp"

namespace r8r::api {

/// Whether and how long a request waits for an execution, as its body (`wait`, `timeout_seconds`) and its Prefer header
/// say.
struct Waiting {
  bool wait = true;
  std::chrono::milliseconds timeout{300'000};  ///< of this request, not of the execution
  std::string preference_applied;              ///< for the header of that name
};

/// Fills `out`. Errors: invalid_field; `longest` is the most that a client may wait.
Result<void> read_waiting(const RequestBody& body, const Preferences& preferences, std::chrono::seconds longest,
                          Waiting& out);

}  // namespace r8r::api
