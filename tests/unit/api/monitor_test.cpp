#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "services/api/event_replay.hpp"
#include "services/api/monitor.hpp"
#include "services/api/monitor_action.hpp"
#include "services/api/monitor_buffer.hpp"
#include "services/api/monitor_filter.hpp"
#include "tests/unit/api/requests.hpp"

namespace r8r::api {
namespace {

using nlohmann::json;

const Uuid kA = *Uuid::parse("01990000-0000-7000-8000-00000000000a");
const Uuid kB = *Uuid::parse("01990000-0000-7000-8000-00000000000b");

MonitorEventPtr event_of(Uuid execution, std::string workflow, std::string type, int seq = 1, std::size_t padding = 0) {
  auto event = std::make_shared<MonitorEvent>();
  event->execution_id = execution;
  event->workflow = std::move(workflow);
  event->type = std::move(type);
  event->body = std::make_shared<const std::string>(R"({"error":"\"seq\":99","pad":")" + std::string(padding, 'x') +
                                                    R"(","seq":)" + std::to_string(seq) + R"(,"timestamp":"t"})");
  return event;
}

TEST(MonitorEvent, TheSequenceNumberIsReadFromTheBody) {
  EXPECT_EQ(event_of(kA, "w", "x", 42)->seq(), 42);
}

TEST(MonitorFilter, WithoutAnythingAllPasses) {
  const MonitorFilter filter;
  EXPECT_TRUE(filter.wants(*event_of(kA, "w", "node_started")));
}

TEST(MonitorFilter, AllThatTheQuerySaysMustHold) {
  const MonitorFilter filter({.execution = kA, .workflow = "w", .types = {"node_started"}});
  EXPECT_TRUE(filter.wants(*event_of(kA, "w", "node_started")));
  EXPECT_FALSE(filter.wants(*event_of(kB, "w", "node_started")));
  EXPECT_FALSE(filter.wants(*event_of(kA, "v", "node_started")));
  EXPECT_FALSE(filter.wants(*event_of(kA, "w", "node_failed")));
}

TEST(MonitorFilter, TheFirstSubscriptionNarrowsAndSeveralAddUp) {
  MonitorFilter filter;
  EXPECT_TRUE(filter.subscribe({.workflow = "w"}));
  EXPECT_FALSE(filter.wants(*event_of(kA, "v", "x")));
  EXPECT_TRUE(filter.subscribe({.execution = kA}));
  EXPECT_TRUE(filter.wants(*event_of(kA, "v", "x")));
  EXPECT_TRUE(filter.wants(*event_of(kB, "w", "x")));
  EXPECT_FALSE(filter.wants(*event_of(kB, "v", "x")));
  filter.unsubscribe({.workflow = "w"});
  EXPECT_FALSE(filter.wants(*event_of(kB, "w", "x")));
  filter.unsubscribe({.execution = kA});
  EXPECT_FALSE(filter.wants(*event_of(kA, "w", "x")));
}

TEST(MonitorFilter, TheQueryRestrictsSubscriptionsToo) {
  MonitorFilter filter({.workflow = "w"});
  EXPECT_TRUE(filter.subscribe({.execution = kA}));
  EXPECT_TRUE(filter.wants(*event_of(kA, "w", "x")));
  EXPECT_FALSE(filter.wants(*event_of(kA, "v", "x")));
}

TEST(MonitorFilter, SubscriptionsAreBounded) {
  MonitorFilter filter;
  for (std::size_t i = 0; i < MonitorFilter::kMostSubscriptions; ++i)
    ASSERT_TRUE(filter.subscribe({.workflow = "w" + std::to_string(i)}));
  EXPECT_FALSE(filter.subscribe({.workflow = "one more"}));
  EXPECT_TRUE(filter.subscribe({.workflow = "w1"}));
}

TEST(MonitorBuffer, KeepsOrderWhileThereIsRoom) {
  MonitorBuffer buffer(10);
  const auto first = event_of(kA, "w", "x", 1);
  const auto second = event_of(kA, "w", "x", 2);
  buffer.push_event(first, {});
  buffer.push_event(second, {});
  EXPECT_EQ(buffer.pop(), first->body);
  EXPECT_EQ(buffer.pop(), second->body);
  EXPECT_EQ(buffer.pop(), nullptr);
  EXPECT_TRUE(buffer.empty());
}

TEST(MonitorBuffer, OverflowDropsTheOldestAndSaysSo) {
  MonitorBuffer buffer(3);
  const SteadyClock::time_point start{};
  for (int seq = 1; seq <= 5; ++seq) buffer.push_event(event_of(kA, "w", "x", seq), start + std::chrono::seconds(seq));
  EXPECT_EQ(buffer.behind_for(start + std::chrono::seconds(10)), std::chrono::seconds(6));
  const json error = json::parse(*buffer.pop());
  EXPECT_EQ(error["type"], "error");
  EXPECT_EQ(error["event"], "error");
  EXPECT_EQ(error["message"], "Dropped 2 messages due to lag");
  EXPECT_EQ(error["dropped"], 2);
  const json gap = json::parse(*buffer.pop());
  EXPECT_EQ(gap["type"], "gap");
  EXPECT_EQ(gap["execution_id"], kA.to_string());
  EXPECT_EQ(gap["from_seq"], 1);
  EXPECT_EQ(gap["to_seq"], 2);
  for (int seq = 3; seq <= 5; ++seq) EXPECT_EQ(json::parse(*buffer.pop())["seq"], seq);
  EXPECT_EQ(buffer.pop(), nullptr);
  EXPECT_EQ(buffer.behind_for(start + std::chrono::seconds(10)), SteadyClock::duration::zero());
}

TEST(MonitorBuffer, EachAffectedExecutionGetsItsGap) {
  MonitorBuffer buffer(1);
  buffer.push_event(event_of(kA, "w", "x", 7), {});
  buffer.push_event(event_of(kB, "w", "x", 9), {});
  buffer.push_event(event_of(kA, "w", "x", 8), {});
  EXPECT_EQ(json::parse(*buffer.pop())["dropped"], 2);
  std::map<std::string, int> gaps;
  for (int i = 0; i < 2; ++i) {
    const json gap = json::parse(*buffer.pop());
    gaps[gap["execution_id"]] = gap["from_seq"];
  }
  EXPECT_EQ(gaps, (std::map<std::string, int>{{kA.to_string(), 7}, {kB.to_string(), 9}}));
}

TEST(MonitorBuffer, BytesAreBoundedToo) {
  MonitorBuffer buffer(1'000'000);
  for (int i = 0; i < 5; ++i) buffer.push_event(event_of(kA, "w", "x", i, 300 * 1024), {});
  EXPECT_EQ(buffer.events(), 3u);
  EXPECT_FALSE(buffer.has_room());
}

TEST(MonitorBuffer, AnswersGoFirstAndAreBounded) {
  MonitorBuffer buffer(10);
  buffer.push_event(event_of(kA, "w", "x"), {});
  EXPECT_TRUE(buffer.push_reply("pong"));
  EXPECT_EQ(*buffer.pop(), "pong");
  int accepted = 0;
  while (buffer.push_reply("x") && accepted < 100'000) ++accepted;
  EXPECT_EQ(accepted, 1'000);
}

TEST(MonitorAction, IsRead) {
  const Result<MonitorAction> action = parse_action(R"({"action":"subscribe","execution_id":")" + kA.to_string() +
                                                    R"(","workflow":"w","types":["a","b"],"since":4,"id":{"n":1}})");
  ASSERT_TRUE(action) << action.error().message;
  EXPECT_EQ(action->kind, MonitorAction::Kind::subscribe);
  EXPECT_EQ(action->selection.execution, kA);
  EXPECT_EQ(action->selection.workflow, "w");
  EXPECT_EQ(action->selection.types, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(action->since, 4);
  const json frame = json::parse(action_frame(*action));
  EXPECT_EQ(frame["type"], "subscribed");
  EXPECT_EQ(frame["execution_id"], kA.to_string());
  EXPECT_EQ(frame["types"], json::parse(R"(["a","b"])"));
  EXPECT_EQ(frame["id"], json::parse(R"({"n":1})"));
}

TEST(MonitorAction, PingIsAnsweredWithItsId) {
  EXPECT_EQ(json::parse(action_frame(*parse_action(R"({"action":"ping","id":"7"})"))),
            json::parse(R"({"type":"pong","event":"pong","id":"7"})"));
}

TEST(MonitorAction, NonsenseIsRefused) {
  for (const char* text : {"", "{", "[]", "{}", R"({"action":"fly"})", R"({"action":7})",
                           R"({"action":"subscribe","types":"a"})", R"({"action":"subscribe","types":[1]})",
                           R"({"action":"subscribe","workflow":{}})", R"({"action":"subscribe","since":"x"})"}) {
    const Result<MonitorAction> action = parse_action(text);
    ASSERT_FALSE(action) << text;
    EXPECT_EQ(action.error().code, ErrorCode::invalid_request);
  }
}

TEST(MonitorFrames, TheFirstFrameIntroducesTheServer) {
  const json frame = json::parse(connected_frame("c-1", "1.2.3"));
  EXPECT_EQ(frame["type"], "connected");
  EXPECT_EQ(frame["event"], "connected");
  EXPECT_EQ(frame["message"], "Connected to r8r monitor");
  EXPECT_EQ(frame["connection_id"], "c-1");
  EXPECT_EQ(frame["server_version"], "1.2.3");
}

TEST(Monitor, TheQuerySelects) {
  auto request = test::make_request("GET", "/api/monitor");
  request.query = {{"workflow", "w"}, {"execution", kA.to_string()}, {"types", "a,b,"}};
  EXPECT_EQ(selection_of(request), (MonitorSelection{.execution = kA, .workflow = "w", .types = {"a", "b"}}));
  request.query = {{"execution", "nonsense"}};
  EXPECT_EQ(selection_of(request).execution, Uuid{});
}

Timestamp at_ms(int ms) {
  return from_unix_us(1'768'919'400'000'000 + ms * 1'000LL);
}

store::ExecutionRow row_of(std::string status, bool live) {
  store::ExecutionRow row;
  row.id = kA;
  row.workflow_name = "w";
  row.status = std::move(status);
  row.trigger_type = "api";
  row.accepted_at = at_ms(0);
  row.started_at = at_ms(1);
  if (!live) row.finished_at = at_ms(500);
  row.live = live;
  return row;
}

TEST(EventReplay, TellsOfItemsPausesAndFallbacks) {
  using journal::EntryKind;
  const auto entry = [](EntryKind kind, std::string node, int item, int ms) {
    journal::JournalEntry made{.kind = kind,
                               .node_id = std::move(node),
                               .node_type = "http",
                               .started_at = at_ms(ms),
                               .finished_at = at_ms(ms)};
    made.item_index = item;
    return made;
  };
  journal::JournalEntry failed = entry(EntryKind::failed, "main", -1, 9);
  failed.fallback_input = "{}";
  journal::JournalEntry settled = entry(EntryKind::failed, "main", -1, 12);
  settled.after_fallback = settled.recovered = true;
  const std::vector<journal::JournalEntry> entries = {entry(EntryKind::expanded, "each", -1, 2),
                                                      entry(EntryKind::started, "each", 0, 3),
                                                      entry(EntryKind::completed, "each", 0, 4),
                                                      entry(EntryKind::completed, "each", -1, 5),
                                                      entry(EntryKind::paused, "", -1, 6),
                                                      entry(EntryKind::resumed, "", -1, 7),
                                                      entry(EntryKind::started, "main", -1, 8),
                                                      failed,
                                                      entry(EntryKind::started, "help", -1, 10),
                                                      entry(EntryKind::completed, "help", -1, 11),
                                                      settled};
  std::vector<std::string> told;
  for (const ReplayedEvent& item : replay_events(row_of("cancelled", false), entries)) {
    const json body = json::parse(*item.event->body);
    told.push_back(body["type"].get<std::string>() +
                   (body.contains("node_id") ? " " + body["node_id"].get<std::string>() : "") +
                   (body.contains("item_index") ? "#" + body["item_index"].dump() : ""));
  }
  EXPECT_EQ(told, (std::vector<std::string>{"execution_started", "node_started each", "node_started each#0",
                                            "node_completed each#0", "node_completed each", "execution_paused",
                                            "execution_resumed", "node_started main", "node_failed main",
                                            "node_started help", "node_completed help", "execution_cancelled"}));
}

TEST(EventReplay, TellsTheWholeStoryInOrder) {
  using journal::EntryKind;
  const std::vector<journal::JournalEntry> entries = {
      {.kind = EntryKind::completed,
       .node_id = "pure",
       .node_type = "set",
       .started_at = at_ms(2),
       .finished_at = at_ms(4)},
      {.kind = EntryKind::started, .node_id = "fetch", .node_type = "http", .started_at = at_ms(5)},
      {.kind = EntryKind::failed,
       .node_id = "fetch",
       .node_type = "http",
       .started_at = at_ms(5),
       .finished_at = at_ms(10),
       .error = "no",
       .wake_at = at_ms(20)},
      {.kind = EntryKind::started, .node_id = "fetch", .node_type = "http", .attempt = 2, .started_at = at_ms(20)},
      {.kind = EntryKind::completed,
       .node_id = "fetch",
       .node_type = "http",
       .attempt = 2,
       .started_at = at_ms(20),
       .finished_at = at_ms(30)},
      {.kind = EntryKind::waiting,
       .node_id = "nap",
       .node_type = "wait",
       .started_at = at_ms(31),
       .finished_at = at_ms(31),
       .wake_at = at_ms(400)},
      {.kind = EntryKind::completed,
       .node_id = "nap",
       .node_type = "wait",
       .started_at = at_ms(31),
       .finished_at = at_ms(400)},
      {.kind = EntryKind::skipped,
       .node_id = "never",
       .node_type = "set",
       .started_at = at_ms(401),
       .finished_at = at_ms(401)},
  };
  std::vector<std::string> told;
  std::int64_t next = 1;
  for (const ReplayedEvent& item : replay_events(row_of("completed", false), entries)) {
    const json body = json::parse(*item.event->body);
    EXPECT_EQ(body["seq"], next);
    EXPECT_EQ(item.seq, next);
    EXPECT_EQ(item.event->seq(), next++);
    EXPECT_EQ(body["replayed"], true);
    EXPECT_EQ(body["type"], body["event"]);
    EXPECT_EQ(body["workflow_name"], "w");
    EXPECT_EQ(body["type"], item.event->type);
    told.push_back(body["type"].get<std::string>() +
                   (body.contains("node_id") ? " " + body["node_id"].get<std::string>() : ""));
  }
  EXPECT_EQ(told, (std::vector<std::string>{"execution_started", "node_started pure", "node_completed pure",
                                            "node_started fetch", "node_failed fetch", "node_started fetch",
                                            "node_completed fetch", "node_started nap", "node_completed nap",
                                            "node_completed never", "execution_completed"}));
}

TEST(EventReplay, WhatHasNotBegunHasNoHistory) {
  store::ExecutionRow row = row_of("pending", true);
  row.started_at.reset();
  EXPECT_TRUE(replay_events(row, {}).empty());
}

TEST(EventReplay, AFailureEndsWithItsError) {
  store::ExecutionRow row = row_of("failed", false);
  row.error = "boom";
  const auto events = replay_events(row, {});
  ASSERT_EQ(events.size(), 2u);
  const json last = json::parse(*events.back().event->body);
  EXPECT_EQ(last["type"], "execution_failed");
  EXPECT_EQ(last["error"], "boom");
  EXPECT_EQ(last["duration_ms"], 499);
}

}  // namespace
}  // namespace r8r::api
