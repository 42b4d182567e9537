// Approvals: asked, listed, decided once, and what comes of it.
#include <gmock/gmock.h>

#include <thread>

#include "tests/integration/stack_fixture.hpp"

namespace r8r::test {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

class Approvals : public StackTest {
 protected:
  static constexpr const char* kPay = R"(
name: pay
nodes:
  - {id: ask, type: approval, config: {title: 'Pay {{ input.n }}?', assign_to: ann, groups: [finance, ops], on_reject: sorry}}
  - {id: paid, type: transform, depends_on: ask, config: {expression: '"paid: " + input.comment'}}
  - {id: sorry, type: transform, depends_on: ask, config: {expression: '"sorry: " + input.comment'}}
)";

  Json approval_of(const std::string& execution) {
    const Json list = stack().get("/api/approvals?execution_id=" + execution).json();
    return list["approvals"].empty() ? Json() : list["approvals"][0];
  }
  HttpAnswer decide(const std::string& approval, const Json& body, int api = 0) {
    return stack().post("/api/approvals/" + approval + "/decide", body, api);
  }
  std::string ask(int n) {
    stack().create(kPay);
    const Json waiting = stack().execute("pay", {{"n", n}});
    EXPECT_EQ(waiting["status"], "waiting_for_approval") << waiting;
    return waiting.value("execution_id", "");
  }
};

TEST_F(Approvals, AnExecutionWaitsForAPersonAndGoesOn) {
  stack().create(kPay);
  const Json waiting = stack().execute("pay", {{"n", 5}});
  ASSERT_EQ(waiting["status"], "waiting_for_approval") << waiting;
  const std::string execution = waiting.value("execution_id", "");
  EXPECT_EQ(stack().get("/api/executions/" + execution).json()["status"], "waiting_for_approval");
  const Json approval = approval_of(execution);
  const std::string id = approval.value("id", "");
  EXPECT_EQ(waiting["output"]["approval_id"], id);
  EXPECT_EQ(waiting["output"]["status"], "pending");
  EXPECT_EQ(approval["title"], "Pay 5?");
  EXPECT_EQ(approval["status"], "pending");
  EXPECT_EQ(approval["node_id"], "ask");
  EXPECT_EQ(approval["workflow_name"], "pay");
  EXPECT_EQ(approval["assignee"], "ann");
  EXPECT_EQ(approval["groups"], Json({"finance", "ops"}));
  EXPECT_EQ(approval["context_data"]["input"], Json({{"n", 5}}));
  EXPECT_TRUE(approval["decided_at"].is_null());
  EXPECT_EQ(stack().get("/api/approvals/" + id, 1).json(), approval);

  const HttpAnswer answer = decide(id, {{"decision", "approve"}, {"comment", "fine"}, {"decided_by", "bob"}}, 1);
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.json()["execution_id"], execution);
  EXPECT_EQ(answer.json()["execution_status"], "completed");
  EXPECT_EQ(answer.json()["output"], "paid: fine");
  EXPECT_EQ(answer.json()["approval"]["status"], "approved");
  EXPECT_EQ(answer.json()["approval"]["decided_by"], "bob");
  EXPECT_EQ(answer.json()["approval"]["decision_comment"], "fine");
  EXPECT_FALSE(answer.json()["approval"]["decided_at"].is_null());
  const HttpAnswer again = decide(id, {{"decision", "reject"}});
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(again.json()["error"]["code"], "CONFLICT_ERROR");
  EXPECT_THAT(again.body, HasSubstr("approved already"));
}

TEST_F(Approvals, ARejectionGoesWhereOnRejectSays) {
  const std::string id = approval_of(ask(7)).value("id", "");
  const HttpAnswer answer = decide(id, {{"decision", "reject"}, {"comment", "too much"}});
  EXPECT_EQ(answer.json()["output"], "sorry: too much") << answer.body;
  EXPECT_EQ(answer.json()["approval"]["decided_by"], "api");
}

TEST_F(Approvals, OfTwoAnswersAtOnceOneCounts) {
  for (int round = 0; round < 5; ++round) {
    const std::string id = approval_of(ask(round)).value("id", "");
    HttpAnswer answers[2];
    std::thread other([&] { answers[1] = decide(id, {{"decision", "reject"}, {"decided_by", "two"}}, 1); });
    answers[0] = decide(id, {{"decision", "approve"}, {"decided_by", "one"}}, 0);
    other.join();
    EXPECT_EQ(answers[0].status + answers[1].status, 200 + 409) << answers[0].body << answers[1].body;
    const Json row = stack().get("/api/approvals/" + id).json();
    EXPECT_EQ(row["decided_by"], answers[0].status == 200 ? "one" : "two");
  }
}

TEST_F(Approvals, WrongDecisionsAreRefusedAndChangeNothing) {
  const std::string id = approval_of(ask(1)).value("id", "");
  EXPECT_EQ(decide(id, Json::object()).json()["error"]["code"], "MISSING_FIELD");
  EXPECT_EQ(decide(id, {{"decision", "maybe"}}).json()["error"]["code"], "INVALID_FIELD");
  EXPECT_EQ(decide("0199a1b2-c3d4-7e5f-8a6b-0123456789ab", {{"decision", "approve"}}).json()["error"]["code"],
            "APPROVAL_NOT_FOUND");
  EXPECT_EQ(decide("nonsense", {{"decision", "approve"}}).status, 404);
  EXPECT_EQ(stack().get("/api/approvals?status=bogus").json()["error"]["code"], "INVALID_FIELD");
  EXPECT_EQ(stack().get("/api/approvals/" + id).json()["status"], "pending");
}

TEST_F(Approvals, TheListHasFiltersAndPages) {
  stack().create(R"(
name: listed
nodes: [{id: ask, type: approval, config: {title: 'n{{ input.n }}', assignee: 'w{{ input.n % 2 }}', groups: ['g{{ input.n }}', all]}}]
)");
  for (int n = 0; n < 5; ++n) stack().execute("listed", {{"n", n}});
  const auto titles = [&](const std::string& query) {
    std::string all;
    const Json page = stack().get("/api/approvals?workflow=listed&" + query).json();
    for (const Json& approval : page["approvals"]) all += approval.value("title", "?");
    EXPECT_EQ(page["count"], page["approvals"].size());
    return all;
  };
  EXPECT_EQ(titles("status=pending"), "n4n3n2n1n0") << "newest first";
  EXPECT_EQ(titles("assignee=w1"), "n3n1");
  EXPECT_EQ(titles("group=g2"), "n2");
  EXPECT_EQ(titles("group=all&limit=2"), "n4n3");
  EXPECT_EQ(titles("offset=3"), "n1n0");
  const Json first = stack().get("/api/approvals?workflow=listed&limit=2").json();
  EXPECT_EQ(titles("limit=2&cursor=" + first.value("next_cursor", "")), "n2n1");
  EXPECT_EQ(titles("status=approved"), "");
}

TEST_F(Approvals, WhatHappensWhenNobodyDecides) {
  stack().create(R"(
name: impatient-ask
nodes: [{id: ask, type: approval, config: {title: t, timeout_seconds: 0.5, default_action: approve}}]
)");
  const std::string execution = stack().submit("impatient-ask", Json::object());
  const Json ended = stack().wait_end(execution);
  EXPECT_EQ(ended["output"]["status"], "approved") << ended;
  EXPECT_EQ(ended["output"]["decided_by"], "timeout");
  const Json approval = approval_of(execution);
  EXPECT_EQ(approval["status"], "approved");
  EXPECT_EQ(approval["decided_by"], "timeout");
}

TEST_F(Approvals, TheTimeoutOfTheWorkflowDoesNotCountWhileAsking) {
  stack().create(R"(
name: short-ask
settings: {timeout_seconds: 1}
nodes: [{id: ask, type: approval, config: {title: t, timeout_seconds: 2.5, default_action: reject}}]
)");
  const Json ended = stack().wait_end(stack().submit("short-ask", Json::object()));
  EXPECT_EQ(ended["status"], "completed") << ended;
}

TEST_F(Approvals, TheyExpireWithTheirExecution) {
  const std::string execution = ask(3);
  const std::string id = approval_of(execution).value("id", "");
  EXPECT_EQ(stack().post("/api/executions/" + execution + "/cancel", Json::object()).status, 200);
  EXPECT_EQ(stack().get("/api/approvals/" + id).json()["status"], "expired");
  const HttpAnswer late = decide(id, {{"decision", "approve"}});
  EXPECT_EQ(late.status, 409);
  EXPECT_THAT(late.body, HasSubstr("expired"));
}

TEST(ApprovalOutages, AQuestionSurvivesTheDeathOfEveryScheduler) {
  Stack stack;
  stack.start();
  stack.create("name: ask\nnodes: [{id: ask, type: approval, config: {title: t}}]\n");
  const Json waiting = stack.execute("ask", Json::object());
  ASSERT_EQ(waiting["status"], "waiting_for_approval") << waiting;
  for (int i = 0; i < 2; ++i) stack.service("r8r-scheduler", i).kill();
  for (int i = 0; i < 2; ++i) stack.service("r8r-scheduler", i).start();
  const std::string id = waiting["output"].value("approval_id", "");
  const HttpAnswer answer = stack.post("/api/approvals/" + id + "/decide", {{"decision", "approve"}});
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.json()["execution_status"], "completed") << answer.body;
  EXPECT_EQ(stack.query("select count(*) from approvals"), "1");
}

}  // namespace
}  // namespace r8r::test
