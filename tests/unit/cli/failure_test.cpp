#include "cli/client/failure.hpp"

#include <gtest/gtest.h>

#include <sstream>

#include "cli/client/api_client.hpp"
#include "cli/console/console.hpp"

namespace r8r::cli {
namespace {

TEST(ExitCode, FollowsTheStatusOfTheAnswer) {
  EXPECT_EQ(exit_code::of_api_error(404, "WORKFLOW_NOT_FOUND"), 3);
  EXPECT_EQ(exit_code::of_api_error(401, "UNAUTHORIZED"), 5);
  EXPECT_EQ(exit_code::of_api_error(403, "FORBIDDEN"), 5);
  EXPECT_EQ(exit_code::of_api_error(504, "EXECUTION_TIMEOUT"), 124);
  EXPECT_EQ(exit_code::of_api_error(409, "IDEMPOTENCY_KEY_REUSE"), 1);
  EXPECT_EQ(exit_code::of_api_error(503, "SERVICE_UNAVAILABLE"), 1);
}

TEST(ExitCode, FollowsHowAnExecutionEnded) {
  EXPECT_EQ(exit_code::of_execution_status("completed", false), 0);
  EXPECT_EQ(exit_code::of_execution_status("failed", false), 1);
  EXPECT_EQ(exit_code::of_execution_status("failed", true), 0);
  EXPECT_EQ(exit_code::of_execution_status("cancelled", true), 1);
  EXPECT_EQ(exit_code::of_execution_status("waiting_for_approval", false), 42);
}

TEST(Failure, OfAnEnvelopeKeepsWhatTheApiSaid) {
  const Failure failure = failure_of_reply(
      409,
      R"({"error":{"code":"IDEMPOTENCY_KEY_REUSE","message":"seen before","category":"conflict","correlation_id":null,)"
      R"("execution_id":"0199","request_id":"r-1","retry_after_ms":null,"details":{"status":"completed"}}})",
      "http://x");
  EXPECT_EQ(failure.code, "IDEMPOTENCY_KEY_REUSE");
  EXPECT_EQ(failure.message, "seen before");
  EXPECT_EQ(failure.exit, 1);
  EXPECT_EQ(failure.request_id, "r-1");
  EXPECT_EQ(failure.execution_id, "0199");
  EXPECT_EQ(failure.details.at("status"), "completed");
}

TEST(Failure, OfAnythingElseSaysThatItIsNotR8r) {
  for (const char* body : {"<html>", "", "[]", "{}", R"({"error":"text"})"}) {
    const Failure failure = failure_of_reply(404, body, "http://x:80");
    EXPECT_EQ(failure.code, "HTTP_ERROR") << body;
    EXPECT_EQ(failure.exit, 1) << body;
    EXPECT_NE(failure.message.find("not an r8r server"), std::string::npos) << body;
  }
}

TEST(Failure, HumanFormHasTheCodeAndIndentsWhatHelps) {
  const Failure failure{
      "WORKFLOW_NOT_FOUND", "Workflow 'helo' not found", 3, {"r8r workflows list"}, {"hello"}, "", "", {}};
  EXPECT_EQ(human_text(failure),
            "error[WORKFLOW_NOT_FOUND]: Workflow 'helo' not found\n"
            "  did you mean hello?\n"
            "  hint: r8r workflows list");
}

TEST(Console, JsonModePutsErrorsAsJsonOnStandardError) {
  std::ostringstream out, error;
  Console console(out, error);
  console.json = true;
  console.line("for people");
  console.hint("for people too");
  EXPECT_EQ(console.fail({"X", "bad \xff byte", 4, {}, {"y"}, "", "", {}}), 4);
  EXPECT_EQ(out.str(), "");
  const Json shown = Json::parse(error.str());
  EXPECT_EQ(shown.at("error").at("code"), "X");
  EXPECT_EQ(shown.at("error").at("hints"), Json::array());
  EXPECT_EQ(shown.at("error").at("suggestions"), Json::array({"y"}));
  EXPECT_TRUE(shown.at("error").at("request_id").is_null());
}

TEST(Console, HumanModeKeepsHintsOffStandardOutput) {
  std::ostringstream out, error;
  Console console(out, error);
  console.success("done");
  console.hint("Next: more");
  console.document({{"not", "shown"}});
  EXPECT_EQ(out.str(), "✓ done\n");
  EXPECT_EQ(error.str(), "Next: more\n");
}

TEST(PathSegment, EscapesWhatWouldChangeThePath) {
  EXPECT_EQ(path_segment("my-workflow_1"), "my-workflow_1");
  EXPECT_EQ(path_segment("a/b?c#d%"), "a%2Fb%3Fc%23d%25");
  EXPECT_EQ(path_segment(".."), "%2E%2E");
  EXPECT_EQ(path_segment("v1.2"), "v1.2");
  EXPECT_EQ(path_segment("é"), "%C3%A9");
}

TEST(Url, IsCheckedBeforeUse) {
  EXPECT_EQ(*checked_url("http://127.0.0.1:8080/"), "http://127.0.0.1:8080");
  EXPECT_EQ(checked_url("127.0.0.1:8080").error().exit, exit_code::kUsage);
  EXPECT_EQ(checked_url("file:///etc/passwd").error().exit, exit_code::kUsage);
}

}  // namespace
}  // namespace r8r::cli
