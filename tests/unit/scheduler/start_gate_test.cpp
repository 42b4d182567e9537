#include "services/scheduler/start_gate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace r8r::scheduler {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class Gate : public testing::Test {
 protected:
  Uuid wait(const std::string& key, StartGate::Limits limits) {
    const Uuid id = Uuid::v7();
    gate.add_waiting(id, {workflow, key}, limits);
    return id;
  }
  std::vector<Uuid> admit() { return gate.admit(now).ids; }

  StartGate gate;
  Uuid workflow = Uuid::v7();
  Timestamp now = from_unix_us(1'768'919'400'000'000);
};

TEST_F(Gate, SoManyAtOnceInTheOrderOfTheirAcceptance) {
  const StartGate::Limits two{.at_once = 2};
  std::vector<Uuid> ids;
  for (int i = 0; i < 4; ++i) ids.push_back(wait("", two));
  EXPECT_THAT(admit(), ElementsAre(ids[0], ids[1]));
  EXPECT_THAT(admit(), IsEmpty());
  EXPECT_TRUE(gate.waits(ids[2]));
  EXPECT_EQ(gate.waiting(), 2u);
  gate.remove(ids[1]);
  EXPECT_THAT(admit(), ElementsAre(ids[2]));
  EXPECT_EQ(gate.running(workflow), 2u);
}

TEST_F(Gate, ARateCountsFromTheRecordedStart) {
  const StartGate::Limits one{.starts = 1, .per = seconds(2)};
  const Uuid first = wait("", one);
  admit();
  gate.tell_starts({workflow, ""}, {});
  EXPECT_THAT(admit(), ElementsAre(first));
  gate.started(first, now, now + std::chrono::milliseconds(30));
  const Uuid second = wait("", one);
  now += seconds(2);
  const StartGate::Admission later = gate.admit(now);
  EXPECT_THAT(later.ids, IsEmpty());
  EXPECT_EQ(later.next, now + std::chrono::milliseconds(30));
  now += std::chrono::milliseconds(30);
  EXPECT_THAT(admit(), ElementsAre(second));
}

TEST_F(Gate, AStartThatDidNotComeAboutDoesNotCount) {
  const StartGate::Limits one{.starts = 1, .per = seconds(3'600)};
  const Uuid id = wait("k", one);
  gate.tell_starts({workflow, "k"}, {});
  ASSERT_THAT(admit(), ElementsAre(id));
  gate.take_back(id, now);
  gate.remove(id);
  const Uuid again = wait("k", one);
  now += seconds(1);
  EXPECT_THAT(admit(), ElementsAre(again));
}

TEST_F(Gate, WhatRunsAlreadyHoldsItsSlot) {
  const Uuid before = Uuid::v7();
  gate.add_running(before, {workflow, ""});
  gate.add_running(before, {workflow, ""});
  const Uuid next = wait("", {.at_once = 1});
  EXPECT_THAT(admit(), IsEmpty());
  gate.remove(before);
  EXPECT_THAT(admit(), ElementsAre(next));
  gate.remove(next);
  EXPECT_THAT(admit(), IsEmpty());
  EXPECT_TRUE(gate.empty());
}

TEST_F(Gate, KeysTakeTurns) {
  const StartGate::Limits one{.at_once = 1};
  std::vector<Uuid> many;
  for (int i = 0; i < 3; ++i) many.push_back(wait("many", one));
  const Uuid few = wait("few", one);
  std::vector<Uuid> order;
  for (int i = 0; i < 4; ++i) {
    const std::vector<Uuid> ids = admit();
    ASSERT_THAT(ids, SizeIs(1));
    order.push_back(ids[0]);
    gate.remove(ids[0]);
  }
  EXPECT_THAT(order, ElementsAre(few, many[0], many[1], many[2]));
}

TEST_F(Gate, OneOfAnotherWorkflowDoesNotWait) {
  wait("", {.at_once = 1});
  const Uuid other = Uuid::v7();
  gate.add_waiting(other, {Uuid::v7(), ""}, {.at_once = 1});
  EXPECT_THAT(admit(), SizeIs(2));
}

TEST_F(Gate, ARateNeedsToKnowWhatStartedBefore) {
  const StartGate::Limits limits{.starts = 2, .per = seconds(10)};
  const Uuid first = wait("k", limits);
  const Uuid second = wait("k", limits);
  StartGate::Admission admission = gate.admit(now);
  EXPECT_THAT(admission.ids, IsEmpty());
  ASSERT_THAT(admission.unknown, SizeIs(1));
  EXPECT_EQ(admission.unknown[0].place.key, "k");
  EXPECT_EQ(admission.unknown[0].limits.per, seconds(10));
  EXPECT_THAT(gate.admit(now).unknown, IsEmpty()) << "asked once";
  gate.forget_question(admission.unknown[0].place);
  EXPECT_THAT(gate.admit(now).unknown, SizeIs(1)) << "and again when there was no answer";

  gate.tell_starts({workflow, "k"}, {now - seconds(4)});
  admission = gate.admit(now);
  EXPECT_THAT(admission.ids, ElementsAre(first));
  EXPECT_EQ(admission.next, now + seconds(6)) << "when the one from before leaves the window";
  now += seconds(6);
  EXPECT_THAT(admit(), ElementsAre(second));
}

TEST_F(Gate, ARateCountsStartsAndNotWhatRuns) {
  const StartGate::Limits limits{.starts = 1, .per = seconds(10)};
  gate.tell_starts({workflow, "a"}, {});
  gate.tell_starts({workflow, "b"}, {});
  const Uuid a1 = wait("a", limits);
  const Uuid a2 = wait("a", limits);
  const Uuid b1 = wait("b", limits);
  EXPECT_THAT(admit(), testing::UnorderedElementsAre(a1, b1));
  gate.remove(a1);
  EXPECT_THAT(admit(), IsEmpty()) << "its end gives no other start";
  now += seconds(10);
  EXPECT_THAT(admit(), ElementsAre(a2));
}

TEST_F(Gate, BothLimitsHold) {
  const StartGate::Limits limits{.at_once = 1, .starts = 5, .per = seconds(10)};
  gate.tell_starts({workflow, ""}, {});
  const Uuid first = wait("", limits);
  const Uuid second = wait("", limits);
  EXPECT_THAT(admit(), ElementsAre(first));
  EXPECT_THAT(admit(), IsEmpty());
  gate.remove(first);
  EXPECT_THAT(admit(), ElementsAre(second));
}

TEST_F(Gate, WhatDoesNotWaitAnyMoreIsNotAdmitted) {
  const Uuid first = wait("", {.at_once = 1});
  const Uuid second = wait("", {.at_once = 1});
  const Uuid third = wait("", {.at_once = 1});
  EXPECT_THAT(admit(), ElementsAre(first));
  gate.remove(second);
  gate.remove(first);
  EXPECT_THAT(admit(), ElementsAre(third));
}

}  // namespace
}  // namespace r8r::scheduler
