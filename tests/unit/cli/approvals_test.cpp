#include "cli/commands/approvals.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tests/unit/cli/fake_api.hpp"

namespace r8r::cli {
namespace {

using testing::HasSubstr;

constexpr const char* kApproval = "0199a1b2-c3d4-7e5f-8a6b-0123456789ab";
constexpr const char* kExecution = "0199a1b2-c3d4-7e5f-8a6b-0123456789ac";

std::string approval(const std::string& status = "pending") {
  return fmt::format(
      R"({{"id":"{}","execution_id":"{}","title":"Pay?","workflow_name":"pay","status":"{}","assignee":null,)"
      R"("groups":["ops","finance"],"created_at":"2026-01-20T14:30:00.000Z"}})",
      kApproval, kExecution, status);
}

class ApprovalCommandsTest : public testing::Test {
 protected:
  ApprovalCommandsTest() {
    console_.utc = true;
    fake_.answer(fmt::format("GET /api/approvals/{}", kApproval), 200, approval());
    decided("approved", "completed");
  }
  void decided(const std::string& status, const std::string& execution_status) {
    fake_.answer(fmt::format("POST /api/approvals/{}/decide", kApproval), 200,
                 fmt::format(R"({{"approval":{},"execution_id":"{}","execution_status":"{}","duration_ms":5,)"
                             R"("output":{{"paid":true}},"error":null}})",
                             approval(status), kExecution, execution_status));
  }

  FakeApi fake_;
  std::ostringstream out_;
  std::ostringstream error_;
  Console console_{out_, error_};
  ApiClient api_{fake_.url(), ""};
  Context context_{console_, api_};
};

TEST_F(ApprovalCommandsTest, ApproveSaysWhatWasDecidedAndHowItWentOn) {
  EXPECT_EQ(decide_approval(context_, {.id = kApproval, .comment = "fine", .by = "bob"}, true), 0);
  EXPECT_EQ(fake_.requests().back().body, R"({"decision":"approve","decided_by":"bob","comment":"fine"})");
  EXPECT_THAT(out_.str(), HasSubstr("approved: Pay?"));
  EXPECT_THAT(out_.str(), HasSubstr(kExecution));
  EXPECT_THAT(out_.str(), HasSubstr("completed"));
  EXPECT_THAT(out_.str(), HasSubstr("\"paid\": true"));
}

TEST_F(ApprovalCommandsTest, AnExecutionStandsForTheOneApprovalThatItWaitsFor) {
  fake_.answer(fmt::format("GET /api/approvals?status=pending&execution_id={}", kExecution), 200,
               fmt::format(R"({{"approvals":[{}],"count":1,"next_cursor":null}})", approval()));
  EXPECT_EQ(decide_approval(context_, {.id = kExecution}, false), 0);
  EXPECT_EQ(fake_.requests().back().body, R"({"decision":"reject","decided_by":"cli"})");

  fake_.answer(fmt::format("GET /api/approvals?status=pending&execution_id={}", kExecution), 200,
               fmt::format(R"({{"approvals":[{0},{0}],"count":2,"next_cursor":null}})", approval()));
  EXPECT_EQ(decide_approval(context_, {.id = kExecution}, false), 1);
  EXPECT_THAT(error_.str(), HasSubstr("waits for 2 approvals: name one of them"));
}

TEST_F(ApprovalCommandsTest, WhatIsNeitherIsNotFound) {
  fake_.answer("GET /api/approvals?status=pending&execution_id=nonsense", 400,
               envelope("INVALID_FIELD", "query 'execution_id' must be the id of an execution"));
  EXPECT_EQ(decide_approval(context_, {.id = "nonsense"}, true), 3);
  EXPECT_THAT(error_.str(), HasSubstr("there is no approval 'nonsense'"));
}

TEST_F(ApprovalCommandsTest, AFailureAfterTheDecisionIsOneUnlessAllowed) {
  decided("rejected", "failed");
  EXPECT_EQ(decide_approval(context_, {.id = kApproval}, false), 1);
  EXPECT_EQ(decide_approval(context_, {.id = kApproval, .allow_failed = true}, false), 0);
  decided("rejected", "waiting_for_approval");
  EXPECT_EQ(decide_approval(context_, {.id = kApproval}, false), 0) << "it asks again";
}

TEST_F(ApprovalCommandsTest, ADecidedOneIsRefusedAsTheServerSays) {
  fake_.answer(fmt::format("POST /api/approvals/{}/decide", kApproval), 409,
               envelope("CONFLICT_ERROR", "The approval is approved already, by ann"));
  EXPECT_EQ(decide_approval(context_, {.id = kApproval}, true), 1);
  EXPECT_THAT(error_.str(), HasSubstr("approved already, by ann"));
}

TEST_F(ApprovalCommandsTest, ListsShowWhoIsToDecide) {
  fake_.answer("GET /api/approvals?limit=50&status=pending&group=ops", 200,
               fmt::format(R"({{"approvals":[{}],"count":1,"next_cursor":null}})", approval()));
  EXPECT_EQ(list_approvals(context_, {.status = "pending", .group = "ops"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("APPROVAL ID"));
  EXPECT_THAT(out_.str(), HasSubstr("[ops, finance]"));
  fake_.answer("GET /api/approvals?status=pending&limit=20", 200, R"({"approvals":[],"count":0,"next_cursor":null})");
  EXPECT_EQ(list_pending_runs(context_, 20), 0);
  EXPECT_THAT(out_.str(), HasSubstr("No approvals."));
}

}  // namespace
}  // namespace r8r::cli
