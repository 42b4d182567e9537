#include <gtest/gtest.h>

#include "tests/unit/workflow/loading.hpp"

namespace r8r::workflow {
namespace {

std::string with_trigger(std::string_view trigger) {
  return with_node_lines(fmt::format("triggers:\n  - {}\n", trigger));
}

WebhookTrigger webhook_of(std::string_view trigger) {
  const auto workflow = must_load(with_trigger(trigger));
  return workflow->triggers.empty() || !workflow->triggers[0].webhook ? WebhookTrigger{}
                                                                      : *workflow->triggers[0].webhook;
}

TEST(Triggers, AWebhookWithDefaults) {
  const WebhookTrigger webhook = webhook_of("type: webhook");
  EXPECT_EQ(webhook.path, "");
  EXPECT_EQ(webhook.methods, std::vector<std::string>{"POST"});
  EXPECT_EQ(webhook.response_mode, "full");
  EXPECT_EQ(webhook.timeout, std::chrono::seconds(30));
  EXPECT_FALSE(webhook.envelope);
}

TEST(Triggers, FieldsStandInTheTriggerOrItsConfig) {
  for (const std::string trigger : {"{type: webhook, path: orders, method: get, response_mode: wait_for_result, "
                                    "timeout_seconds: 5, input_mode: envelope}",
                                    "{type: webhook, config: {path: /orders, method: GET, response_mode: output, "
                                    "timeout_seconds: 5, input_mode: envelope}}",
                                    "{type: webhook, path: /orders, config: {method: [Get, GET], response_mode: "
                                    "output, timeout_seconds: 5.0, input_mode: envelope}}"}) {
    const WebhookTrigger webhook = webhook_of(trigger);
    EXPECT_EQ(webhook.path, "/orders");
    EXPECT_EQ(webhook.methods, std::vector<std::string>{"GET"});
    EXPECT_EQ(webhook.response_mode, "output");
    EXPECT_EQ(webhook.timeout, std::chrono::seconds(5));
    EXPECT_TRUE(webhook.envelope);
  }
  EXPECT_NE(problems_of(with_trigger("{type: webhook, path: /a, config: {path: /b}}"))
                .find("given in the trigger and in its config"),
            std::string::npos);
}

TEST(Triggers, MethodsMayBeAListAndUnknownWordsMeanAny) {
  EXPECT_EQ(webhook_of("{type: webhook, method: [post, PUT]}").methods, (std::vector<std::string>{"POST", "PUT"}));
  EXPECT_TRUE(webhook_of("{type: webhook, method: any}").methods.empty());
  EXPECT_TRUE(webhook_of("{type: webhook, method: [GET, whatever]}").methods.empty());
}

TEST(Triggers, MistakesAreNamed) {
  EXPECT_EQ(problems_of(with_trigger("{type: webhok}")),
            "7:12 triggers[0].type: unknown trigger type 'webhok' (did you mean 'webhook'?)\n");
  EXPECT_EQ(problems_of(with_trigger("{path: /x}")),
            "7:5 triggers[0].type: the field 'type' is missing (known: manual, webhook)\n");
  EXPECT_EQ(problems_of(with_trigger("webhook")),
            "7:5 triggers[0]: a trigger must be a map with 'type', not a string\n");
  EXPECT_EQ(problems_of(with_trigger("{type: webhook, response_mode: ful}")),
            "7:36 triggers[0].response_mode: 'response_mode' must be one of full, output, wait_for_result, async, not "
            "'ful' (did you mean 'full'?)\n");
  EXPECT_NE(problems_of(with_trigger("{type: webhook, timeout_seconds: 301}")).find("must be a number from 1 to 300"),
            std::string::npos);
  EXPECT_NE(problems_of(with_trigger("{type: webhook, path: 'a b'}")).find("cannot be a path"), std::string::npos);
  EXPECT_NE(problems_of(with_trigger("{type: webhook, pat: x}")).find("did you mean 'path'?"), std::string::npos);
  EXPECT_NE(problems_of(with_trigger("{type: manual, path: x}")).find("unknown field 'path'"), std::string::npos);
  EXPECT_NE(problems_of(with_trigger("{type: webhook, config: 5}")).find("'config' must be a map"), std::string::npos);
}

TEST(Triggers, ProtectionThatThisVersionLacksIsNotIgnored) {
  for (const std::string name : {"debounce", "header_filter", "signature", "dedupe"}) {
    const std::string wanted = "'" + name + "' is not available in this version";
    EXPECT_NE(problems_of(with_trigger("{type: webhook, " + name + ": {a: 1}}")).find(wanted), std::string::npos);
    EXPECT_NE(problems_of(with_trigger("{type: webhook, config: {" + name + ": {a: 1}}}")).find(wanted),
              std::string::npos);
  }
}

TEST(Triggers, APathOfTheServerIsAWarning) {
  for (const std::string path : {"/api/x", "/metrics", "/", "/editor"}) {
    EXPECT_NE(warnings_of(with_trigger("{type: webhook, path: " + path + "}")).find("reachable as /webhooks" + path),
              std::string::npos);
  }
  EXPECT_EQ(warnings_of(with_trigger("{type: webhook, path: /apis}")), "");
}

}  // namespace
}  // namespace r8r::workflow
