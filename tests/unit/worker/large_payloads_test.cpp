#include "services/worker/large_payloads.hpp"

#include "common/store/payloads.hpp"
#include "services/worker/result_sender.hpp"
#include "tests/unit/worker/task_runner_fixture.hpp"

namespace r8r::worker {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::size_t kMiB = 1u << 20;

std::string json_text(std::size_t bytes, char c = 'x') {
  return "\"" + std::string(bytes - 2, c) + "\"";
}

bus::NodeResult completed(std::string id, std::string output) {
  bus::NodeResult node;
  node.node_id = std::move(id);
  node.output = std::move(output);
  return node;
}

TEST(LargePayloads, OnlyWhatAMessageCannotCarryIsTakenOut) {
  bus::TaskResult result;
  result.nodes.push_back(completed("a", json_text(7)));
  result.nodes.push_back(completed("b", json_text(5 * kMiB)));
  result.nodes.push_back(completed("c", json_text(kMiB)));
  const auto taken = take_out_large(result);
  ASSERT_THAT(taken, SizeIs(1));
  EXPECT_EQ(taken[0].data, json_text(5 * kMiB));
  EXPECT_EQ(taken[0].key, store::payload_key(taken[0].data));
  EXPECT_EQ(result.nodes[0].output, json_text(7));
  EXPECT_EQ(result.nodes[1].output, payload::reference(taken[0].key, 0, 5 * kMiB));
  EXPECT_EQ(result.nodes[2].output, json_text(kMiB));
}

TEST(LargePayloads, ManyThatAreNotLargeAreTakenOutWhenTogetherTheyAre) {
  bus::TaskResult result;
  for (int i = 0; i < 200; ++i) result.nodes.push_back(completed("n", json_text(100'000)));
  for (int i = 0; i < 200; ++i) result.nodes.push_back(completed("n", "null"));
  const auto taken = take_out_large(result);
  EXPECT_THAT(taken, SizeIs(1)) << "all are the same text";
  EXPECT_LE(bus::encode(result).size(), bus::kMessageLimit);
  EXPECT_EQ(result.nodes.back().output, "null");
}

TEST(LargePayloads, ItemsLieTogether) {
  bus::TaskResult result;
  bus::NodeResult node;
  node.node_id = "each";
  node.outcome = bus::NodeOutcome::expanded;
  node.output = "null";
  for (int i = 0; i < 3; ++i) node.items.push_back(json_text(2 * kMiB, static_cast<char>('a' + i)));
  result.nodes.push_back(node);
  const auto taken = take_out_large(result);
  ASSERT_THAT(taken, SizeIs(1));
  EXPECT_THAT(result.nodes[0].items, IsEmpty());
  const auto elements = payload::list_elements(result.nodes[0].items_at);
  ASSERT_TRUE(elements);
  ASSERT_THAT(*elements, SizeIs(3));
  const auto pieces = payload::pieces((*elements)[1]);
  EXPECT_EQ(taken[0].data.substr((*pieces)[0].at, (*pieces)[0].size), json_text(2 * kMiB, 'b'));
}

TEST(LargePayloads, NodesWhoseOutputCouldNotBeStoredFailAndWhatFollowsIsLeftOut) {
  bus::TaskResult result;
  result.nodes.push_back(completed("a", "1"));
  result.nodes.push_back(completed("b", json_text(2 * kMiB)));
  result.nodes.push_back(completed("c", "2"));
  take_out_large(result);
  fail_unstored(result, {ErrorCode::storage_error, "the disk is full"});
  ASSERT_THAT(result.nodes, SizeIs(2));
  EXPECT_EQ(result.nodes[0].output, "1");
  EXPECT_EQ(result.nodes[1].outcome, bus::NodeOutcome::failed);
  EXPECT_THAT(result.nodes[1].error, HasSubstr("the disk is full"));
}

class LargePayloadTasks : public TaskRunnerFixture {};

TEST_F(LargePayloadTasks, OutputIsStoredBeforeTheResultNamesIt) {
  add_workflow("name: flow\nnodes: [{id: a, type: transform, config: {expression: 'repeat(\"x\", 5000000)'}}]\n");
  deliver("m1", {task({"a"})});
  ASSERT_TRUE(run_until([&] { return acked("m1"); }));
  const std::string text = json_text(5'000'002);
  ASSERT_THAT(payloads_.stored, SizeIs(1));
  EXPECT_EQ(payloads_.stored.begin()->second, text);
  EXPECT_EQ(bus_.results().at(0).nodes.at(0).output, payload::reference(store::payload_key(text), 0, text.size()));
}

TEST_F(LargePayloadTasks, DatabaseThatIsAwayIsWaitedFor) {
  add_workflow("name: flow\nnodes: [{id: a, type: transform, config: {expression: 'repeat(\"x\", 5000000)'}}]\n");
  payloads_.problem = Error{ErrorCode::service_unavailable, "the database is away"};
  deliver("m1", {task({"a"})});
  ASSERT_TRUE(run_until([&] { return payloads_.puts >= 2; }));
  EXPECT_THAT(bus_.results(), IsEmpty());
  payloads_.problem.reset();
  ASSERT_TRUE(run_until([&] { return acked("m1"); }));
  EXPECT_THAT(bus_.results(), SizeIs(1));
}

TEST_F(LargePayloadTasks, OneThatIsBeingStoredIsGivenBackWhenDraining) {
  add_workflow("name: flow\nnodes: [{id: a, type: transform, config: {expression: 'repeat(\"x\", 5000000)'}}]\n");
  payloads_.problem = Error{ErrorCode::service_unavailable, "the database is away"};
  deliver("m1", {task({"a"})});
  ASSERT_TRUE(run_until([&] { return payloads_.puts >= 1; }));
  drain(std::chrono::seconds(1));
  EXPECT_TRUE(given_back("m1"));
  EXPECT_THAT(bus_.results(), IsEmpty());
}

TEST_F(LargePayloadTasks, MoreThanMayBeStoredAtOnceComeOneAfterTheOther) {
  add_workflow("name: flow\nnodes: [{id: a, type: transform, config: {expression: 'repeat(\"x\", 2000000)'}}]\n");
  payloads_.problem = Error{ErrorCode::service_unavailable, "the database is away"};
  std::vector<bus::Task> tasks;
  for (int i = 0; i < 10; ++i) tasks.push_back(task({"a"}, i + 1));
  deliver("m1", tasks);
  ASSERT_TRUE(run_until([&] { return payloads_.puts >= 8; }));
  EXPECT_THAT(bus_.results(), IsEmpty());
  payloads_.problem.reset();
  ASSERT_TRUE(run_until([&] { return acked("m1"); }));
  EXPECT_THAT(bus_.results(), SizeIs(10));
}

TEST_F(LargePayloadTasks, ASegmentStopsWhenItHasMadeEnough) {
  std::string yaml = "name: flow\nnodes:\n";
  std::vector<std::string> ids;
  for (int i = 0; i < 10; ++i) {
    ids.push_back("n" + std::to_string(i));
    yaml += "  - {id: " + ids.back() + ", type: transform, config: {expression: 'repeat(\"x\", 5000000)'}}\n";
  }
  add_workflow(yaml);
  deliver("m1", {task(ids)});
  ASSERT_TRUE(run_until([&] { return acked("m1"); }));
  EXPECT_THAT(bus_.results().at(0).nodes, SizeIs(4)) << "16 MiB; the scheduler asks for the rest again";
}

TEST_F(LargePayloadTasks, ReferencesAreReadBeforeTheTaskRuns) {
  add_workflow(R"(name: flow
nodes:
  - {id: a, type: transform, config: {expression: '1'}}
  - {id: b, type: transform, depends_on: a, config: {expression: 'input.len()'}}
)");
  const std::string text = json_text(3 * kMiB);
  payloads_.stored[store::payload_key(text)] = text;
  bus::Task job = task({"b"});
  job.outputs = {{"a", payload::reference(store::payload_key(text), 0, text.size())}};
  deliver("m1", {job});
  ASSERT_TRUE(run_until([&] { return acked("m1"); }));
  ASSERT_THAT(bus_.results().at(0).nodes, SizeIs(1)) << bus_.results().at(0).error;
  EXPECT_EQ(bus_.results().at(0).nodes.at(0).output, std::to_string(3 * kMiB - 2));

  payloads_.stored.clear();
  deliver("m2", {job});
  ASSERT_TRUE(run_until([&] { return acked("m2"); }));
  EXPECT_EQ(bus_.results().at(1).error, "it is not there any more");
}

TEST_F(LargePayloadTasks, NoTaskReadsMoreThanItMay) {
  add_workflow("name: flow\nnodes: [{id: a, type: transform, config: {expression: '1'}}]\n");
  bus::Task job = task({"a"});
  for (int i = 0; i < 40; ++i) job.outputs.emplace_back("o" + std::to_string(i), payload::reference("k", 0, 8 * kMiB));
  deliver("m1", {job});
  ASSERT_TRUE(run_until([&] { return acked("m1"); }));
  EXPECT_EQ(bus_.results().at(0).error,
            "the outputs that a reads have 335544320 bytes together, over the limit of 256 MiB");
}

TEST_F(LargePayloadTasks, OutputOfAnEffectIsStoredBeforeItsOwnerHears) {
  add_workflow("name: flow\nnodes: [{id: call, type: http, config: {url: 'https://x/'}}]\n");
  effect_.result = expr::Value::string(std::string(7'000'000, 'y'));
  effect_.release();
  payloads_.problem = Error{ErrorCode::service_unavailable, "the database is away"};
  deliver("m1", {effect_task()});
  ASSERT_TRUE(run_until([&] { return payloads_.puts >= 2; }));
  EXPECT_THAT(bus_.results(), IsEmpty());
  payloads_.problem.reset();
  ASSERT_TRUE(run_until([&] { return acked("m1"); }));
  EXPECT_EQ(effect_.begun, 1);
  EXPECT_THAT(payloads_.stored, SizeIs(1));
  EXPECT_TRUE(payload::is_reference(bus_.results().at(0).nodes.at(0).output));
}

TEST(Budget, WhoeverNeedsMoreThanIsFreeWaits) {
  asio::io_context io;
  ByteBudget budget(io, 100);
  std::vector<int> order;
  std::optional<ByteBudget::Share> first;
  const auto taker = [&](std::size_t bytes, int number, bool keep) -> awaitable<void> {
    ByteBudget::Share share = co_await budget.take(bytes);
    order.push_back(number);
    if (keep) first.emplace(std::move(share));
  };
  asio::co_spawn(io, taker(60, 1, true), asio::detached);
  asio::co_spawn(io, taker(500, 2, false), asio::detached);
  asio::co_spawn(io, taker(40, 3, false), asio::detached);
  while (order.size() < 2) io.run_one();
  EXPECT_EQ(order, (std::vector<int>{1, 3}));
  first.reset();
  while (order.size() < 3) io.run_one();
  EXPECT_EQ(order, (std::vector<int>{1, 3, 2}));
}

}  // namespace
}  // namespace r8r::worker
