// r8r db … and r8r dlq … against prepared answers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "cli/commands/db.hpp"
#include "cli/commands/dead_letters.hpp"
#include "tests/unit/cli/fake_api.hpp"

namespace r8r::cli {
namespace {

using testing::HasSubstr;

constexpr const char* kId = "01990000-0000-7000-8000-000000000001";

class OperationsCommands : public testing::Test {
 protected:
  OperationsCommands() { console_.utc = true; }

  FakeApi fake_;
  std::ostringstream out_, error_;
  Console console_{out_, error_};
  ApiClient api_{fake_.url(), ""};
  Context context_{console_, api_};
};

TEST_F(OperationsCommands, CheckOfASoundDatabaseSucceeds) {
  fake_.answer("GET /api/database/check", 200,
               R"({"healthy":true,"foreign_keys_enabled":true,"integrity_check":"ok","foreign_key_violations":0,)"
               R"("orphans":{"executions":0,"node_executions":0}})");
  EXPECT_EQ(check_database(context_), 0);
  EXPECT_EQ(out_.str(), "Foreign keys: enabled\nIntegrity check: ok\nForeign key violations: 0\nOrphan rows: 0\n");
}

TEST_F(OperationsCommands, CheckSaysWhatIsWrongAndFails) {
  fake_.answer("GET /api/database/check", 200,
               R"({"healthy":false,"foreign_keys_enabled":true,"integrity_check":"2 timers have no live execution",)"
               R"("foreign_key_violations":0,"orphans":{"executions":1,"timers":2}})");
  EXPECT_EQ(check_database(context_), 1);
  EXPECT_THAT(out_.str(), HasSubstr("Orphan rows: 3 (1 executions, 2 timers)\n"));
}

TEST_F(OperationsCommands, RetentionSaysWhatItDid) {
  fake_.answer("POST /api/database/retention", 200,
               R"({"dry_run":false,"retention_days":30,"partitions":["journal_20260101"],"postponed":[],)"
               R"("rows_carried_over":4,"rows":2,"idempotency_keys":7})");
  EXPECT_EQ(apply_retention(context_, false), 0);
  EXPECT_EQ(out_.str(),
            "Kept: 30 days\nDropped: journal_20260101\nRows deleted: 2\nRows carried over: 4\n"
            "Idempotency keys deleted: 7\n");
  EXPECT_EQ(fake_.requests().at(0).body, R"({"dry_run":false})");
}

TEST_F(OperationsCommands, DeadLettersAreATable) {
  fake_.answer("GET /api/dead-letters?workflow=pay&limit=50", 200,
               std::string(R"({"dead_letters":[{"execution_id":")") + kId +
                   R"(","workflow_name":"pay","status":"pending","failed_node_id":"call","retry_count":1,)"
                   R"("created_at":"2026-01-20T14:30:00.000Z","error":"refused"}],"next_cursor":null})");
  EXPECT_EQ(list_dead_letters(context_, {.workflow = "pay"}), 0);
  EXPECT_THAT(out_.str(),
              HasSubstr(std::string(kId) + "  pay       pending  call  1        2026-01-20 14:30  refused"));
}

TEST_F(OperationsCommands, NoDeadLettersAreAnEmptyArrayForPrograms) {
  fake_.answer("GET /api/dead-letters?limit=50", 200, R"({"dead_letters":[],"next_cursor":null})");
  console_.json = true;
  EXPECT_EQ(list_dead_letters(context_, {}), 0);
  EXPECT_EQ(out_.str(), "[]\n");
}

TEST_F(OperationsCommands, AllAreRetriedInAsManyRequestsAsItTakes) {
  fake_.answer(
      "POST /api/dead-letters/retry", 202,
      R"({"matched":1,"retried":[],"refused":[{"execution_id":"a","code":"NOT_FOUND","message":"it is gone"}],)"
      R"("more":true})");
  EXPECT_EQ(retry_dead_letters(context_, {.all = true, .error = "timed out"}), 1);
  EXPECT_EQ(fake_.requests().size(), 1u) << "it would not get any further";
  EXPECT_EQ(fake_.requests().at(0).body, R"({"error":"timed out"})");
  EXPECT_THAT(error_.str(), HasSubstr("a: it is gone"));
}

TEST_F(OperationsCommands, DiscardNeedsNoAnswerBody) {
  fake_.answer(std::string("DELETE /api/dead-letters/") + kId, 204, "");
  EXPECT_EQ(discard_dead_letter(context_, kId), 0);
  EXPECT_THAT(out_.str(), HasSubstr("discarded"));
  fake_.answer(std::string("DELETE /api/dead-letters/") + kId, 409,
               envelope("INVALID_STATE", "The dead letter is being retried already"));
  EXPECT_EQ(discard_dead_letter(context_, kId), 1);
  EXPECT_THAT(error_.str(), HasSubstr("is being retried already"));
}

}  // namespace
}  // namespace r8r::cli
