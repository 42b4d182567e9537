// Nodes that ask people how to go on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/expr/json.hpp"
#include "tests/simulation/play/play.hpp"

namespace r8r {
namespace {

using engine::Verdict;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::SizeIs;

constexpr std::string_view kAsk = R"(
settings: {timeout_seconds: 100}
nodes:
  - {id: a, type: transform, config: {expression: '{amount: input.n}'}}
  - {id: ask, type: approval, depends_on: a,
     config: {title: 'Pay {{ input.amount }}?', description: please, assign_to: ann, groups: [finance, ops]}}
  - {id: end, type: transform, depends_on: ask, config: {expression: 'input.status + "/" + input.decision + "/" + input.comment'}}
)";

TEST(Approval, AsksAndGoesOnWithTheDecision) {
  Play play(kAsk, R"({"n":5})");
  play.run();
  ASSERT_THAT(play.approvals(), SizeIs(1));
  const engine::ApprovalChange asked = play.approvals().front();
  ASSERT_TRUE(asked.asked);
  EXPECT_EQ(asked.asked->title, "Pay 5?");
  EXPECT_EQ(asked.asked->description, "please");
  EXPECT_EQ(asked.asked->assignee, "ann");
  EXPECT_THAT(asked.asked->groups, testing::ElementsAre("finance", "ops"));
  EXPECT_EQ(asked.asked->input, R"({"amount":5})");
  EXPECT_FALSE(asked.expires_at);
  EXPECT_EQ(play.machine().status(), "waiting_for_approval");
  EXPECT_EQ(play.states(), "a completed, ask asking");
  EXPECT_EQ(*play.machine().open_question(),
            R"({"approval_id":")" + asked.id.to_string() +
                R"(","status":"pending","title":"Pay 5?","description":"please","expires_at":null,)"
                R"("default_action":null,"assignee":"ann","groups":["finance","ops"]})");

  EXPECT_EQ(play.machine().decide(Uuid::v7(), Verdict{}, play.now).error().code, ErrorCode::conflict_error);
  play.carry_out(*play.machine().decide(asked.id, {.approved = true, .comment = "ok", .decided_by = "bob"}, play.now));
  EXPECT_EQ(play.machine().decide(asked.id, Verdict{}, play.now).error().code, ErrorCode::conflict_error) << "once";
  ASSERT_THAT(play.approvals(), SizeIs(2));
  EXPECT_TRUE(play.approvals().back().decided->approved);
  play.run();
  EXPECT_EQ(play.output(), R"("approved/approve/ok")");
  const auto output = expr::parse_json(play.output_of("ask"));
  ASSERT_TRUE(output);
  EXPECT_EQ(output->as_map().find("decided_by")->as_string(), "bob");
  EXPECT_EQ(output->as_map().find("title")->as_string(), "Pay 5?");
}

TEST(Approval, TheTimeInWhichPeopleAreAskedDoesNotCount) {
  Play play(kAsk, "{}");
  while (play.approvals().empty()) ASSERT_TRUE(play.step());
  const Timestamp deadline = play.machine().deadline();
  play.now += seconds(1'000);
  EXPECT_FALSE(play.machine().on_deadline(play.now).end);
  play.carry_out(*play.machine().decide(play.approvals()[0].id, {.approved = true, .decided_by = "x"}, play.now));
  EXPECT_EQ(play.machine().deadline(), deadline + seconds(1'000));
}

TEST(Approval, NobodyDecidesInTime) {
  for (const bool approve : {true, false}) {
    Play play(fmt::format(R"(
nodes:
  - {{id: ask, type: approval, config: {{title: 'title "default_action":"approve"', timeout_seconds: 60, default_action: {}}}}}
)",
                          approve ? "approve" : "Reject"),
              "{}");
    const Timestamp began = play.now;
    play.run();
    EXPECT_GE(play.now - began, seconds(60));
    EXPECT_THAT(play.output(), HasSubstr(approve ? R"("status":"approved")" : R"("status":"rejected")"));
    EXPECT_THAT(play.output(), HasSubstr(R"("decided_by":"timeout")"));
    EXPECT_EQ(play.status(), "completed");
  }
}

constexpr std::string_view kRouted = R"(
nodes:
  - {id: ask, type: approval, config: {title: t, on_reject: [sorry]}}
  - {id: pay, type: transform, depends_on: ask, config: {expression: '"paid"'}}
  - {id: sorry, type: transform, depends_on: ask, config: {expression: '"sorry"'}}
  - {id: end, type: transform, depends_on: [pay, sorry], config: {expression: input}}
)";

TEST(Approval, RejectedLeadsToOnReject) {
  for (const bool approved : {true, false}) {
    Play play(kRouted, "{}");
    play.run();
    ASSERT_THAT(play.approvals(), SizeIs(1));
    play.carry_out(*play.machine().decide(play.approvals()[0].id, {.approved = approved, .decided_by = "x"}, play.now));
    play.run();
    EXPECT_EQ(play.output(), approved ? R"({"pay":"paid"})" : R"({"sorry":"sorry"})");
  }
}

TEST(Approval, ACancelledExecutionAsksNoMore) {
  Play play(kAsk, "{}");
  play.run();
  play.carry_out(*play.machine().cancel("enough", play.now));
  EXPECT_EQ(play.status(), "cancelled");
  EXPECT_FALSE(play.machine().decide(play.approvals()[0].id, {.approved = true}, play.now));
}

TEST(Approval, SurvivesWhateverHappensToItsOwner) {
  for (std::uint64_t seed = 1; seed <= 200 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    Play play(R"(
nodes:
  - {id: a, type: http, config: {url: 'https://a/'}}
  - {id: ask, type: approval, config: {title: one, timeout_seconds: 50, default_action: approve}}
  - {id: again, type: approval, depends_on: [a, ask], config: {title: two, on_reject: no}}
  - {id: yes, type: http, depends_on: again, config: {url: 'https://yes/'}}
  - {id: no, type: transform, depends_on: again, config: {expression: '1'}}
)",
              "{}", {.seed = seed, .crashes = 20, .duplicates = 20});
    play.run();
    ASSERT_EQ(play.states(), "a completed, ask completed, again asking");
    std::size_t asked = 0;
    for (const engine::ApprovalChange& change : play.approvals()) asked += change.asked ? 1 : 0;
    EXPECT_EQ(asked, 2u) << "nobody is asked twice";
    const bool approved = seed % 2 == 0;
    play.carry_out(
        *play.machine().decide(play.approvals().back().id, {.approved = approved, .decided_by = "x"}, play.now));
    play.run();
    EXPECT_EQ(play.states(), approved ? "a completed, ask completed, again completed, yes completed, no skipped"
                                      : "a completed, ask completed, again completed, yes skipped, no completed");
  }
}

}  // namespace
}  // namespace r8r
