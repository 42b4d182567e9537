#include "services/api/execution_json.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace r8r::api {
namespace {

using journal::EntryKind;
using journal::JournalEntry;
using nlohmann::ordered_json;

Timestamp at_ms(int ms) {
  return from_unix_us(1'768'919'400'000'000 + ms * 1'000LL);
}

store::ExecutionRow ended_row() {
  store::ExecutionRow row;
  row.id = *Uuid::parse("01990000-0000-7000-8000-00000000000a");
  row.workflow_id = *Uuid::parse("01990000-0000-7000-8000-00000000000b");
  row.workflow_version = 3;
  row.workflow_name = "order-notification";
  row.status = "completed";
  row.trigger_type = "api";
  row.origin = "api";
  row.input = R"({"order_id":"ORD-1"})";
  row.correlation_id = "corr";
  row.accepted_at = at_ms(0);
  row.started_at = at_ms(0);
  row.finished_at = at_ms(1250);
  row.output = R"({"sent":1})";
  return row;
}

TEST(ExecutionJson, AnAnswerToPauseHasTheSevenKeys) {
  store::ExecutionRow row = ended_row();
  row.status = "paused";
  row.finished_at.reset();
  EXPECT_EQ(control_answer(row, "it waits"),
            R"({"execution_id":"01990000-0000-7000-8000-00000000000a","status":"paused",)"
            R"("workflow_name":"order-notification","started_at":"2026-01-20T14:30:00.000Z","finished_at":null,)"
            R"("duration_ms":null,"message":"it waits"})");
}

TEST(ExecutionJson, AResumeThatWasWaitedForAlsoHasWhatCameOfIt) {
  const ordered_json body = ordered_json::parse(resume_answer(ended_row(), "done"));
  EXPECT_EQ(body.at("duration_ms"), 1250);
  EXPECT_EQ(body.at("output"), (ordered_json{{"sent", 1}}));
  EXPECT_TRUE(body.at("error").is_null());
}

TEST(ExecutionJson, WhatItRepeatsIsNamed) {
  store::ExecutionRow row = ended_row();
  EXPECT_TRUE(ordered_json::parse(execution_json(row)).at("replayed_from").is_null());
  row.replayed_from = row.workflow_id;
  EXPECT_EQ(ordered_json::parse(execution_json(row)).at("replayed_from"), row.workflow_id.to_string());
}

TEST(ExecutionJson, ShowsEveryKeyOfTheContract) {
  const ordered_json body = ordered_json::parse(execution_json(ended_row()));
  std::vector<std::string> keys;
  for (const auto& [key, value] : body.items()) keys.push_back(key);
  EXPECT_EQ(keys, (std::vector<std::string>{"id",
                                            "workflow_id",
                                            "workflow_name",
                                            "status",
                                            "trigger_type",
                                            "input",
                                            "output",
                                            "error",
                                            "started_at",
                                            "finished_at",
                                            "duration_ms",
                                            "correlation_id",
                                            "idempotency_key",
                                            "origin",
                                            "execution_id",
                                            "workflow_version",
                                            "created_at",
                                            "error_node",
                                            "parent_execution_id",
                                            "replayed_from",
                                            "attempt_of_run"}));
  EXPECT_EQ(body["input"]["order_id"], "ORD-1");
  EXPECT_EQ(body["output"]["sent"], 1);
  EXPECT_EQ(body["started_at"], "2026-01-20T14:30:00.000Z");
  EXPECT_EQ(body["finished_at"], "2026-01-20T14:30:01.250Z");
  EXPECT_EQ(body["duration_ms"], 1250);
  EXPECT_TRUE(body["error"].is_null());
  EXPECT_TRUE(body["idempotency_key"].is_null());
}

TEST(ExecutionJson, WhatHasNotEndedHasNoEnd) {
  store::ExecutionRow row = ended_row();
  row.status = "pending";
  row.live = true;
  row.started_at.reset();
  row.finished_at.reset();
  row.output.reset();
  const ordered_json body = ordered_json::parse(execution_json(row));
  EXPECT_EQ(body["started_at"], "2026-01-20T14:30:00.000Z");
  EXPECT_TRUE(body["finished_at"].is_null());
  EXPECT_TRUE(body["duration_ms"].is_null());
  EXPECT_TRUE(body["output"].is_null());
  EXPECT_FALSE(finished_of(row));
}

TEST(ExecutionJson, TheAnswerOfExecuteHasFiveKeys) {
  EXPECT_EQ(execute_answer("e-1", {"completed", R"({"a":1})", "", 150}),
            R"({"execution_id":"e-1","status":"completed","output":{"a":1},"error":null,"duration_ms":150})");
  EXPECT_EQ(execute_answer("e-1", {"failed", "null", "it \"broke\"", 3}),
            R"({"execution_id":"e-1","status":"failed","output":null,"error":"it \"broke\"","duration_ms":3})");
  EXPECT_EQ(running_answer("e-1"),
            R"({"execution_id":"e-1","status":"running","output":null,"error":null,"duration_ms":null})");
}

std::vector<JournalEntry> story() {
  return {
      {.kind = EntryKind::started, .node_id = "fetch", .node_type = "http", .started_at = at_ms(5)},
      {.kind = EntryKind::completed,
       .node_id = "first",
       .node_type = "set",
       .started_at = at_ms(1),
       .finished_at = at_ms(3),
       .has_output = true,
       .output = "{\"v\":1}",
       .worker = "w1"},
      {.kind = EntryKind::failed,
       .node_id = "fetch",
       .node_type = "http",
       .started_at = at_ms(5),
       .finished_at = at_ms(10),
       .error = "HTTP 500",
       .wake_at = at_ms(20),
       .worker = "w1"},
      {.kind = EntryKind::started, .node_id = "fetch", .node_type = "http", .attempt = 2, .started_at = at_ms(20)},
      {.kind = EntryKind::failed,
       .node_id = "fetch",
       .node_type = "http",
       .attempt = 2,
       .started_at = at_ms(20),
       .finished_at = at_ms(30),
       .has_output = true,
       .output = "\"fallback\"",
       .error = "HTTP 502",
       .recovered = true,
       .worker = "w2",
       .logs = "tried"},
      {.kind = EntryKind::skipped,
       .node_id = "never",
       .node_type = "set",
       .started_at = at_ms(31),
       .finished_at = at_ms(31)},
  };
}

TEST(TraceJson, ItemsHaveRowsOfTheirOwn) {
  const auto item = [](EntryKind kind, int index, int ms) {
    JournalEntry entry{
        .kind = kind, .node_id = "each", .node_type = "http", .started_at = at_ms(ms), .finished_at = at_ms(ms + 1)};
    entry.item_index = index;
    entry.item_count = 2;
    return entry;
  };
  JournalEntry list{.kind = EntryKind::expanded,
                    .node_id = "each",
                    .node_type = "http",
                    .started_at = at_ms(1),
                    .finished_at = at_ms(2)};
  list.item_count = 2;
  list.items = {"1", "2"};
  JournalEntry second = item(EntryKind::failed, 1, 4);
  second.error = "no";
  second.recovered = true;
  JournalEntry whole{.kind = EntryKind::completed,
                     .node_id = "each",
                     .node_type = "http",
                     .started_at = at_ms(1),
                     .finished_at = at_ms(9)};
  whole.item_count = 2;
  JournalEntry pure{.kind = EntryKind::completed,
                    .node_id = "pure",
                    .node_type = "set",
                    .started_at = at_ms(20),
                    .finished_at = at_ms(21)};
  pure.item_count = 3;
  pure.item_errors = {{1, "bad", "X", true}};
  const std::vector<JournalEntry> entries = {list,
                                             item(EntryKind::started, 0, 3),
                                             item(EntryKind::completed, 0, 3),
                                             second,
                                             whole,
                                             pure,
                                             {.kind = EntryKind::paused, .finished_at = at_ms(22)}};
  const ordered_json trace = ordered_json::parse(trace_json(ended_row(), entries, TraceDetail::full));
  std::vector<std::string> rows;
  for (const auto& node : trace["nodes"]) {
    rows.push_back(node["node_id"].get<std::string>() + " " + node["item_index"].dump() + " of " +
                   node["item_count"].dump() + " " + node["status"].get<std::string>());
  }
  EXPECT_EQ(rows, (std::vector<std::string>{"each null of 2 completed", "each 0 of 2 completed", "each 1 of 2 failed",
                                            "pure null of 3 completed", "pure 0 of 3 completed", "pure 1 of 3 failed",
                                            "pure 2 of 3 completed"}));
}

TEST(TraceJson, OneRowPerNodeByStartTimeWithItsAttempts) {
  const ordered_json trace = ordered_json::parse(trace_json(ended_row(), story(), TraceDetail::full));
  EXPECT_EQ(trace["workflow_name"], "order-notification");
  EXPECT_EQ(trace["status"], "completed");
  ASSERT_EQ(trace["nodes"].size(), 3u);
  const auto& first = trace["nodes"][0];
  EXPECT_EQ(first["node_id"], "first");
  EXPECT_EQ(first["status"], "completed");
  EXPECT_EQ(first["duration_ms"], 2);
  EXPECT_EQ(first["output"]["v"], 1);
  EXPECT_EQ(first["worker"], "w1");
  EXPECT_TRUE(first["error"].is_null());
  const auto& fetch = trace["nodes"][1];
  EXPECT_EQ(fetch["status"], "failed");
  EXPECT_EQ(fetch["error"], "HTTP 502");
  EXPECT_EQ(fetch["output"], "fallback");
  EXPECT_EQ(fetch["attempt"], 2);
  EXPECT_EQ(fetch["started_at"], "2026-01-20T14:30:00.005Z");
  EXPECT_EQ(fetch["duration_ms"], 25);
  EXPECT_EQ(fetch["logs"], "tried");
  ASSERT_EQ(fetch["attempts"].size(), 2u);
  EXPECT_EQ(fetch["attempts"][0]["error"], "HTTP 500");
  EXPECT_EQ(fetch["attempts"][1]["worker"], "w2");
  const auto& skipped = trace["nodes"][2];
  EXPECT_EQ(skipped["status"], "skipped");
  EXPECT_EQ(skipped["started_at"], skipped["finished_at"]);
  EXPECT_EQ(skipped["duration_ms"], 0);
}

TEST(TraceJson, WhatRunsOrWaitsHasNoEnd) {
  auto entries = story();
  entries.resize(3);
  ordered_json trace = ordered_json::parse(trace_json(ended_row(), entries, TraceDetail::full));
  EXPECT_EQ(trace["nodes"][1]["status"], "waiting");
  EXPECT_TRUE(trace["nodes"][1]["error"].is_null());
  EXPECT_TRUE(trace["nodes"][1]["finished_at"].is_null());
  entries.resize(1);
  trace = ordered_json::parse(trace_json(ended_row(), entries, TraceDetail::full));
  EXPECT_EQ(trace["nodes"][0]["status"], "running");
  EXPECT_TRUE(trace["nodes"][0]["duration_ms"].is_null());
}

TEST(TraceJson, LessDetailOnRequest) {
  const ordered_json six = ordered_json::parse(trace_json(ended_row(), story(), TraceDetail::six_fields));
  EXPECT_EQ(six["nodes"][0].size(), 6u);
  const std::string times = trace_json(ended_row(), story(), TraceDetail::times);
  EXPECT_EQ(times.find("fallback"), std::string::npos);
  EXPECT_EQ(times.find("tried"), std::string::npos);
  EXPECT_EQ(ordered_json::parse(times)["nodes"][0]["status"], "completed");
}

}  // namespace
}  // namespace r8r::api
