#include "common/bus/messages.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

namespace r8r::bus {
namespace {

Task full_task() {
  Task task;
  task.execution_id = *Uuid::parse("0199a1b2-c3d4-7e5f-8a6b-0123456789ab");
  task.run = 2;
  task.partition = 63;
  task.epoch = 41;
  task.dispatch_id = std::int64_t{41} << 32 | 7;
  task.workflow_id = *Uuid::parse("0199a1b2-c3d4-7e5f-8a6b-0123456789ac");
  task.workflow_version = 3;
  task.workflow_name = "orders";
  task.correlation_id = "corr \"quoted\" \xc3\xbc";
  task.webhook = R"({"method":"POST"})";
  task.event = R"({"event":"a.b","source":null})";
  task.node_ids = {"a", "b-c"};
  task.attempt = 4;
  task.effect = true;
  task.input = R"({"text":"]}\",{","n":1.5e300,"deep":[[[{}]]]})";
  task.outputs = {{"x", "null"}, {"y", R"([1,"two"])"}};
  task.outputs_by_reference = {"big"};
  task.started_at = from_unix_us(1'768'919'400'120'001);
  task.now = from_unix_us(1'768'919'400'120'002);
  task.seed = UINT64_MAX;
  task.routed_away = {"not-this", "nor \"that\""};
  task.item_count = 9;
  task.item_index = 4;
  task.item = R"([{"deep":"]"}])";
  task.item_by_reference = true;
  task.given_input = R"({"error":"x"})";
  task.in_place_of = "first";
  task.at_most_once = true;
  return task;
}

TEST(Messages, ATaskComesBackAsItWas) {
  const Task sent = full_task();
  const auto items = decode<Task>(encode(sent));
  ASSERT_TRUE(items) << items.error().message;
  ASSERT_EQ(items->size(), 1u);
  const Task& got = items->front();
  EXPECT_EQ(got.execution_id, sent.execution_id);
  EXPECT_EQ(got.run, sent.run);
  EXPECT_EQ(got.partition, sent.partition);
  EXPECT_EQ(got.epoch, sent.epoch);
  EXPECT_EQ(got.dispatch_id, sent.dispatch_id);
  EXPECT_EQ(got.workflow_version, sent.workflow_version);
  EXPECT_EQ(got.workflow_name, sent.workflow_name);
  EXPECT_EQ(got.correlation_id, sent.correlation_id);
  EXPECT_EQ(got.webhook, sent.webhook);
  EXPECT_EQ(got.event, sent.event);
  EXPECT_EQ(got.node_ids, sent.node_ids);
  EXPECT_EQ(got.attempt, sent.attempt);
  EXPECT_TRUE(got.effect);
  EXPECT_EQ(got.input, sent.input) << "payloads come back to the byte";
  EXPECT_EQ(got.outputs, sent.outputs);
  EXPECT_EQ(got.outputs_by_reference, sent.outputs_by_reference);
  EXPECT_EQ(got.started_at, sent.started_at);
  EXPECT_EQ(got.now, sent.now);
  EXPECT_EQ(got.seed, sent.seed);
  EXPECT_EQ(got.routed_away, sent.routed_away);
  EXPECT_EQ(got.item_count, 9);
  EXPECT_EQ(got.item_index, 4);
  EXPECT_EQ(got.item, sent.item);
  EXPECT_TRUE(got.item_by_reference);
  EXPECT_EQ(got.given_input, sent.given_input);
  EXPECT_EQ(got.in_place_of, sent.in_place_of);
  EXPECT_TRUE(got.at_most_once);
}

TEST(Messages, AResultWithSeveralNodesComesBackAsItWas) {
  TaskResult sent{
      .execution_id = Uuid::v7(), .partition = 5, .epoch = 1, .dispatch_id = 9, .attempt = 2, .worker = "w"};
  sent.nodes.push_back(
      {.node_id = "ok", .outcome = NodeOutcome::completed, .output = R"({"a":[1,2]})", .logs = "line\n"});
  sent.nodes.push_back({.node_id = "bad",
                        .outcome = NodeOutcome::failed,
                        .error = "broke",
                        .error_code = "X",
                        .permanent = true,
                        .recovery = "null",
                        .retry_after_ms = 1500});
  sent.nodes.push_back({.node_id = "later", .outcome = NodeOutcome::waiting, .output = "{}", .wait_ms = 77});
  NodeResult list{.node_id = "list", .outcome = NodeOutcome::expanded};
  list.items = {"1", R"({"a":[",]"]})", "null"};
  sent.nodes.push_back(list);
  NodeResult each{
      .node_id = "each", .outcome = NodeOutcome::failed, .fallback_input = R"({"input":1})", .item_count = 3};
  each.item_errors = {{1, "no", "X", true}, {2, "again \"no\"", "Y", false}};
  each.routed_away = {"b"};
  sent.nodes.push_back(each);
  const auto items = decode<TaskResult>(encode(sent));
  ASSERT_TRUE(items);
  const auto& nodes = items->front().nodes;
  ASSERT_EQ(nodes.size(), 5u);
  EXPECT_EQ(nodes[3].outcome, NodeOutcome::expanded);
  EXPECT_EQ(nodes[3].items, list.items);
  EXPECT_EQ(nodes[4].fallback_input, each.fallback_input);
  EXPECT_EQ(nodes[4].item_count, 3);
  EXPECT_EQ(nodes[4].routed_away, each.routed_away);
  ASSERT_EQ(nodes[4].item_errors.size(), 2u);
  EXPECT_EQ(nodes[4].item_errors[1].error, "again \"no\"");
  EXPECT_TRUE(nodes[4].item_errors[0].recovered);
  EXPECT_EQ(items->front().partition, 5);
  EXPECT_EQ(nodes[0].output, R"({"a":[1,2]})");
  EXPECT_EQ(nodes[0].logs, "line\n");
  EXPECT_EQ(nodes[1].outcome, NodeOutcome::failed);
  EXPECT_EQ(nodes[1].recovery, "null");
  EXPECT_EQ(nodes[1].retry_after_ms, 1500);
  EXPECT_FALSE(nodes[0].recovery);
  EXPECT_EQ(nodes[2].wait_ms, 77);
}

TEST(Messages, NoticesComeBack) {
  const ExecutionNotice notice{.execution_id = Uuid::v7(), .partition = 63};
  const auto notices = decode<ExecutionNotice>(encode(notice));
  ASSERT_TRUE(notices);
  EXPECT_EQ(notices->front().execution_id, notice.execution_id);
  EXPECT_EQ(notices->front().partition, 63);
}

TEST(Messages, ControlRequestsAndTheirRepliesComeBack) {
  const ControlRequest request{
      .execution_id = Uuid::v7(), .partition = 7, .action = "resume", .reason = "because", .reply_to = "r8r.done.x"};
  const auto requests = decode<ControlRequest>(encode(request));
  ASSERT_TRUE(requests);
  EXPECT_EQ(requests->front().action, "resume");
  EXPECT_EQ(requests->front().reason, "because");
  EXPECT_EQ(requests->front().reply_to, "r8r.done.x");
  const auto replies = decode<ControlReply>(encode(
      ControlReply{.execution_id = request.execution_id, .error_code = "INVALID_STATE", .error = "it has ended"}));
  ASSERT_TRUE(replies);
  EXPECT_EQ(replies->front().error_code, "INVALID_STATE");
  const auto notices =
      decode<CancelNotice>(encode(CancelNotice{.execution_id = request.execution_id, .dispatch_id = 5}));
  ASSERT_TRUE(notices);
  EXPECT_EQ(notices->front().dispatch_id, 5);
}

TEST(Messages, ABatchKeepsItsOrderAndIsEmptyAfterwards) {
  Batch<Completion> batch;
  for (int i = 0; i < 100; ++i)
    batch.add({.execution_id = Uuid::v7(), .status = "completed", .output = std::to_string(i), .duration_ms = i});
  EXPECT_EQ(batch.count(), 100u);
  const auto items = decode<Completion>(batch.take());
  EXPECT_TRUE(batch.empty());
  ASSERT_TRUE(items);
  for (int i = 0; i < 100; ++i) EXPECT_EQ((*items)[static_cast<std::size_t>(i)].output, std::to_string(i));
}

TEST(Messages, UnknownFieldsAndOtherOrdersAreFine) {
  const auto items = decode<WorkflowChanged>(
      R"({"items":[{"enabled":false,"new":{"x":[1]},"version":7,"name":"n","id":"0199a1b2-c3d4-7e5f-8a6b-0123456789ab"}],"v":1,"more":2})");
  ASSERT_TRUE(items) << items.error().message;
  EXPECT_EQ(items->front().name, "n");
  EXPECT_EQ(items->front().version, 7);
  EXPECT_FALSE(items->front().enabled);
}

TEST(Messages, ANewerVersionIsRefused) {
  const auto items = decode<CancelNotice>(R"({"v":2,"items":[]})");
  ASSERT_FALSE(items);
  EXPECT_THAT(items.error().message, testing::HasSubstr("version 2"));
}

TEST(Messages, MalformedOnesAreErrors) {
  for (const char* text :
       {"", "{", "[]", "null", R"({"v":1})", R"({"v":1,"items":[1]})", R"({"v":"1","items":[]})",
        R"({"v":1,"items":[{"id":"not a uuid"}]})", R"({"v":1,"items":[{"id":7}]})", R"({"v":1,"items":[{"id":)"})
    EXPECT_FALSE(decode<CancelNotice>(text)) << text;
}

TEST(Messages, MutationsNeverCrash) {
  const std::string whole = encode(full_task());
  std::mt19937 random(7);
  for (int round = 0; round < 100'000; ++round) {
    std::string text = whole;
    for (int i = 0, n = 1 + static_cast<int>(random() % 4); i < n; ++i) {
      const std::size_t at = random() % text.size();
      switch (random() % 3) {
        case 0:
          text[at] = static_cast<char>(random());
          break;
        case 1:
          text.erase(at, random() % 16);
          break;
        default:
          text.insert(at, 1, "{}[]\",:0"[random() % 8]);
      }
      if (text.empty()) break;
    }
    (void)decode<Task>(text);
    (void)decode<TaskResult>(text);
  }
}

TEST(Messages, ReferencesAreToldFromPayloadsOfTheSameText) {
  const std::string reference = R"(@[{"p":"00ff","at":0,"n":7},"]"])";
  Task task;
  task.execution_id = Uuid::v7();
  task.outputs = {{"plain", R"([{"p":"00ff","at":0,"n":7},"]"])"}, {"far", reference}, {"none", "null"}};
  task.item = reference;
  task.given_input = R"("@[]")";
  const auto tasks = decode<Task>(encode(task));
  ASSERT_TRUE(tasks) << tasks.error().message;
  std::map<std::string, std::string> outputs(tasks->front().outputs.begin(), tasks->front().outputs.end());
  EXPECT_EQ(outputs, (std::map<std::string, std::string>(task.outputs.begin(), task.outputs.end())));
  EXPECT_EQ(tasks->front().item, reference);
  EXPECT_EQ(tasks->front().given_input, R"("@[]")");

  TaskResult result;
  result.execution_id = task.execution_id;
  result.nodes.push_back({.node_id = "a", .output = reference});
  result.nodes.push_back({.node_id = "b", .recovery = reference, .fallback_input = reference});
  result.nodes.push_back({.node_id = "c", .outcome = NodeOutcome::expanded, .items_at = R"({"p":"00ff","n":[1,2]})"});
  const auto results = decode<TaskResult>(encode(result));
  ASSERT_TRUE(results) << results.error().message;
  const auto& nodes = results->front().nodes;
  EXPECT_EQ(nodes[0].output, reference);
  EXPECT_FALSE(nodes[0].recovery);
  EXPECT_EQ(nodes[1].recovery, reference);
  EXPECT_EQ(nodes[1].fallback_input, reference);
  EXPECT_EQ(nodes[2].items_at, R"({"p":"00ff","n":[1,2]})");
}

}  // namespace
}  // namespace r8r::bus
