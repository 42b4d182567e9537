#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "services/api/webhook_answer.hpp"
#include "services/api/webhook_input.hpp"
#include "services/api/webhook_table.hpp"
#include "tests/unit/api/requests.hpp"

namespace r8r::api {
namespace {

using nlohmann::json;
using test::make_request;

std::string body_json(const char* type, std::string body) {
  return webhook_body_json(make_request("POST", "/webhooks/w", {{"content-type", type}}, std::move(body)));
}

TEST(WebhookInput, TheBodyBecomesTheInput) {
  EXPECT_EQ(body_json("application/json", R"( {"a": [1]} )"), R"({"a": [1]})");
  EXPECT_EQ(body_json("application/json", "7"), "7");
  EXPECT_EQ(body_json("text/plain", R"({"a":1})"), R"("{\"a\":1}")");
  EXPECT_EQ(webhook_body_json(make_request("POST", "/webhooks/w", {}, "[1]")), "[1]");
}

TEST(WebhookInput, ABodyThatClaimsJsonAndIsNotIsAString) {
  EXPECT_EQ(body_json("application/json", "{oops"), R"("{oops")");
}

TEST(WebhookInput, FormsBecomeObjects) {
  EXPECT_EQ(body_json("application/x-www-form-urlencoded", "a=1&b=x+y%21&a=2&empty=&bare"),
            R"({"a":["1","2"],"b":"x y!","empty":"","bare":""})");
}

TEST(WebhookInput, BytesThatAreNoTextAreWrapped) {
  EXPECT_EQ(body_json("application/octet-stream", std::string("\xff\x00\x10\x80", 4)), R"({"base64":"/wAQgA=="})");
}

TEST(WebhookInput, WithoutABodyTheQueryCounts) {
  auto request = make_request("GET", "/webhooks/w?a=1");
  EXPECT_EQ(webhook_body_json(request), "null");
  request.query = {{"a", "1"}, {"b", "2"}, {"a", "3"}};
  EXPECT_EQ(webhook_body_json(request), R"({"a":["1","3"],"b":"2"})");
}

TEST(WebhookInput, TheEnvelopeHoldsTheWholeCall) {
  auto request = make_request("POST", "/webhooks/w", {{"content-type", "application/json"}, {"x-a", "1"}, {"x-a", "2"}},
                              "{\"k\":1}");
  request.query = {{"q", "1"}};
  const json envelope = json::parse(webhook_envelope_json(request, "/webhooks/w"));
  EXPECT_EQ(envelope["method"], "POST");
  EXPECT_EQ(envelope["path"], "/webhooks/w");
  EXPECT_EQ(envelope["body"], json::parse("{\"k\":1}"));
  EXPECT_EQ(envelope["headers"]["x-a"], "1, 2");
  EXPECT_EQ(envelope["query"]["q"], "1");
}

TEST(WebhookInput, SecretsStayOut) {
  const auto request =
      make_request("POST", "/webhooks/w",
                   {{"authorization", "Bearer s3cret"}, {"cookie", "s3cret"}, {"x-api-key", "s3cret"}, {"x-b", "yes"}});
  const std::string facts = webhook_facts_json(request, "/webhooks/w", {{"id", "5"}});
  EXPECT_EQ(facts.find("s3cret"), std::string::npos);
  const json parsed = json::parse(facts);
  EXPECT_EQ(parsed["headers"], json::parse(R"({"x-b":"yes"})"));
  EXPECT_EQ(parsed["params"]["id"], "5");
  EXPECT_EQ(parsed["remote_ip"], "192.0.2.7");
  EXPECT_EQ(parsed["received_at"], "2026-01-20T14:30:00.120Z");
}

workflow::Workflow with_webhook(std::string name, std::string path, std::vector<std::string> methods = {"POST"}) {
  workflow::Workflow workflow;
  workflow.name = std::move(name);
  workflow::Trigger trigger;
  trigger.type = "webhook";
  trigger.webhook = workflow::WebhookTrigger{};
  trigger.webhook->path = std::move(path);
  trigger.webhook->methods = std::move(methods);
  workflow.triggers.push_back(std::move(trigger));
  return workflow;
}

TEST(WebhookTable, ADeclaredPathIsServedTwice) {
  EXPECT_EQ(webhook_addresses("/orders"), (std::vector<std::string>{"/webhooks/orders", "/orders"}));
  EXPECT_EQ(webhook_addresses("/webhooks/orders"), (std::vector<std::string>{"/webhooks/orders"}));
  EXPECT_EQ(webhook_addresses("/api/x"), (std::vector<std::string>{"/webhooks/api/x"}));
  EXPECT_EQ(webhook_addresses("/apix"), (std::vector<std::string>{"/webhooks/apix", "/apix"}));
  EXPECT_TRUE(webhook_addresses("").empty());
}

TEST(WebhookTable, SegmentsMayBeParameters) {
  const auto params = match_address("/orders/{id}/items/{item}", "/orders/7/items/a b");
  ASSERT_TRUE(params);
  EXPECT_EQ(*params, (PathParams{{"id", "7"}, {"item", "a b"}}));
  EXPECT_FALSE(match_address("/orders/{id}", "/orders"));
  EXPECT_FALSE(match_address("/orders/{id}", "/orders/"));
  EXPECT_FALSE(match_address("/orders/{id}", "/orders/7/x"));
  EXPECT_FALSE(match_address("/orders", "/orders/"));
}

TEST(WebhookTable, FindsCandidates) {
  WebhookTable table;
  table.add(with_webhook("a", "/orders"));
  table.add(with_webhook("b", "/orders/{id}"));
  EXPECT_EQ(table.candidates("/webhooks/orders"), (std::vector<std::string_view>{"a"}));
  EXPECT_EQ(table.candidates("/orders/9"), (std::vector<std::string_view>{"b"}));
  EXPECT_TRUE(table.candidates("/other").empty());
}

TEST(WebhookTable, TwoWorkflowsCannotShareMethodAndPath) {
  WebhookTable table;
  table.add(with_webhook("a", "/orders/{id}", {"POST"}));
  EXPECT_EQ(table.conflict(with_webhook("b", "/orders/new", {"POST"}))->first, "a");
  EXPECT_EQ(table.conflict(with_webhook("b", "/orders/{x}", {}))->first, "a");
  EXPECT_FALSE(table.conflict(with_webhook("b", "/orders/new", {"GET"})));
  EXPECT_FALSE(table.conflict(with_webhook("b", "/orders", {"POST"})));
  EXPECT_FALSE(table.conflict(with_webhook("a", "/orders/{id}", {"POST"})));
}

TEST(WebhookAnswer, AnOutputMayDescribeTheAnswer) {
  const auto answer = described_answer(
      R"({"$status":201,"$headers":{"X-A":"1","Connection":"close","Content-Type":"text/csv","bad name":"x","X-B":"a\nb"},"$body":"1,2"})");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 201);
  EXPECT_EQ(answer->body, "1,2");
  EXPECT_EQ(answer->content_type, "text/csv");
  EXPECT_EQ(answer->headers, (http::NameValues{{"X-A", "1"}}));
  EXPECT_EQ(described_answer(R"({"$status":99})")->status, 500);
  EXPECT_EQ(described_answer(R"({"$body":{"a":1}})")->body, R"({"a":1})");
  EXPECT_FALSE(described_answer(R"({"status":201})"));
  EXPECT_FALSE(described_answer("[1]"));
  EXPECT_FALSE(described_answer("null"));
}

}  // namespace
}  // namespace r8r::api
