#include "services/api/execute_request.hpp"

#include <gtest/gtest.h>

#include "services/api/idempotency.hpp"
#include "tests/unit/api/requests.hpp"

namespace r8r::api {
namespace {

using test::Headers;
using test::post_json;

struct Read {
  http::Request request;
  ExecuteRequest asked;
  std::optional<ApiError> error;
};

std::unique_ptr<Read> read(std::string body, Headers headers = {}, ExecuteRules rules = {}) {
  auto result = std::make_unique<Read>();
  result->request = post_json(std::move(body), std::move(headers));
  Result<RequestBody> parsed = RequestBody::parse(result->request);
  EXPECT_TRUE(parsed);
  if (parsed) result->error = read_execute_request(result->request, *parsed, rules, result->asked);
  return result;
}

TEST(ExecuteRequest, NothingGivenMeansTheDefaults) {
  const auto r = read("{}");
  ASSERT_FALSE(r->error);
  EXPECT_EQ(r->asked.input, "{}");
  EXPECT_TRUE(r->asked.wait);
  EXPECT_EQ(r->asked.timeout, std::chrono::seconds(300));
  EXPECT_EQ(r->asked.correlation_id, "");
  EXPECT_EQ(r->asked.idempotency_key, "");
  EXPECT_FALSE(r->asked.attach);
  EXPECT_EQ(read(R"({"input":null})")->asked.input, "{}");
  EXPECT_EQ(read(R"({"input": [1, 2] })")->asked.input, "[1, 2]");
}

TEST(ExecuteRequest, WrongFieldsAreNamed) {
  const auto field = [](std::string body) {
    const auto r = read(std::move(body));
    return r->error && r->error->code == ErrorCode::invalid_field ? r->error->details : std::string("accepted");
  };
  EXPECT_EQ(field(R"({"wait":1})"), R"({"field":"wait"})");
  EXPECT_EQ(field(R"({"timeout_seconds":0})"), R"({"field":"timeout_seconds"})");
  EXPECT_EQ(field(R"({"timeout_seconds":3601})"), R"({"field":"timeout_seconds"})");
  EXPECT_EQ(field(R"({"timeout_seconds":"5"})"), R"({"field":"timeout_seconds"})");
  EXPECT_EQ(field(R"({"timeout_seconds":0.25})"), "accepted");
  EXPECT_EQ(field(R"({"correlation_id":""})"), R"({"field":"correlation_id"})");
  EXPECT_EQ(field(R"({"idempotency_key":7})"), R"({"field":"idempotency_key"})");
  EXPECT_EQ(field(R"({"on_conflict":"maybe"})"), R"({"field":"on_conflict"})");
  EXPECT_EQ(field(R"({"version":0})"), R"({"field":"version"})");
}

TEST(ExecuteRequest, ErrorsAfterTheCorrelationIdCanNameIt) {
  const auto r = read(R"({"wait":"no","correlation_id":"corr-9"})");
  ASSERT_TRUE(r->error);
  EXPECT_EQ(r->asked.correlation_id, "corr-9");
}

TEST(ExecuteRequest, KeysAreChecked) {
  const auto code = [](std::string body, Headers headers = {}) {
    const auto r = read(std::move(body), std::move(headers));
    return r->error ? std::string(error_code_name(r->error->code)) : r->asked.idempotency_key;
  };
  EXPECT_EQ(code(R"({"idempotency_key":""})"), "INVALID_IDEMPOTENCY_KEY");
  EXPECT_EQ(code(R"({"idempotency_key":"a\tb"})"), "INVALID_IDEMPOTENCY_KEY");
  EXPECT_EQ(code(R"({"idempotency_key":")" + std::string(256, 'k') + "\"}"), "INVALID_IDEMPOTENCY_KEY");
  EXPECT_EQ(code(R"({"idempotency_key":")" + std::string(255, 'k') + "\"}"), std::string(255, 'k'));
  EXPECT_EQ(code(R"({"idempotency_key":"body"})", {{"idempotency-key", "header"}}), "header");
  EXPECT_EQ(code("{}", {{"idempotency-key", ""}}), "INVALID_IDEMPOTENCY_KEY");
  EXPECT_EQ(code("{}", {{"idempotency-key", "\xff"}}), "INVALID_IDEMPOTENCY_KEY");
  EXPECT_TRUE(read("{}", {{"idempotency-key", "k"}})->asked.key_in_header);
}

TEST(ExecuteRequest, PreferencesCountWhereTheBodySaysNothing) {
  const auto async = read("{}", {{"prefer", "respond-async, wait=10"}});
  EXPECT_FALSE(async->asked.wait);
  EXPECT_EQ(async->asked.timeout, std::chrono::seconds(10));
  EXPECT_EQ(async->asked.preference_applied, "respond-async");
  EXPECT_TRUE(read(R"({"wait":true})", {{"prefer", "respond-async"}})->asked.wait);
  EXPECT_EQ(read("{}", {{"prefer", "wait=99999"}})->asked.timeout, std::chrono::seconds(3600));
  EXPECT_EQ(read("{}", {{"prefer", "wait=soon"}})->asked.timeout, std::chrono::seconds(300));
  EXPECT_TRUE(read("{}", {{"prefer", "return=representation"}})->asked.attach);
  EXPECT_TRUE(read(R"({"on_conflict":"attach"})")->asked.attach);
  EXPECT_FALSE(read(R"({"on_conflict":"error"})", {{"prefer", "return=representation"}})->asked.attach);
}

TEST(ExecuteRequest, RequestIdsCountAsCorrelationOnlyWhenTrusted) {
  const Headers mine = {{"x-request-id", "req-1"}};
  EXPECT_EQ(read("{}", mine, {.trust_request_id = true})->asked.correlation_id, "req-1");
  EXPECT_EQ(read("{}", mine, {.trust_request_id = false})->asked.correlation_id, "");
  // Not what the server took: it was refused.
  EXPECT_EQ(read("{}", {{"x-request-id", "other"}}, {.trust_request_id = true})->asked.correlation_id, "");
  EXPECT_EQ(read(R"({"correlation_id":"c"})", mine, {.trust_request_id = true})->asked.correlation_id, "c");
}

TEST(ExecuteRequest, OnlyWellFormedTraceContextIsKept) {
  const std::string good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  EXPECT_EQ(read("{}", {{"traceparent", good}})->asked.traceparent, good);
  EXPECT_EQ(read("{}", {{"traceparent", "00-x"}})->asked.traceparent, "");
}

TEST(Fingerprint, DependsOnNameAndMeaningOfTheInput) {
  const std::string one = fingerprint_of("a", R"({"x": 1, "y": [true, null]})");
  EXPECT_EQ(one.size(), 64u);
  EXPECT_EQ(one, fingerprint_of("a", R"({"y":[true,null],"x":1})"));
  EXPECT_NE(one, fingerprint_of("b", R"({"y":[true,null],"x":1})"));
  EXPECT_NE(one, fingerprint_of("a", R"({"y":[true,null],"x":2})"));
}

}  // namespace
}  // namespace r8r::api
