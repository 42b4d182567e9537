// What the command line says of schedules and events.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "cli/commands/events.hpp"
#include "cli/commands/workflows.hpp"
#include "tests/unit/cli/fake_api.hpp"

namespace r8r::cli {
namespace {

using testing::HasSubstr;

class TriggerCommands : public testing::Test {
 protected:
  TriggerCommands() { console_.utc = true; }

  FakeApi fake_;
  std::ostringstream out_, error_;
  Console console_{out_, error_};
  ApiClient api_{fake_.url(), ""};
  Context context_{console_, api_};
};

TEST_F(TriggerCommands, ShowTellsTheNextRunsAndWhyAScheduleStartedNothing) {
  fake_.answer(
      "GET /api/workflows/nightly", 200,
      R"({"name":"nightly","version":1,"enabled":true,"definition":"name: nightly\nnodes: [{id: a, type: debug}]\n",)"
      R"("next_runs":["2026-01-20T09:00:00.000Z","2026-01-21T09:00:00.000Z"],)"
      R"("schedules":[{"schedule":"0 9 * * *","last_error":"'n' is required"},{"schedule":"@daily","last_error":null}]})");
  EXPECT_EQ(show_workflow(context_, {"nightly", false}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("Next runs: 2026-01-20 09:00:00 UTC, 2026-01-21 09:00:00 UTC\n"));
  EXPECT_EQ(error_.str(), "the schedule '0 9 * * *' was due and started nothing: 'n' is required\n");
}

TEST_F(TriggerCommands, PublishSendsTheDataAsTheyAreWritten) {
  fake_.answer(
      "POST /api/events/publish", 200,
      R"({"status":"published","event":"a.b","event_id":"0199","triggered":[{"workflow":"now","execution_id":"0200"},)"
      R"({"workflow":"later","run_at":"2026-01-20T09:00:00.000Z"}],"failed":[{"workflow":"strict","error":"no"}]})");
  PublishEvent event{.name = "a.b", .data = R"({"n":12345678901234567890, "m": 1.0})", .source = "s\"1"};
  event.idempotency_key = "k";
  EXPECT_EQ(publish_event(context_, event), 0);
  EXPECT_EQ(fake_.requests().at(0).body,
            R"({"event":"a.b","data":{"n":12345678901234567890, "m": 1.0},"source":"s\"1","idempotency_key":"k"})");
  EXPECT_THAT(out_.str(), HasSubstr("now       0200"));
  EXPECT_THAT(out_.str(), HasSubstr("later"));
  EXPECT_THAT(out_.str(), HasSubstr("2026-01-20 09:00:00 UTC"));
  EXPECT_EQ(error_.str(), "workflow 'strict' did not start: no\n");
}

TEST_F(TriggerCommands, PublishSaysWhenNobodyListens) {
  fake_.answer("POST /api/events/publish", 200,
               R"({"status":"published","event":"a","event_id":"0199","triggered":[],"failed":[]})");
  EXPECT_EQ(publish_event(context_, {.name = "a"}), 0);
  EXPECT_EQ(fake_.requests().at(0).body, R"({"event":"a","data":null})");
  EXPECT_THAT(out_.str(), HasSubstr("No workflow waits for it."));
}

TEST_F(TriggerCommands, PublishRefusesWhatIsNoJson) {
  EXPECT_EQ(publish_event(context_, {.name = "a", .data = "{"}), 1);
  EXPECT_THAT(error_.str(), HasSubstr("JSON_ERROR"));
  EXPECT_TRUE(fake_.requests().empty());
}

}  // namespace
}  // namespace r8r::cli
