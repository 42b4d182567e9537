// r8r db … against prepared answers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "cli/commands/db.hpp"
#include "tests/unit/cli/fake_api.hpp"

namespace r8r::cli {
namespace {

using testing::HasSubstr;

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

}  // namespace
}  // namespace r8r::cli
