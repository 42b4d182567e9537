#include "cli/client/exit_code.hpp"

namespace r8r::cli::exit_code {

int of_api_error(int http_status, std::string_view code) {
  if (code == "EXECUTION_TIMEOUT" || http_status == 504) return kTimeout;
  if (http_status == 401 || http_status == 403) return kUnauthorized;
  if (http_status == 404) return kNotFound;
  return kError;
}

int of_execution_status(std::string_view status, bool allow_failed) {
  if (status == "failed") return allow_failed ? kSuccess : kError;
  if (status == "cancelled") return kError;
  if (status == "waiting_for_approval") return kWaitsForApproval;
  return kSuccess;
}

}  // namespace r8r::cli::exit_code
