#include <gtest/gtest.h>

#include "tests/unit/workflow/loading.hpp"

namespace r8r::workflow {
namespace {

std::string with_webhook(const std::string& fields) {
  return with_node_lines(fmt::format("triggers:\n  - {{type: webhook, {}}}\n", fields));
}

WebhookTrigger webhook_of(const std::string& fields) {
  const LoadResult result = load(with_webhook(fields));
  EXPECT_TRUE(result.problems.empty()) << problems_json(result.problems);
  if (result.workflow == nullptr || result.workflow->triggers.empty()) return {};
  return result.workflow->triggers[0].webhook.value_or(WebhookTrigger{});
}

std::string first_problem(const std::string& fields) {
  const std::vector<Problem> problems = load(with_webhook(fields)).problems;
  if (problems.empty()) return "";
  const Problem& first = problems[0];
  return fmt::format("{} {}: {} ({})", first.column, first.path, first.message, first.hint);
}

std::string first_warning(const std::string& fields) {
  for (const Problem& warning : load(with_webhook(fields)).warnings)
    return fmt::format("{} {}: {}", warning.column, warning.path, warning.message);
  return "";
}

TEST(Webhook, PathsMayHoldNames) {
  EXPECT_EQ(webhook_of("path: '/orders/{id}/items/{item-no}'").path, "/orders/{id}/items/{item-no}");
  EXPECT_EQ(first_problem("path: '/orders/{id'"),
            "27 triggers[0].path: '{id' cannot be a part of a path: braces hold a name and fill the part between two "
            "slashes (for example /orders/{id}/items)");
  EXPECT_EQ(first_problem("path: '/{}'").substr(0, 50), "27 triggers[0].path: '{}' cannot be a part of a pa");
  EXPECT_EQ(first_problem("path: '/x{id}'").substr(0, 40), "27 triggers[0].path: 'x{id}' cannot be a");
  EXPECT_EQ(first_problem("path: '/{a}/{a}'").substr(0, 49), "27 triggers[0].path: the path names '{a}' twice (");
}

TEST(Webhook, AWordThatIsNoMethodMeansAnyAndIsAWarning) {
  EXPECT_TRUE(webhook_of("method: any").methods.empty());
  EXPECT_EQ(first_warning("method: any"), "");
  EXPECT_TRUE(webhook_of("method: PSOT").methods.empty());
  EXPECT_EQ(first_warning("method: PSOT"),
            "29 triggers[0].method: 'PSOT' is no method of a webhook: it means any method");
  EXPECT_EQ(first_problem("method: []").substr(0, 46), "29 triggers[0].method: 'method' names no metho");
}

TEST(HeaderFilter, EveryFieldIsRead) {
  const WebhookTrigger webhook = webhook_of(
      "on_mismatch: ignore, header_filter: [{name: X-Event, value: push}, {header: X-B, pattern: '^a+$', "
      "required: true}]");
  EXPECT_TRUE(webhook.ignore_mismatch);
  ASSERT_EQ(webhook.header_filter.size(), 2u);
  EXPECT_EQ(webhook.header_filter[0].name, "x-event");
  EXPECT_EQ(webhook.header_filter[0].value, "push");
  EXPECT_FALSE(webhook.header_filter[0].required);
  EXPECT_EQ(webhook.header_filter[1].name, "x-b");
  EXPECT_EQ(webhook.header_filter[1].pattern, "^a+$");
  EXPECT_TRUE(webhook.header_filter[1].required);
}

TEST(HeaderFilter, MistakesAreNamed) {
  EXPECT_EQ(first_problem("header_filter: [{value: x}]"),
            "37 triggers[0].header_filter[0].name: the field 'name' is missing (for example name: X-Event)");
  EXPECT_EQ(first_problem("header_filter: [{name: 'a b', value: x}]").substr(0, 80),
            "44 triggers[0].header_filter[0].name: 'a b' cannot be the name of a header ()");
  EXPECT_EQ(first_problem("header_filter: [{name: a, pattern: '(x'}]"),
            "56 triggers[0].header_filter[0].pattern: '(x' is not a regular expression: missing ): (x (the syntax is "
            "RE2's: no look-around, no back references)");
  EXPECT_EQ(first_problem("header_filter: [{name: a, pattern: '" + std::string(129, 'x') + "'}]").substr(0, 85),
            "56 triggers[0].header_filter[0].pattern: 'pattern' is longer than 128 characters ()");
  EXPECT_EQ(first_problem("header_filter: {name: a}").substr(0, 70),
            "36 triggers[0].header_filter: 'header_filter' must be a list, not a ma");
  EXPECT_EQ(first_problem("header_filter: [{name: a, valeu: x, value: y}]").substr(0, 90),
            "47 triggers[0].header_filter[0].valeu: unknown field 'valeu' in triggers[0].header_filter[");
  EXPECT_EQ(first_problem("on_mismatch: ignor").substr(0, 100),
            "34 triggers[0].on_mismatch: 'on_mismatch' must be one of reject, ignore, not 'ignor' (did you mean '");
  EXPECT_EQ(first_warning("header_filter: [{name: a}]"),
            "37 triggers[0].header_filter[0]: this entry asks for nothing: every request passes it");
}

TEST(Signature, EveryFieldIsRead) {
  const WebhookTrigger webhook = webhook_of(
      "signature: {type: HMAC, secret_env: R8R_SECRET, header: X-Sign, algorithm: sha512, tolerance_seconds: 60, "
      "replay_protection: true}");
  ASSERT_TRUE(webhook.signature);
  EXPECT_EQ(webhook.signature->scheme, "generic");
  EXPECT_EQ(webhook.signature->secret_env, "R8R_SECRET");
  EXPECT_FALSE(webhook.signature->secret);
  EXPECT_EQ(webhook.signature->header, "X-Sign");
  EXPECT_EQ(webhook.signature->algorithm, "sha512");
  EXPECT_EQ(webhook.signature->tolerance, std::chrono::seconds(60));
  EXPECT_TRUE(webhook.signature->replay_protection);
  EXPECT_EQ(webhook_of("signature: {scheme: GitHub, secret_credential: gh}").signature->scheme, "github");
  EXPECT_TRUE(webhook_of("signature: {scheme: slack, secret: '{{ env.R8R_S }}'}").signature->secret);
}

TEST(Signature, NeedsAKnownSchemeAndOneSecret) {
  EXPECT_EQ(first_problem("signature: {secret_env: R8R_S}"),
            "32 triggers[0].signature.scheme: the field 'scheme' is missing (known: github, stripe, slack, generic)");
  EXPECT_EQ(first_problem("signature: {scheme: gihub, secret_env: R8R_S}"),
            "41 triggers[0].signature.scheme: 'scheme' must be one of github, stripe, slack, generic, not 'gihub' (did "
            "you mean 'github'?)");
  EXPECT_EQ(
      first_problem("signature: {scheme: github}"),
      "32 triggers[0].signature: a signature needs a secret (give one of secret_env, secret_credential and secret)");
  EXPECT_EQ(first_problem("signature: {scheme: github, secret_env: R8R_A, secret: b}").substr(0, 77),
            "32 triggers[0].signature: a signature has one secret, not several (give one o");
  EXPECT_EQ(first_problem("signature: {scheme: github, secret_env: R8R_A, header: X-Mine}").substr(0, 94),
            "76 triggers[0].signature.header: 'header' belongs to scheme generic: github fixes its own (rem");
  EXPECT_EQ(first_warning("signature: {scheme: github, secret: hunter2}"),
            "57 triggers[0].signature.secret: everyone who can read the workflow can read this secret");
}

TEST(Debounce, EveryFieldIsRead) {
  const WebhookTrigger webhook =
      webhook_of("debounce: {key: '{{ body.id }}-{{ headers.x }}', wait_seconds: 0.5, max_wait_seconds: 2}");
  ASSERT_TRUE(webhook.debounce);
  EXPECT_TRUE(webhook.debounce->key);
  EXPECT_EQ(webhook.debounce->wait, std::chrono::milliseconds(500));
  EXPECT_EQ(webhook.debounce->max_wait, std::chrono::seconds(2));
  const Debounce defaults = *webhook_of("debounce: {}").debounce;
  EXPECT_FALSE(defaults.key);
  EXPECT_EQ(defaults.wait, std::chrono::seconds(5));
  EXPECT_EQ(defaults.max_wait, std::chrono::seconds(60));
  EXPECT_EQ(webhook_of("debounce: {wait_seconds: 90}").debounce->max_wait, std::chrono::seconds(90));
}

TEST(Debounce, MistakesAreNamed) {
  EXPECT_EQ(first_problem("debounce: {wait_seconds: 10, max_wait_seconds: 5}").substr(0, 90),
            "68 triggers[0].debounce.max_wait_seconds: 'max_wait_seconds' is less than 'wait_seconds' (");
  EXPECT_EQ(first_problem("debounce: {key: '{{ boddy.id }}'}"),
            "41 triggers[0].debounce.key: unknown name 'boddy' (did you mean 'body'?)");
  const std::vector<std::pair<std::string, std::string>> mistakes = {
      {"key: '{{ input.id + }}'", "52 triggers[0].debounce.key: exp"},
      {"key: '{{ nodes.a.output }}'", "37 triggers[0].debounce.key: no node has run yet when a trigger is evaluated"},
      {"wait_seconds: -1", "46 triggers[0].debounce.wait_seconds: 'wait_seconds' must be a number "},
      {"wait_seconds: soon", "46 triggers[0].debounce.wait_seconds: 'wait_seconds' must be a number "},
      {"max_wait_seconds: [1]", "50 triggers[0].debounce.max_wait_seconds: 'max_wait_seconds' must be a number "},
      {"wait: 5", "32 triggers[0].debounce.wait: unknown field 'wait' in triggers[0].debounce"}};
  for (const auto& [fields, wanted] : mistakes)
    EXPECT_EQ(first_problem("debounce: {" + fields + "}").substr(0, wanted.size()), wanted);
  EXPECT_EQ(first_problem("debounce: true"), "31 triggers[0].debounce: 'debounce' must be a map, not 'true' ()");
}

TEST(Debounce, StandsInTheTriggerOrBelowItsConfig) {
  EXPECT_EQ(webhook_of("config: {path: /a, debounce: {wait_seconds: 1}}").debounce->wait, std::chrono::seconds(1));
  EXPECT_FALSE(webhook_of("debounce: ~").debounce);
}

TEST(Debounce, LeavesNoOutputToAnswerWith) {
  const WebhookTrigger webhook = webhook_of("response_mode: output, debounce: {}");
  EXPECT_EQ(webhook.response_mode, "full");
  EXPECT_EQ(
      first_warning("response_mode: output, debounce: {}"),
      "36 triggers[0].response_mode: with 'debounce' there is no output to answer with: the response mode is full");
}

TEST(Dedupe, IsASwitchOrAMap) {
  EXPECT_FALSE(webhook_of("dedupe: false").dedupe);
  EXPECT_EQ(webhook_of("dedupe: true").dedupe->ttl, std::chrono::hours(24));
  const Dedupe dedupe = *webhook_of("dedupe: {key: '{{ input.id }}', ttl_seconds: 60}").dedupe;
  EXPECT_TRUE(dedupe.key);
  EXPECT_EQ(dedupe.ttl, std::chrono::seconds(60));
  EXPECT_EQ(first_problem("dedupe: {ttl: 5}").substr(0, 60),
            "30 triggers[0].dedupe.ttl: unknown field 'ttl' in triggers[0");
  EXPECT_EQ(first_problem("dedupe: 5").substr(0, 60), "29 triggers[0].dedupe: 'dedupe' must be true or false, not '");
}

}  // namespace
}  // namespace r8r::workflow
