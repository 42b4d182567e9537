#pragma once
#include <string>

#include "common/http/request.hpp"
#include "services/api/completion_waiter.hpp"
#include "services/api/waiting.hpp"

/// Answers to requests that start an execution.
namespace r8r::api {

/// It ended, or stopped for a person. `failed_status` 500: a failed one is an error.
http::Response run_ended(const http::Request& request, const Waiting& waiting, const std::string& correlation_id,
                         const std::string& id, const Finished& finished, int failed_status);
/// It did not end within the time that the request waits.
http::Response run_goes_on(const http::Request& request, const std::string& correlation_id, const std::string& id);
/// It is durable, and nobody waits for its end.
http::Response run_accepted(const Waiting& waiting, const std::string& id);

}  // namespace r8r::api
