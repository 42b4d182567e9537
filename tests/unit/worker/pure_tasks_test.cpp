// Pure segments: run, answered together, acknowledged after that.
#include <boost/asio/post.hpp>

#include "common/journal/journal_entry.hpp"
#include "services/worker/result_sender.hpp"
#include "tests/unit/worker/task_runner_fixture.hpp"

namespace r8r::worker {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

constexpr const char* kChain = R"(
name: flow
nodes:
  - {id: one, type: transform, config: {expression: '(input.v ?? 0) + 1'}}
  - {id: two, type: transform, depends_on: one, config: {expression: 'input + 1'}}
)";

class PureTasks : public TaskRunnerFixture {};

TEST_F(PureTasks, SegmentRunsAndItsResultIsPublishedBeforeTheAck) {
  add_workflow(kChain);
  bus::Task job = task({"one", "two"}, 42);
  job.input = R"({"v":10})";
  deliver("m1", {job});
  ASSERT_TRUE(run_until([&] { return acked("m1"); }));
  EXPECT_THAT(happened_, ElementsAre("publish r8r.result.7", "ack m1"));
  const auto results = bus_.results();
  ASSERT_THAT(results, SizeIs(1));
  EXPECT_EQ(results[0].execution_id, job.execution_id);
  EXPECT_EQ(results[0].dispatch_id, 42);
  EXPECT_EQ(results[0].epoch, 7);
  EXPECT_EQ(results[0].worker, "w-1");
  EXPECT_EQ(results[0].error, "");
  ASSERT_THAT(results[0].nodes, SizeIs(2));
  EXPECT_EQ(results[0].nodes[0].output, "11");
  EXPECT_EQ(results[0].nodes[1].node_id, "two");
  EXPECT_EQ(results[0].nodes[1].output, "12");
  EXPECT_GE(results[0].nodes[1].finished_at, results[0].nodes[1].started_at);
}

TEST_F(PureTasks, ResultsForOneSchedulerShareAMessage) {
  add_workflow(kChain);
  bus::Task other = task({"one"}, 3);
  other.epoch = 8;
  deliver("m1", {task({"one"}, 1), task({"one"}, 2), other});
  deliver("m2", {task({"one"}, 4)});
  ASSERT_TRUE(run_until([&] { return acked("m1") && acked("m2"); }));
  EXPECT_THAT(happened_, ElementsAre("publish r8r.result.7", "publish r8r.result.8", "ack m1", "ack m2"));
  EXPECT_THAT(bus_.results(), SizeIs(4));
}

TEST_F(PureTasks, RedeliveredMessageRunsAgain) {
  add_workflow(kChain);
  const bus::Task job = task({"one"});
  deliver("m1", {job});
  ASSERT_TRUE(run_until([&] { return acked("m1"); }));
  deliver("m1-again", {job}, 2);
  ASSERT_TRUE(run_until([&] { return acked("m1-again"); }));
  EXPECT_THAT(bus_.results(), SizeIs(2));
}

TEST_F(PureTasks, MalformedMessageIsDropped) {
  for (const char* data : {"", "garbage", "{\"v\":1,\"items\":[{\"execution_id\":7}]}", "{\"v\":1,\"items\":[]}"}) {
    happened_.clear();
    bus::QueueMessage message;
    message.ack_subject = "bad";
    message.data = data;
    runner().take({message});
    EXPECT_THAT(happened_, ElementsAre("ack bad")) << data;
  }
  EXPECT_EQ(runner().room(), concurrency_);
}

TEST_F(PureTasks, TaskThatWasDeliveredTooOftenIsAnsweredWithAnError) {
  add_workflow(kChain);
  deliver("m1", {task({"one"})}, 5);
  ASSERT_TRUE(run_until([&] { return acked("m1"); }));
  EXPECT_EQ(bus_.results().back().error, "") << "the fifth delivery still runs";
  deliver("m2", {task({"one"}), task({"one"})}, 6);
  ASSERT_TRUE(run_until([&] { return acked("m2"); }));
  ASSERT_THAT(bus_.results(), SizeIs(3));
  EXPECT_EQ(bus_.results()[1].error, "task was delivered 5 times without a result");
  EXPECT_THAT(bus_.results()[1].nodes, SizeIs(0));
}

TEST_F(PureTasks, NothingIsAcknowledgedThatTheBusDidNotTake) {
  add_workflow(kChain);
  bus_.connected = false;
  deliver("m1", {task({"one"})});
  ASSERT_TRUE(run_until([&] { return has("refused r8r.result.7"); }));
  ASSERT_TRUE(run_until([&] { return runner().room() == concurrency_; }));
  EXPECT_FALSE(acked("m1"));
  EXPECT_FALSE(given_back("m1"));
}

TEST_F(PureTasks, WorkflowThatIsNotAtHandIsLoaded) {
  workflows_.stored[{workflow_id_, 1}] = load(kChain);
  deliver("m1", {task({"one"})});
  ASSERT_TRUE(run_until([&] { return acked("m1"); }));
  EXPECT_EQ(bus_.results().at(0).nodes.at(0).output, "1");
}

TEST_F(PureTasks, UnknownWorkflowVersionIsAnError) {
  deliver("m1", {task({"one"})});
  ASSERT_TRUE(run_until([&] { return acked("m1"); }));
  EXPECT_THAT(bus_.results().at(0).error, HasSubstr("does not exist"));
}

TEST_F(PureTasks, UnknownNodeIsAnError) {
  add_workflow(kChain);
  deliver("m1", {task({"one", "nowhere"})});
  ASSERT_TRUE(run_until([&] { return acked("m1"); }));
  EXPECT_EQ(bus_.results().at(0).error, "the workflow has no node 'nowhere'");
}

TEST_F(PureTasks, DatabaseThatIsAwayIsWaitedForWhileTheMessageIsKept) {
  workflows_.away = true;
  workflows_.stored[{workflow_id_, 1}] = load(kChain);
  deliver("m1", {task({"one"})});
  ASSERT_TRUE(run_until([&] { return workflows_.loads >= 2 && queue_.in_progress_of["m1"] >= 1; }));
  EXPECT_FALSE(acked("m1"));
  EXPECT_EQ(runner().room(), concurrency_ - 1);
  workflows_.away = false;
  ASSERT_TRUE(run_until([&] { return acked("m1"); }));
  EXPECT_EQ(bus_.results().at(0).nodes.at(0).output, "1");
}

TEST_F(PureTasks, InputByReferenceIsReadFromTheRow) {
  add_workflow(kChain);
  payloads_.input_text = R"({"v":99})";
  bus::Task job = task({"one"});
  job.input.reset();
  job.input_by_reference = true;
  deliver("m1", {job});
  ASSERT_TRUE(run_until([&] { return acked("m1"); }));
  EXPECT_EQ(bus_.results().at(0).nodes.at(0).output, "100");

  payloads_.input_text.reset();
  deliver("m2", {job});
  ASSERT_TRUE(run_until([&] { return acked("m2"); }));
  EXPECT_EQ(bus_.results().at(1).error, "the execution is not live any more");
}

TEST_F(PureTasks, OutputsByReferenceAreReadFromTheJournal) {
  add_workflow(kChain);
  journal::JournalEntry entry;
  entry.node_id = "one";
  entry.has_output = true;
  std::string row = "[";
  entry.output = "5";
  journal::append_entry(row, entry);
  payloads_.journal_rows.push_back(row + "]");
  row = "[";
  entry.output = "50";  // a later run of the node
  journal::append_entry(row, entry);
  payloads_.journal_rows.push_back(row + "]");
  bus::Task job = task({"two"});
  job.outputs_by_reference = {"one"};
  deliver("m1", {job});
  ASSERT_TRUE(run_until([&] { return acked("m1"); }));
  ASSERT_THAT(bus_.results().at(0).nodes, SizeIs(1)) << bus_.results().at(0).error;
  EXPECT_EQ(bus_.results().at(0).nodes.at(0).output, "51");

  payloads_.journal_rows.clear();
  deliver("m2", {job});
  ASSERT_TRUE(run_until([&] { return acked("m2"); }));
  EXPECT_THAT(bus_.results().at(1).error, HasSubstr("the journal has no output of node 'one'"));
}

TEST_F(PureTasks, FailureWithoutRecoveryEndsTheSegment) {
  add_workflow(R"(
name: flow
nodes:
  - {id: one, type: transform, config: {expression: 'throw "no"'}}
  - {id: two, type: transform, depends_on: one, config: {expression: '1'}}
)");
  deliver("m1", {task({"one", "two"})});
  ASSERT_TRUE(run_until([&] { return acked("m1"); }));
  ASSERT_THAT(bus_.results().at(0).nodes, SizeIs(1));
  EXPECT_EQ(bus_.results().at(0).nodes[0].outcome, bus::NodeOutcome::failed);
  EXPECT_FALSE(bus_.results().at(0).nodes[0].recovery.has_value());
}

TEST_F(PureTasks, FailureWithRecoveryGoesOnWithIt) {
  add_workflow(R"(
name: flow
nodes:
  - {id: one, type: transform, config: {expression: 'throw "no"'}, on_error: {action: fallback, fallback_value: 41}}
  - {id: two, type: transform, depends_on: one, config: {expression: 'input + 1'}}
)");
  deliver("m1", {task({"one", "two"})});
  ASSERT_TRUE(run_until([&] { return acked("m1"); }));
  ASSERT_THAT(bus_.results().at(0).nodes, SizeIs(2));
  EXPECT_EQ(bus_.results().at(0).nodes[0].recovery, "41");
  EXPECT_EQ(bus_.results().at(0).nodes[1].output, "42");
}

TEST_F(PureTasks, WhatFollowsFromAWaitIsLeftOut) {
  add_workflow(R"(
name: flow
nodes:
  - {id: pause, type: wait, config: {seconds: 5}}
  - {id: after, type: transform, depends_on: pause, config: {expression: '1'}}
  - {id: later, type: transform, depends_on: after, config: {expression: '1'}}
  - {id: free, type: transform, config: {expression: '2'}}
)");
  deliver("m1", {task({"pause", "after", "later", "free"})});
  ASSERT_TRUE(run_until([&] { return acked("m1"); }));
  const auto nodes = bus_.results().at(0).nodes;
  ASSERT_THAT(nodes, SizeIs(2));
  EXPECT_EQ(nodes[0].outcome, bus::NodeOutcome::waiting);
  EXPECT_EQ(nodes[0].wait_ms, 5'000);
  EXPECT_EQ(nodes[1].node_id, "free");
}

constexpr const char* kBusy = R"(
name: flow
nodes:
  - {id: busy, type: transform, config: {expression: 'let n = 0; for i in 0..2000 { n += i; } n'}}
)";

TEST_F(PureTasks, OtherWorkGoesOnBetweenSegments) {
  add_workflow(kBusy);
  std::vector<bus::Task> many;
  for (int i = 0; i < 200; ++i) many.push_back(task({"busy"}, i));
  deliver("m1", many);
  int turns = 0;
  bool ended = false;
  std::function<void()> tick = [&] {
    ++turns;
    ended = acked("m1");
    if (!ended) asio::post(io_, [&tick] { tick(); });
  };
  tick();
  ASSERT_TRUE(run_until([&] { return ended; }));
  EXPECT_GT(turns, 5);
  EXPECT_THAT(bus_.results(), SizeIs(200));
}

TEST_F(PureTasks, UnstartedOnesAreGivenBackWhenDraining) {
  add_workflow(kBusy);
  std::vector<bus::Task> many;
  for (int i = 0; i < 200; ++i) many.push_back(task({"busy"}, i));
  deliver("m1", many);
  deliver("m2", {task({"busy"})});
  ASSERT_TRUE(run_until([&] { return !bus_.published.empty(); }));
  drain(std::chrono::seconds(1));
  EXPECT_TRUE(given_back("m1"));
  EXPECT_TRUE(given_back("m2"));
  EXPECT_FALSE(acked("m1"));
  EXPECT_LT(bus_.results().size(), 200u);
  deliver("m3", {task({"busy"})});
  EXPECT_TRUE(given_back("m3"));
  EXPECT_EQ(queue_.room, 0u);
}

TEST_F(PureTasks, OnesThatWaitForTheDatabaseAreGivenBackAtOnceWhenDraining) {
  workflows_.away = true;
  deliver("m1", {task({"one"})});
  ASSERT_TRUE(run_until([&] { return workflows_.loads >= 1; }));
  drain(std::chrono::seconds(1));
  EXPECT_TRUE(given_back("m1"));
}

TEST(ResultSize, LogsGiveWayBeforeOutputs) {
  bus::TaskResult result;
  for (int i = 0; i < 100; ++i) {
    bus::NodeResult node;
    node.node_id = "n";
    node.output = "1";
    node.logs = std::string(64 * 1024, '\x01');
    result.nodes.push_back(node);
  }
  fit_into_message(result);
  ASSERT_THAT(result.nodes, SizeIs(100));
  for (const bus::NodeResult& node : result.nodes) EXPECT_EQ(node.outcome, bus::NodeOutcome::completed);
  EXPECT_LE(bus::encode(result).size(), bus::kMessageLimit);
}

TEST(ResultSize, ShortLogsStay) {
  bus::TaskResult result;
  bus::NodeResult node;
  node.output = "\"" + std::string(1 << 20, 'x') + "\"";
  node.logs = "line";
  result.nodes.push_back(node);
  fit_into_message(result);
  EXPECT_EQ(result.nodes[0].logs, "line");
}

}  // namespace
}  // namespace r8r::worker
