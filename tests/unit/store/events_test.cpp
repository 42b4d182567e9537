#include "common/store/events.hpp"

#include <algorithm>

#include "common/store/workflows.hpp"
#include "tests/unit/store/store_test.hpp"

namespace r8r::store::test {
namespace {

class EventsTest : public StoreTest {
 protected:
  EventsTest() : incarnation(*loop.run(Leases(*pool).begin_incarnation("scheduler", 600s))) {
    SaveWorkflow save;
    save.name = "listener";
    save.definition = "name: listener";
    workflow = loop.run(Workflows(*pool).save(save))->row;
  }

  EventExecution execution(bool delayed = false, std::chrono::seconds from_now = 0s, int partition = 1) const {
    EventExecution execution;
    execution.id = Uuid::v7();
    execution.partition = partition;
    execution.workflow_id = workflow.id;
    execution.workflow_version = workflow.version;
    execution.workflow_name = workflow.name;
    execution.trigger_type = delayed ? "delayed_event:a.b" : "event:a.b";
    execution.input = R"({"event": "a.b"})";
    execution.correlation_id = "c-1";
    execution.event = R"({"event":"a.b","source":"shop"})";
    execution.time = wall_now() + from_now;
    execution.delayed = delayed;
    return execution;
  }
  static EventRecord event(std::string key = "", std::string answer = "none") {
    return {.id = Uuid::v7(), .idempotency_key = std::move(key), .fingerprint = "f-" + answer, .answer = answer};
  }
  RecordedEvent record(EventRecord event, std::vector<EventExecution> executions) {
    auto recorded = loop.run(events.record(std::move(event), std::move(executions)));
    EXPECT_TRUE(recorded) << recorded.error().message;
    return recorded.value_or(RecordedEvent());
  }
  std::vector<Events::Due> start_delayed(std::vector<int> partitions, Timestamp now = wall_now()) {
    auto due = loop.run(events.start_delayed(incarnation, std::move(partitions), now, 100));
    EXPECT_TRUE(due) << due.error().message;
    return due.value_or(std::vector<Events::Due>());
  }

  std::int64_t incarnation;
  WorkflowRow workflow;
  Events events{*pool};
};

TEST_F(EventsTest, AllThatAnEventStartsIsRecordedTogether) {
  const EventExecution now = execution();
  const RecordedEvent recorded = record(event(), {now, execution(), execution(true, 60s)});
  EXPECT_TRUE(recorded.created);
  const auto live = loop.run(Executions(*pool).find(now.id));
  ASSERT_TRUE(live && *live);
  EXPECT_EQ((*live)->trigger_type, "event:a.b");
  EXPECT_EQ((*live)->origin, "event:a.b");
  EXPECT_EQ((*live)->correlation_id, "c-1");
  EXPECT_EQ((*live)->event, now.event);
  EXPECT_EQ(count("live_executions"), 2);
  EXPECT_EQ(count("delayed_starts"), 1);
}

TEST_F(EventsTest, NothingIsRecordedWhenOnePartIsRefused) {
  EventExecution twice = execution();
  EXPECT_FALSE(loop.run(events.record(event(), {execution(true), twice, twice})));
  EXPECT_EQ(count("live_executions"), 0);
  EXPECT_EQ(count("delayed_starts"), 0);
}

TEST_F(EventsTest, AKnownKeyStartsNothingAndGivesTheFirstAnswer) {
  const EventRecord first = event("k", "first");
  EXPECT_TRUE(record(first, {execution(), execution(true)}).created);
  const RecordedEvent again = record(event("k", "second"), {execution(), execution(true)});
  EXPECT_FALSE(again.created);
  EXPECT_EQ(again.id, first.id);
  EXPECT_EQ(again.answer, "first");
  EXPECT_EQ(again.fingerprint, "f-first");
  EXPECT_EQ(count("live_executions"), 1);
  EXPECT_EQ(count("delayed_starts"), 1);
  EXPECT_TRUE(record(event("other"), {}).created);
}

TEST_F(EventsTest, TwoAtOnceWithOneKeyStartOneSet) {
  std::vector<std::shared_ptr<std::optional<Result<RecordedEvent>>>> answers;
  for (int i = 0; i < 10; ++i) answers.push_back(loop.start(events.record(event("k"), {execution(), execution()})));
  ASSERT_TRUE(loop.until([&] {
    return std::all_of(answers.begin(), answers.end(), [](const auto& answer) { return answer->has_value(); });
  }));
  int created = 0;
  for (const auto& answer : answers) {
    ASSERT_TRUE(**answer) << (*answer)->error().message;
    created += (*answer)->value().created ? 1 : 0;
  }
  EXPECT_EQ(created, 1);
  EXPECT_EQ(count("live_executions"), 2);
}

TEST_F(EventsTest, TextThatCannotBeStoredIsRefused) {
  EventExecution bad = execution();
  bad.input = std::string("\"\0\"", 3);
  const auto recorded = loop.run(events.record(event(), {bad}));
  ASSERT_FALSE(recorded);
  EXPECT_EQ(recorded.error().code, ErrorCode::invalid_field);
}

TEST_F(EventsTest, ADelayedExecutionStartsOnceWhenItsTimeHasCome) {
  const EventExecution early = execution(true, 10s);
  const EventExecution late = execution(true, 100s);
  record(event(), {late, early, execution(true, 10s, 2)});
  EXPECT_EQ(*loop.run(events.next_delayed({1})), early.time);
  EXPECT_FALSE(loop.run(events.next_delayed({7}))->has_value());
  EXPECT_TRUE(start_delayed({1}).empty());

  const Timestamp now = wall_now() + 20s;
  const std::vector<Events::Due> due = start_delayed({1}, now);
  ASSERT_EQ(due.size(), 1u);
  EXPECT_TRUE(due[0].started);
  EXPECT_EQ(due[0].execution.id, early.id);
  EXPECT_EQ(due[0].execution.input, early.input);
  EXPECT_EQ(due[0].execution.event, early.event);
  const auto live = loop.run(Executions(*pool).find(early.id));
  ASSERT_TRUE(live && *live);
  EXPECT_EQ((*live)->trigger_type, "delayed_event:a.b");
  EXPECT_EQ((*live)->event, early.event);
  EXPECT_EQ((*live)->accepted_at, now);
  EXPECT_TRUE(start_delayed({1}, now).empty());
  EXPECT_EQ(*loop.run(events.next_delayed({1, 2})), (*loop.run(events.next_delayed({2}))));
  EXPECT_EQ(count("delayed_starts"), 2);
}

TEST_F(EventsTest, TheEventStaysWithTheExecutionThroughItsRuns) {
  const EventExecution failing = execution();
  record(event(), {failing});
  ProgressQueue queue(loop.io, commit_options("writer"), incarnation);
  ExecutionProgress last{.id = failing.id, .ending = ending("failed")};
  ASSERT_EQ(commit(queue, std::move(last)), ProgressOutcome::committed);
  Executions executions(*pool);
  EXPECT_EQ((*loop.run(executions.find(failing.id)))->event, failing.event);
  ASSERT_TRUE(*loop.run(executions.begin_again(failing.id, 1)));
  const auto again = loop.run(executions.load_live({failing.id}));
  ASSERT_EQ(again->size(), 1u);
  EXPECT_EQ(again->front().row.event, failing.event);
}

TEST_F(EventsTest, TwoSchedulersThatAskAtOnceStartEachRowOnce) {
  const std::int64_t other = *loop.run(Leases(*pool).begin_incarnation("another", 600s));
  std::vector<EventExecution> many;
  for (int i = 0; i < 300; ++i) many.push_back(execution(true, -1s));
  record(event(), many);
  std::vector<std::shared_ptr<std::optional<Result<std::vector<Events::Due>>>>> answers;
  for (int i = 0; i < 8; ++i)
    answers.push_back(loop.start(events.start_delayed(i % 2 == 0 ? incarnation : other, {1}, wall_now(), 100)));
  ASSERT_TRUE(loop.until([&] {
    return std::all_of(answers.begin(), answers.end(), [](const auto& answer) { return answer->has_value(); });
  }));
  std::size_t started = 0;
  for (const auto& answer : answers) {
    ASSERT_TRUE(**answer) << (*answer)->error().message;
    started += (*answer)->value().size();
  }
  EXPECT_EQ(started + static_cast<std::size_t>(count("delayed_starts")), 300u);
  EXPECT_EQ(static_cast<std::size_t>(count("live_executions")), started);
}

TEST_F(EventsTest, ADisabledWorkflowDoesNotStartLater) {
  record(event(), {execution(true, -1s)});
  execute("update workflows set enabled = false");
  const std::vector<Events::Due> due = start_delayed({1});
  ASSERT_EQ(due.size(), 1u);
  EXPECT_FALSE(due[0].started);
  EXPECT_EQ(count("live_executions"), 0);
  EXPECT_EQ(count("delayed_starts"), 0);
}

TEST_F(EventsTest, AFencedSchedulerStartsNothing) {
  record(event(), {execution(true, -1s)});
  execute("update schedulers set fenced = true");
  const auto due = loop.run(events.start_delayed(incarnation, {1}, wall_now(), 100));
  ASSERT_FALSE(due);
  EXPECT_EQ(due.error().code, ErrorCode::fenced);
  EXPECT_EQ(count("delayed_starts"), 1);
}

TEST_F(EventsTest, OldKeysAreDropped) {
  record(event("old"), {});
  execute("update event_keys set created_at = now() - interval '3 days'");
  record(event("new"), {});
  ASSERT_TRUE(loop.run(events.forget_old()));
  EXPECT_EQ(count("event_keys"), 1);
}

}  // namespace
}  // namespace r8r::store::test
