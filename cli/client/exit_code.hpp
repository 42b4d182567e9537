#pragma once
#include <string_view>

/// What scripts see of a command's outcome.
namespace r8r::cli::exit_code {

constexpr int kSuccess = 0;
constexpr int kError = 1;  ///< also: an execution that ended failed, a check that found something
constexpr int kUsage = 2;
constexpr int kNotFound = 3;
constexpr int kUnreachable = 4;
constexpr int kUnauthorized = 5;
constexpr int kWaitsForApproval = 42;
constexpr int kTimeout = 124;  ///< the wait ran out, the execution goes on
constexpr int kInterrupted = 130;

/// For an answer of the API that is not a success.
int of_api_error(int http_status, std::string_view code);

/// For an execution in this state after a command waited for it. `allow_failed`: a failed execution is a success of the
/// command that ran it.
int of_execution_status(std::string_view status, bool allow_failed);

}  // namespace r8r::cli::exit_code
