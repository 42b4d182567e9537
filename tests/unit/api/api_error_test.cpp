#include "services/api/api_error.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/unit/api/requests.hpp"

namespace r8r::api {
namespace {

using nlohmann::json;
using test::header_of;
using test::make_request;

TEST(ApiError, TheEnvelopeAlwaysHasAllEightKeys) {
  const auto request = make_request("GET", "/api/workflows/x");
  const http::Response response =
      error_response(request, ApiError(ErrorCode::workflow_not_found, "Workflow 'x' not found"));
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.content_type, "application/json");
  EXPECT_EQ(json::parse(response.body),
            json::parse(R"({"error":{"code":"WORKFLOW_NOT_FOUND","message":"Workflow 'x' not found",
      "category":"client_error","correlation_id":null,"execution_id":null,"request_id":"req-1","retry_after_ms":null,
      "details":null}})"));
}

TEST(ApiError, CarriesWhatIsKnown) {
  const auto request = make_request("POST", "/x");
  ApiError error(ErrorCode::idempotency_key_reuse, "seen \"before\"", R"({"status":"completed"})");
  const http::Response response =
      error_response(request, std::move(error).with_correlation("corr-1").with_execution("exec-1"));
  const json body = json::parse(response.body)["error"];
  EXPECT_EQ(response.status, 409);
  EXPECT_EQ(body["category"], "conflict");
  EXPECT_EQ(body["correlation_id"], "corr-1");
  EXPECT_EQ(body["execution_id"], "exec-1");
  EXPECT_EQ(body["details"]["status"], "completed");
  EXPECT_EQ(body["message"], "seen \"before\"");
}

TEST(ApiError, BusyAnswersSayWhenToComeBack) {
  const http::Response response = error_response(make_request("GET", "/"), ApiError(ErrorCode::queue_full, "full"));
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(header_of(response, "Retry-After"), "1");
  EXPECT_EQ(json::parse(response.body)["error"]["retry_after_ms"], 1000);
  EXPECT_EQ(json::parse(response.body)["error"]["category"], "transient");
}

TEST(ApiError, InternalMatterStaysInside) {
  for (const ErrorCode code :
       {ErrorCode::internal_error, ErrorCode::storage_error, ErrorCode::fenced, ErrorCode::timeout}) {
    const http::Response response = error_response(
        make_request("GET", "/"), ApiError(code, "relation \"secret\" does not exist", R"({"sql":"x"})"));
    EXPECT_EQ(response.status, 500);
    EXPECT_EQ(response.body.find("secret"), std::string::npos);
    EXPECT_EQ(response.body.find("sql"), std::string::npos);
    EXPECT_EQ(json::parse(response.body)["error"]["category"], "permanent");
  }
}

TEST(ApiError, SpeaksProblemJsonWhenThatIsPreferred) {
  const ApiError error(ErrorCode::workflow_not_found, "Workflow 'x' not found");
  const auto type_for = [&](const char* accept) {
    return error_response(make_request("GET", "/api/workflows/x", {{"accept", accept}}), error).content_type;
  };
  EXPECT_EQ(type_for("application/problem+json"), "application/problem+json");
  EXPECT_EQ(type_for("application/problem+json, */*;q=0.1"), "application/problem+json");
  EXPECT_EQ(type_for("application/json;q=0.5, application/problem+json"), "application/problem+json");
  EXPECT_EQ(type_for("application/json, application/problem+json"), "application/json");
  EXPECT_EQ(type_for("application/json, application/problem+json;q=0.5"), "application/json");
  EXPECT_EQ(type_for("application/problem+json;q=0"), "application/json");
  EXPECT_EQ(type_for("*/*"), "application/json");

  const auto request = make_request("GET", "/api/workflows/x?y=1", {{"accept", "application/problem+json"}});
  const json body = json::parse(error_response(request, error).body);
  EXPECT_EQ(body["type"], "/problems/workflow-not-found");
  EXPECT_EQ(body["title"], "Workflow not found");
  EXPECT_EQ(body["status"], 404);
  EXPECT_EQ(body["detail"], "Workflow 'x' not found");
  EXPECT_EQ(body["instance"], "/api/workflows/x");
  EXPECT_EQ(body["code"], "WORKFLOW_NOT_FOUND");
  EXPECT_EQ(body["request_id"], "req-1");
  for (const char* key : {"category", "correlation_id", "execution_id", "retry_after_ms", "details"})
    EXPECT_TRUE(body.contains(key)) << key;
}

TEST(ApiError, RefusedCredentialsNameTheScheme) {
  const http::Response response = error_response(make_request("GET", "/"), ApiError(ErrorCode::unauthorized, "no"));
  EXPECT_EQ(response.status, 401);
  EXPECT_EQ(header_of(response, "WWW-Authenticate"), "Bearer");
}

}  // namespace
}  // namespace r8r::api
