// Effect tasks: each attempt once, its result until somebody has it.
#include "common/journal/journal_entry.hpp"
#include "tests/unit/worker/task_runner_fixture.hpp"

namespace r8r::worker {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;
using namespace std::chrono_literals;

constexpr const char* kCall = R"(
name: flow
nodes:
  - {id: call, type: http, config: {url: 'http://x/{{ input.path }}'}, timeout_seconds: 9}
)";

class EffectTasks : public TaskRunnerFixture {
 protected:
  void SetUp() override { add_workflow(kCall); }
};

TEST_F(EffectTasks, ResultGoesToTheOwnerAndTheMessageIsAcknowledgedAfterItsAnswer) {
  bus::Task job = effect_task(11);
  job.input = R"({"path":"a"})";
  job.attempt = 3;
  deliver("m1", {job});
  ASSERT_TRUE(run_until([&] { return effect_.begun == 1; }));
  EXPECT_EQ(effect_.contexts[0].idempotency_key, job.execution_id.to_string() + ":call:3");
  EXPECT_EQ(effect_.contexts[0].timeout, 9s);
  EXPECT_EQ(effect_.configs[0].as_map().find("url")->as_string(), "http://x/a");
  EXPECT_THAT(happened_, SizeIs(0));
  effect_.release();
  ASSERT_TRUE(run_until([&] { return acked("m1"); }));
  EXPECT_THAT(happened_, ElementsAre("request r8r.effect.5", "ack m1"));
  const bus::TaskResult result = bus_.results().at(0);
  EXPECT_EQ(result.dispatch_id, 11);
  EXPECT_EQ(result.attempt, 3);
  ASSERT_THAT(result.nodes, SizeIs(1));
  EXPECT_EQ(result.nodes[0].output, "\"done\"");
}

TEST_F(EffectTasks, ResultIsSentUntilSomebodyAnswers) {
  bus_.silent_for = 4;
  effect_.release();
  deliver("m1", {effect_task()});
  ASSERT_TRUE(run_until([&] { return acked("m1"); }));
  EXPECT_EQ(bus_.requests, 5);
  EXPECT_EQ(effect_.begun, 1);
}

TEST_F(EffectTasks, OwnerAndQueueAreToldThatItRuns) {
  const bus::Task job = effect_task(3);
  deliver("m1", {job});
  ASSERT_TRUE(run_until([&] { return bus_.progress.size() >= 2 && queue_.in_progress_of["m1"] >= 2; }));
  EXPECT_EQ(bus_.progress[0].first, "r8r.progress.5");
  const auto items = bus::decode<bus::Progress>(bus_.progress[0].second);
  ASSERT_TRUE(items);
  ASSERT_THAT(*items, SizeIs(1));
  EXPECT_EQ((*items)[0].execution_id, job.execution_id);
  EXPECT_EQ((*items)[0].dispatch_id, 3);
  EXPECT_EQ((*items)[0].worker, "w-1");
}

TEST_F(EffectTasks, TheyAreStillToldWhileTheResultIsUnanswered) {
  bus_.silent_for = 1'000;
  effect_.release();
  deliver("m1", {effect_task()});
  ASSERT_TRUE(run_until([&] { return bus_.requests >= 2; }));
  const int before = queue_.in_progress_of["m1"];
  const std::size_t progress = bus_.progress.size();
  ASSERT_TRUE(run_until([&] { return queue_.in_progress_of["m1"] > before && bus_.progress.size() > progress; }));
  EXPECT_FALSE(acked("m1"));
}

TEST_F(EffectTasks, CancelStopsItAndSendsNothing) {
  const bus::Task job = effect_task();
  deliver("m1", {job});
  deliver("other", {effect_task()});
  ASSERT_TRUE(run_until([&] { return effect_.begun == 2; }));
  runner().cancel_execution(job.execution_id);
  ASSERT_TRUE(run_until([&] { return acked("m1"); }));
  EXPECT_EQ(effect_.cancelled, 1);
  EXPECT_THAT(bus_.results(), SizeIs(0));
  EXPECT_FALSE(acked("other"));
}

TEST_F(EffectTasks, CancelMayBeAboutOneAttempt) {
  bus::Task first = effect_task(1);
  bus::Task second = effect_task(2);
  second.execution_id = first.execution_id;
  deliver("m1", {first});
  deliver("m2", {second});
  ASSERT_TRUE(run_until([&] { return effect_.begun == 2; }));
  runner().cancel_execution(first.execution_id, 2);
  ASSERT_TRUE(run_until([&] { return acked("m2"); }));
  EXPECT_EQ(effect_.cancelled, 1);
  EXPECT_FALSE(acked("m1"));
}

TEST_F(EffectTasks, OneThatMayRunOnlyOnceIsNotRunWhenItComesAgain) {
  bus::Task job = effect_task();
  job.at_most_once = true;
  deliver("m1", {job}, 2);
  ASSERT_TRUE(run_until([&] { return acked("m1"); }));
  EXPECT_EQ(effect_.begun, 0);
  EXPECT_EQ(bus_.results().at(0).error, "worker lost");
}

TEST_F(EffectTasks, OneThatMayRunOnlyOnceGoesOnWhereItRunsAlready) {
  bus::Task job = effect_task();
  job.at_most_once = true;
  deliver("m1", {job});
  ASSERT_TRUE(run_until([&] { return effect_.begun == 1; }));
  deliver("again", {job}, 2);
  effect_.release();
  ASSERT_TRUE(run_until([&] { return acked("m1") && acked("again"); }));
  ASSERT_THAT(bus_.results(), SizeIs(1));
  EXPECT_EQ(bus_.results().at(0).error, "");
}

TEST_F(EffectTasks, AnItemSeesItselfAndSaysWhichItIs) {
  add_workflow(R"(
name: flow
nodes:
  - {id: call, type: http, for_each: true, config: {url: 'http://x/{{ item.a }}/{{ index }}/{{ input.a }}'}}
)");
  bus::Task job = effect_task();
  job.input.reset();
  job.item_count = 3;
  job.item_index = 2;
  job.item = R"({"a":7})";
  deliver("m1", {job});
  ASSERT_TRUE(run_until([&] { return effect_.begun == 1; }));
  EXPECT_THAT(effect_.contexts[0].idempotency_key, testing::HasSubstr("[2]:"));
  EXPECT_EQ(effect_.configs[0].as_map().find("url")->as_string(), "http://x/7/2/7");
}

TEST_F(EffectTasks, ALargeItemIsReadFromTheJournal) {
  add_workflow(R"(
name: flow
nodes:
  - {id: call, type: http, for_each: true, config: {url: 'http://x/{{ item }}'}}
)");
  journal::JournalEntry entry;
  entry.kind = journal::EntryKind::expanded;
  entry.node_id = "call";
  entry.items = {"1", "\"two\""};
  std::string row = "[";
  journal::append_entry(row, entry);
  payloads_.journal_rows.push_back(row + "]");
  bus::Task job = effect_task();
  job.input.reset();
  job.item_count = 2;
  job.item_index = 1;
  job.item_by_reference = true;
  deliver("m1", {job});
  ASSERT_TRUE(run_until([&] { return effect_.begun == 1; }));
  EXPECT_EQ(effect_.configs[0].as_map().find("url")->as_string(), "http://x/two");
}

TEST_F(EffectTasks, CancelAlsoEndsTheSendingOfAResult) {
  bus_.silent_for = 1'000;
  effect_.release();
  const bus::Task job = effect_task();
  deliver("m1", {job});
  ASSERT_TRUE(run_until([&] { return bus_.requests >= 2; }));
  runner().cancel_execution(job.execution_id);
  ASSERT_TRUE(run_until([&] { return acked("m1"); }));
}

TEST_F(EffectTasks, CancelReachesOnesThatHaveNotBegun) {
  concurrency_ = 1;
  const bus::Task waiting = effect_task();
  deliver("m1", {effect_task()});
  deliver("m2", {waiting});
  ASSERT_TRUE(run_until([&] { return effect_.begun == 1; }));
  runner().cancel_execution(waiting.execution_id);
  EXPECT_TRUE(acked("m2"));
  effect_.release();
  ASSERT_TRUE(run_until([&] { return acked("m1"); }));
  EXPECT_EQ(effect_.begun, 1);
}

TEST_F(EffectTasks, SecondDeliveryJoinsTheOneThatRuns) {
  const bus::Task job = effect_task();
  deliver("m1", {job});
  ASSERT_TRUE(run_until([&] { return effect_.begun == 1; }));
  deliver("m1-again", {job}, 2);
  effect_.release();
  ASSERT_TRUE(run_until([&] { return acked("m1") && acked("m1-again"); }));
  EXPECT_EQ(effect_.begun, 1);
  EXPECT_THAT(bus_.results(), SizeIs(1));
}

TEST_F(EffectTasks, DeliveryOfAnAnsweredAttemptIsOnlyAcknowledged) {
  effect_.release();
  bus::Task job = effect_task();
  deliver("m1", {job});
  ASSERT_TRUE(run_until([&] { return acked("m1"); }));
  deliver("m1-again", {job}, 2);
  EXPECT_TRUE(acked("m1-again"));
  EXPECT_EQ(effect_.begun, 1);
  job.attempt = 2;
  deliver("m2", {job});
  ASSERT_TRUE(run_until([&] { return acked("m2"); }));
  EXPECT_EQ(effect_.begun, 2) << "another attempt is another run";
}

TEST_F(EffectTasks, CopyOfANewOwnerChangesWhomTheAnswerIsFor) {
  bus::Task job = effect_task();
  deliver("m1", {job});
  ASSERT_TRUE(run_until([&] { return effect_.begun == 1; }));
  job.epoch = 9;
  deliver("m2", {job});
  effect_.release();
  ASSERT_TRUE(run_until([&] { return acked("m1") && acked("m2"); }));
  EXPECT_EQ(effect_.begun, 1);
  EXPECT_EQ(bus_.results().at(0).epoch, 9);
}

TEST_F(EffectTasks, NoMoreThanTheConcurrencyRun) {
  concurrency_ = 2;
  EXPECT_EQ((runner(), queue_.room), 2u);
  for (int i = 0; i < 5; ++i) deliver("m" + std::to_string(i), {effect_task(i)});
  ASSERT_TRUE(run_until([&] { return effect_.begun == 2; }));
  EXPECT_EQ(queue_.room, 0u);
  effect_.release();
  EXPECT_TRUE(run_until([&] { return queue_.room == 2; })) << queue_.room;
  EXPECT_EQ(effect_.begun, 5);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(acked("m" + std::to_string(i)));
}

TEST_F(EffectTasks, SeveralInOneMessageAreAcknowledgedTogether) {
  const bus::Task slow = effect_task(1);
  deliver("m1", {slow, effect_task(2)});
  ASSERT_TRUE(run_until([&] { return effect_.begun == 2; }));
  runner().cancel_execution(slow.execution_id);
  ASSERT_TRUE(run_until([&] { return effect_.cancelled == 1; }));
  EXPECT_FALSE(acked("m1"));
  effect_.release();
  ASSERT_TRUE(run_until([&] { return acked("m1"); }));
}

TEST_F(EffectTasks, OneThatWasDeliveredTooOftenIsNotRun) {
  deliver("m1", {effect_task()}, 6);
  ASSERT_TRUE(run_until([&] { return acked("m1"); }));
  EXPECT_EQ(effect_.begun, 0);
  EXPECT_THAT(happened_, ElementsAre("request r8r.effect.5", "ack m1"));
  EXPECT_EQ(bus_.results().at(0).error, "task was delivered 5 times without a result");
}

TEST_F(EffectTasks, FalseConditionSkipsWithoutRunning) {
  add_workflow("name: flow\nnodes:\n  - {id: call, type: http, condition: 'false', config: {url: 'http://x'}}\n");
  deliver("m1", {effect_task()});
  ASSERT_TRUE(run_until([&] { return acked("m1"); }));
  EXPECT_EQ(effect_.begun, 0);
  EXPECT_EQ(bus_.results().at(0).nodes.at(0).outcome, bus::NodeOutcome::skipped);
}

TEST_F(EffectTasks, TemplateThatFailsIsAPermanentFailureWithoutRunning) {
  add_workflow("name: flow\nnodes:\n  - {id: call, type: http, config: {url: '{{ parse_json(\"{\") }}'}}\n");
  deliver("m1", {effect_task()});
  ASSERT_TRUE(run_until([&] { return acked("m1"); }));
  EXPECT_EQ(effect_.begun, 0);
  const bus::NodeResult node = bus_.results().at(0).nodes.at(0);
  EXPECT_EQ(node.outcome, bus::NodeOutcome::failed);
  EXPECT_TRUE(node.permanent);
}

TEST_F(EffectTasks, FailureAndRecoveryAreReported) {
  add_workflow(
      "name: flow\nnodes:\n  - {id: call, type: http, config: {url: 'http://x'}, on_error: {action: fallback, "
      "fallback_value: {ok: false}}}\n");
  effect_.result = fail(ErrorCode::node_execution_failed, "HTTP request failed with status 500");
  effect_.release();
  deliver("m1", {effect_task()});
  ASSERT_TRUE(run_until([&] { return acked("m1"); }));
  const bus::NodeResult node = bus_.results().at(0).nodes.at(0);
  EXPECT_EQ(node.outcome, bus::NodeOutcome::failed);
  EXPECT_EQ(node.error, "HTTP request failed with status 500");
  EXPECT_EQ(node.error_code, "HTTP_ERROR");
  EXPECT_FALSE(node.permanent);
  EXPECT_EQ(node.recovery, R"({"ok":false})");
}

TEST_F(EffectTasks, TimeoutHasItsOwnCode) {
  effect_.result = fail(ErrorCode::timeout, "HTTP request to x timed out after 9 seconds");
  effect_.release();
  deliver("m1", {effect_task()});
  ASSERT_TRUE(run_until([&] { return acked("m1"); }));
  EXPECT_EQ(bus_.results().at(0).nodes.at(0).error_code, "TIMEOUT");
}

TEST_F(EffectTasks, BrokenEffectIsAnErrorAndTheWorkerGoesOn) {
  effect_.throws = true;
  deliver("m1", {effect_task()});
  ASSERT_TRUE(run_until([&] { return acked("m1"); }));
  EXPECT_EQ(bus_.results().at(0).error, "internal error: the effect is broken");
  effect_.throws = false;
  effect_.release();
  deliver("m2", {effect_task(2)});
  ASSERT_TRUE(run_until([&] { return acked("m2"); }));
}

TEST_F(EffectTasks, UnknownWorkflowIsAnError) {
  bus::Task job = effect_task();
  job.workflow_version = 9;
  deliver("m1", {job});
  ASSERT_TRUE(run_until([&] { return acked("m1"); }));
  EXPECT_THAT(bus_.results().at(0).error, HasSubstr("does not exist"));
}

TEST_F(EffectTasks, DrainingFinishesWhatRunsAndGivesBackTheRest) {
  concurrency_ = 1;
  deliver("runs", {effect_task(1)});
  deliver("waits", {effect_task(2)});
  ASSERT_TRUE(run_until([&] { return effect_.begun == 1; }));
  bool drained = false;
  asio::co_spawn(io_, runner().drain(10s), [&drained](std::exception_ptr) { drained = true; });
  ASSERT_TRUE(run_until([&] { return given_back("waits"); }));
  EXPECT_EQ(queue_.room, 0u);
  EXPECT_FALSE(drained);
  effect_.release();
  ASSERT_TRUE(run_until([&] { return drained; }));
  EXPECT_TRUE(acked("runs"));
  EXPECT_EQ(effect_.begun, 1);
}

TEST_F(EffectTasks, WhatIsNotFinishedInTimeIsGivenBack) {
  bus_.silent_for = 1'000;
  deliver("runs", {effect_task(1)});
  ASSERT_TRUE(run_until([&] { return effect_.begun == 1; }));
  drain(30ms);
  EXPECT_TRUE(given_back("runs"));
  EXPECT_FALSE(acked("runs"));
  EXPECT_EQ(effect_.cancelled, 1);
  EXPECT_THAT(bus_.results(), SizeIs(0));
}

}  // namespace
}  // namespace r8r::worker
