#include "services/api/debounce.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "common/workflow/workflow.hpp"
#include "services/api/webhook_input.hpp"
#include "tests/unit/api/requests.hpp"

namespace r8r::api {
namespace {

using nlohmann::json;
using test::make_request;

std::shared_ptr<const workflow::Workflow> workflow_with(const std::string& trigger) {
  return workflow::load("name: hook\ntriggers: [{type: webhook, " + trigger + "}]\nnodes: [{id: a, type: debug}]\n")
      .workflow;
}

/// The key that a call with this body gets.
std::string key_of(const std::string& debounce, const std::string& body, bool envelope = false,
                   const std::string& path = "/webhooks/hook") {
  const auto workflow = workflow_with("debounce: {" + debounce + "}");
  if (workflow == nullptr) return "does not load";
  const http::Request request =
      make_request("POST", path, {{"x-event", "push"}, {"authorization", "Bearer secret"}}, body);
  const std::string content = webhook_body_json(request);
  const std::string input = envelope ? webhook_envelope_json(request, path) : content;
  const std::string facts = webhook_facts_json(request, path, {});
  return debounce_key(*workflow, *workflow->triggers.at(0).webhook->debounce, {path, input, content, facts, envelope},
                      expr::Value());
}

TEST(DebounceKey, IsThePathWhenNoneIsGiven) {
  EXPECT_EQ(key_of("", R"({"id":1})"), "/webhooks/hook");
}

TEST(DebounceKey, IsWhatItsTemplateGives) {
  EXPECT_EQ(key_of("key: '{{ input.id }}/{{ body.id }}/{{ headers[\"x-event\"] }}'", R"({"id":1})"), "1/1/push");
  EXPECT_EQ(key_of("key: '{{ input.body.id }}/{{ body.id }}'", R"({"id":1})", true), "1/1");
}

TEST(DebounceKey, SeesNoSecretHeaders) {
  EXPECT_EQ(key_of("key: 'a{{ headers.authorization }}'", "1"), "a");
}

TEST(DebounceKey, WithoutOneItIsTheHashOfTheBody) {
  // printf '{"x":1}' | sha256sum
  const std::string hash = "sha256:5041bf1f713df204784353e82f6a4a535931cb64f1f4b4a5aeaffcb720918b22";
  EXPECT_EQ(key_of("key: '{{ input.id }}'", R"({"x":1})"), hash);
  EXPECT_EQ(key_of("key: '{{ input.body.id }}'", R"({"x":1})", true), hash);
  EXPECT_EQ(key_of("key: '{{ input.x / 0 }}'", R"({"x":1})"), hash);
  EXPECT_NE(key_of("key: '{{ input.id }}'", R"({"x":2})"), hash);
}

TEST(DebounceKey, IsShort) {
  const std::string body = json({{"id", std::string(300, 'a')}}).dump();
  const std::string key = key_of("key: '{{ input.id }}'", body);
  EXPECT_EQ(key.substr(0, 7), "sha256:");
  EXPECT_EQ(key.size(), 71u);
  EXPECT_NE(key, key_of("key: '{{ input.id }}b'", body));
  EXPECT_EQ(key_of("key: '{{ input.id }}'", R"({"id":"a\u0000b"})").substr(0, 7), "sha256:");
  EXPECT_EQ(key_of("", "1", false, "/webhooks/" + std::string(300, 'a')).size(), 71u);
}

TEST(WebhookName, IsMethodsAndPath) {
  EXPECT_EQ(webhook_name({.path = "/orders", .methods = {"POST", "PUT"}}), "POST,PUT /orders");
  EXPECT_EQ(webhook_name({}), "ANY ");
}

TEST(DebouncedAnswer, NamesExecutionAndKey) {
  store::Debounced debounced{.id = *Uuid::parse("0197a1b2-0000-7000-8000-000000000001"),
                             .run_at = *parse_rfc3339("2026-01-20T09:00:05Z")};
  const http::Response response = debounced_answer(debounced, "a \"key\"");
  EXPECT_EQ(response.status, 202);
  const json body = json::parse(response.body);
  EXPECT_EQ(body["status"], "accepted");
  EXPECT_EQ(body["execution_id"], "0197a1b2-0000-7000-8000-000000000001");
  EXPECT_EQ(body["debounce_key"], "a \"key\"");
  EXPECT_NE(body.value("message", "").find("2026-01-20T09:00:05"), std::string::npos) << body;
  EXPECT_EQ(body.size(), 4u);
  EXPECT_EQ(test::header_of(response, "Location"), "/api/executions/0197a1b2-0000-7000-8000-000000000001");
}

}  // namespace
}  // namespace r8r::api
