#include "services/api/run_answer.hpp"

#include "services/api/api_error.hpp"
#include "services/api/execution_json.hpp"

namespace r8r::api {
namespace {

void name_execution(http::Response& response, const std::string& id) {
  response.headers.emplace_back("X-Execution-ID", id);
}

void name_preference(http::Response& response, const Waiting& waiting) {
  if (!waiting.preference_applied.empty())
    response.headers.emplace_back("Preference-Applied", waiting.preference_applied);
}

void locate(http::Response& response, const std::string& id) {
  response.headers.emplace_back("Location", "/api/executions/" + id);
}

}  // namespace

http::Response run_ended(const http::Request& request, const Waiting& waiting, const std::string& correlation_id,
                         const std::string& id, const Finished& finished, int failed_status) {
  if (finished.status == "failed" && failed_status == 500) {
    ApiError error(ErrorCode::execution_failed, finished.error.empty() ? "The execution failed" : finished.error);
    return error_response(request, std::move(error).with_execution(id).with_correlation(correlation_id));
  }
  http::Response response = http::Response::json(200, execute_answer(id, finished));
  name_execution(response, id);
  name_preference(response, waiting);
  return response;
}

http::Response run_goes_on(const http::Request& request, const std::string& correlation_id, const std::string& id) {
  ApiError error(ErrorCode::execution_timeout,
                 "The execution did not end within the time that this request waits; it goes on");
  http::Response response =
      error_response(request, std::move(error).with_execution(id).with_correlation(correlation_id));
  locate(response, id);
  name_execution(response, id);
  return response;
}

http::Response run_accepted(const Waiting& waiting, const std::string& id) {
  http::Response response = http::Response::json(202, running_answer(id));
  locate(response, id);
  name_execution(response, id);
  name_preference(response, waiting);
  return response;
}

}  // namespace r8r::api
