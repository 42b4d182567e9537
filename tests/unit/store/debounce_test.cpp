#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "common/store/debounce_queue.hpp"
#include "common/store/workflows.hpp"
#include "tests/unit/store/store_test.hpp"

namespace r8r::store::test {
namespace {

using Answer = std::shared_ptr<std::optional<Result<Debounced>>>;

class DebounceTest : public StoreTest {
 protected:
  DebounceTest() : incarnation(*loop.run(Leases(*pool).begin_incarnation("scheduler", 600s))) {
    SaveWorkflow save;
    save.name = "hook";
    save.definition = "name: hook";
    workflow = loop.run(Workflows(*pool).save(save))->row;
  }

  /// A call at `base` + `at` with wait 5 s and at most 12 s.
  DebouncedCall call(std::chrono::milliseconds at = 0ms, const std::string& input = "1",
                     const std::string& key = "k") const {
    DebouncedCall call;
    call.trigger = "POST /orders";
    call.key = key;
    call.called_at = base + at;
    call.latest_start = call.called_at + 12s;
    EventExecution& execution = call.execution;
    execution.id = Uuid::v7();
    execution.partition = 1;
    execution.workflow_id = workflow.id;
    execution.workflow_version = workflow.version;
    execution.workflow_name = workflow.name;
    execution.trigger_type = "webhook";
    execution.input = input;
    execution.webhook = R"({"path":"/orders"})";
    execution.time = call.called_at + 5s;
    execution.delayed = true;
    return call;
  }
  Debounced accept(DebouncedCall call) {
    auto debounced = loop.run(queue.accept(std::move(call)));
    EXPECT_TRUE(debounced) << debounced.error().message;
    return debounced.value_or(Debounced());
  }
  std::vector<Events::Due> start(Timestamp now, std::vector<int> partitions = {0, 1, 2, 3, 4, 5, 6, 7}) {
    auto due = loop.run(Events(*pool).start_delayed(incarnation, std::move(partitions), now, 100));
    EXPECT_TRUE(due) << due.error().message;
    return due.value_or(std::vector<Events::Due>());
  }
  ExecutionRow found(const Uuid& id) {
    auto row = loop.run(Executions(*pool).find(id));
    EXPECT_TRUE(row && *row);
    return row && *row ? **row : ExecutionRow();
  }
  std::string column(const std::string& name) { return value("select " + name + " from delayed_starts"); }

  std::int64_t incarnation;
  WorkflowRow workflow;
  // PostgreSQL counts microseconds.
  Timestamp base = from_unix_us(to_unix_us(wall_now()));
  DebounceQueue queue{loop.io, commit_options("store-test-debounce")};
};

TEST_F(DebounceTest, CallsWithOneKeyBecomeOneExecutionWithTheLastInput) {
  const DebouncedCall first = call(0s, R"({"n":1})");
  const Debounced opened = accept(first);
  EXPECT_TRUE(opened.first);
  EXPECT_EQ(opened.id, first.execution.id);
  EXPECT_EQ(opened.run_at, base + 5s);

  DebouncedCall second = call(3s, R"({"n":2})");
  second.execution.webhook = R"({"path":"/orders","second":true})";
  second.execution.workflow_version = 7;
  second.execution.correlation_id = "c-2";
  second.execution.traceparent = "00-abc-def-01";
  const Debounced merged = accept(second);
  EXPECT_FALSE(merged.first);
  EXPECT_EQ(merged.id, opened.id);
  EXPECT_EQ(merged.run_at, base + 8s);

  EXPECT_TRUE(start(base + 7s).empty());
  const std::vector<Events::Due> due = start(base + 8s);
  ASSERT_EQ(due.size(), 1u);
  EXPECT_TRUE(due[0].started);
  EXPECT_EQ(due[0].execution.webhook, second.execution.webhook);
  const ExecutionRow row = found(opened.id);
  EXPECT_TRUE(row.live);
  EXPECT_EQ(row.input, R"({"n":2})");
  EXPECT_EQ(row.webhook, second.execution.webhook);
  EXPECT_EQ(row.workflow_version, 7);
  EXPECT_EQ(row.trigger_type, "webhook");
  EXPECT_EQ(row.origin, "webhook");
  EXPECT_EQ(row.correlation_id, "c-2");
  EXPECT_EQ(value("select traceparent from live_executions"), "00-abc-def-01");
  EXPECT_EQ(count("live_executions"), 1);
  EXPECT_EQ(count("delayed_starts"), 0);
}

TEST_F(DebounceTest, TheStartIsPushedBackToTheLatestStartAndNoFurther) {
  const Uuid id = accept(call()).id;
  EXPECT_EQ(accept(call(4s)).run_at, base + 9s);
  EXPECT_EQ(accept(call(7s)).run_at, base + 12s);
  EXPECT_EQ(accept(call(8s)).run_at, base + 12s);
  // Nobody started it when it was due: it still takes calls, and stays due.
  const Debounced late = accept(call(20s, "20"));
  EXPECT_EQ(late.run_at, base + 12s);
  EXPECT_EQ(late.id, id);
  ASSERT_EQ(start(base + 20s).size(), 1u);
  EXPECT_EQ(found(id).input, "20");
}

TEST_F(DebounceTest, ACallAfterTheStartOpensAnotherWindow) {
  const Uuid id = accept(call()).id;
  ASSERT_EQ(start(base + 5s).size(), 1u);
  const Debounced next = accept(call(5s));
  EXPECT_TRUE(next.first);
  EXPECT_NE(next.id, id);
  EXPECT_EQ(next.run_at, base + 10s);
}

TEST_F(DebounceTest, OtherKeysTriggersAndWorkflowsHaveTheirOwn) {
  accept(call());
  EXPECT_TRUE(accept(call(0s, "1", "other")).first);
  DebouncedCall trigger = call();
  trigger.trigger = "PUT /orders";
  EXPECT_TRUE(accept(trigger).first);
  DebouncedCall elsewhere = call();
  elsewhere.execution.workflow_id = Uuid::v7();
  EXPECT_TRUE(accept(elsewhere).first);
  EXPECT_FALSE(accept(call()).first);
  EXPECT_EQ(count("delayed_starts"), 4);
}

TEST_F(DebounceTest, WithoutACorrelationIdItIsTheExecutionsId) {
  const Uuid id = accept(call()).id;
  EXPECT_EQ(column("correlation_id"), id.to_string());
  DebouncedCall named = call();
  named.execution.correlation_id = "c-1";
  accept(named);
  EXPECT_EQ(column("correlation_id"), "c-1");
  accept(call());
  EXPECT_EQ(column("correlation_id"), id.to_string());
}

TEST_F(DebounceTest, LimitsAreThoseOfTheLastInput) {
  DebouncedCall limited = call();
  limited.execution.partition = 4;
  limited.execution.limit_key = "a";
  const Uuid id = accept(limited).id;
  limited = call(1s, "2");
  limited.execution.partition = 6;
  limited.execution.limit_key = "b";
  accept(limited);
  EXPECT_TRUE(start(base + 10s, {4}).empty());
  const std::vector<Events::Due> due = start(base + 10s, {6});
  ASSERT_EQ(due.size(), 1u);
  EXPECT_EQ(due[0].execution.id, id);
  EXPECT_EQ(due[0].execution.limit_key, "b");
  EXPECT_EQ(value("select limit_key || partition from live_executions"), "b6");
}

TEST_F(DebounceTest, WithoutALimitItStaysWhereItIs) {
  accept(call());
  DebouncedCall other = call();
  other.execution.partition = 5;
  accept(other);
  EXPECT_EQ(column("partition"), "1");
}

TEST_F(DebounceTest, ManyAtOnceOverTwoServicesMakeOneExecution) {
  DebounceQueue other(loop.io, commit_options("store-test-debounce-2"));
  std::vector<Answer> answers;
  for (int i = 0; i < 100; ++i) {
    for (const std::string key : {"a", "b", "c"})
      answers.push_back(loop.start((i % 2 == 0 ? queue : other).accept(call(0s, std::to_string(i), key))));
  }
  ASSERT_TRUE(loop.until(
      [&] { return std::all_of(answers.begin(), answers.end(), [](const auto& each) { return each->has_value(); }); }));
  std::set<Uuid> ids;
  int first = 0;
  for (const Answer& answer : answers) {
    ASSERT_TRUE(**answer) << (*answer)->error().message;
    ids.insert((*answer)->value().id);
    first += (*answer)->value().first ? 1 : 0;
  }
  EXPECT_EQ(ids.size(), 3u);
  EXPECT_EQ(first, 3);
  EXPECT_EQ(count("delayed_starts"), 3);
}

TEST_F(DebounceTest, ACallWhileTheExecutionStartsWaitsAndOpensAnotherWindow) {
  static constexpr Statement kBegin{"debounce_test_begin", "begin"};
  static constexpr Statement kTake{"debounce_test_take", "delete from delayed_starts"};
  static constexpr Statement kCommit{"debounce_test_commit", "commit"};
  const Uuid id = accept(call()).id;
  const std::unique_ptr<Connection> starter = connect("store-test-starter");
  ASSERT_TRUE(loop.run(starter->run_one(kBegin, 10s)));
  ASSERT_TRUE(loop.run(starter->run_one(kTake, 10s)));

  const Answer answer = loop.start(queue.accept(call(5s, "2")));
  ASSERT_TRUE(loop.until([&] {
    return count("pg_stat_activity where application_name = 'store-test-debounce' and wait_event_type = 'Lock'") == 1;
  }));
  EXPECT_FALSE(answer->has_value());
  ASSERT_TRUE(loop.run(starter->run_one(kCommit, 10s)));
  ASSERT_TRUE(loop.until([&] { return answer->has_value(); }));
  ASSERT_TRUE(**answer) << (*answer)->error().message;
  EXPECT_TRUE((*answer)->value().first);
  EXPECT_NE((*answer)->value().id, id);
  EXPECT_EQ(column("input"), "2");
}

TEST_F(DebounceTest, WhileExecutionsStartNoCallIsLostAndNoneStartsTwice) {
  DebounceQueue other(loop.io, commit_options("store-test-debounce-2"));
  std::vector<Answer> answers;
  std::size_t started = 0;
  for (int round = 0; round < 10'000 && started < 10; ++round) {
    for (int i = 0; i < 4; ++i) {
      DebouncedCall due = call(0s, std::to_string(answers.size()));
      due.execution.time = base - 1s;
      answers.push_back(loop.start((i % 2 == 0 ? queue : other).accept(std::move(due))));
    }
    started += start(base).size();
  }
  ASSERT_TRUE(loop.until(
      [&] { return std::all_of(answers.begin(), answers.end(), [](const auto& each) { return each->has_value(); }); }));
  started += start(base).size();
  std::set<Uuid> ids;
  for (const Answer& answer : answers) {
    ASSERT_TRUE(**answer) << (*answer)->error().message;
    ids.insert((*answer)->value().id);
  }
  EXPECT_GE(started, 10u);
  EXPECT_EQ(ids.size(), started);
  EXPECT_EQ(static_cast<std::size_t>(count("live_executions")), started);
  EXPECT_EQ(count("delayed_starts"), 0);
  // Of the last two, one on each connection, whichever came last is in the last execution.
  EXPECT_GE(std::stoul(value("select max(input::int) from live_executions")), answers.size() - 2);
}

TEST_F(DebounceTest, OfADisabledWorkflowItIsCancelled) {
  const Uuid id = accept(call()).id;
  execute("update workflows set enabled = false");
  const std::vector<Events::Due> due = start(base + 5s);
  ASSERT_EQ(due.size(), 1u);
  EXPECT_FALSE(due[0].started);
  EXPECT_EQ(count("live_executions"), 0);
  EXPECT_EQ(count("delayed_starts"), 0);
  const ExecutionRow row = found(id);
  EXPECT_FALSE(row.live);
  EXPECT_EQ(row.status, "cancelled");
  EXPECT_EQ(row.input, "1");
  EXPECT_EQ(row.accepted_at, base);
  EXPECT_EQ(row.finished_at, base + 5s);
  EXPECT_EQ(row.error, "the workflow was disabled or deleted before the execution started");
  // Nobody knows the id of an event's.
  EventExecution of_event = call().execution;
  of_event.id = Uuid::v7();
  ASSERT_TRUE(loop.run(Events(*pool).record({.id = Uuid::v7()}, {of_event})));
  EXPECT_EQ(start(base + 5s).size(), 1u);
  EXPECT_EQ(count("executions"), 1);
}

TEST_F(DebounceTest, BeforeItsStartItIsFoundAsItWouldBeNow) {
  Executions executions(*pool);
  const Uuid id = accept(call(0s, R"({"n":1})")).id;
  accept(call(2s, R"({"n":2})"));
  EXPECT_FALSE(loop.run(executions.find(id))->has_value());
  const auto row = loop.run(executions.find_debounced(id));
  ASSERT_TRUE(row && *row);
  EXPECT_EQ((*row)->status, "pending");
  EXPECT_EQ((*row)->input, R"({"n":2})");
  EXPECT_EQ((*row)->trigger_type, "webhook");
  EXPECT_EQ((*row)->accepted_at, base);
  EXPECT_EQ((*row)->started_at, std::nullopt);
  ASSERT_EQ(start(base + 7s).size(), 1u);
  EXPECT_FALSE(loop.run(executions.find_debounced(id))->has_value());
}

TEST_F(DebounceTest, TextThatCannotBeStoredIsRefusedAlone) {
  const Answer bad = loop.start(queue.accept(call(0s, std::string("\"\0\"", 3))));
  const Answer good = loop.start(queue.accept(call(0s, "2")));
  ASSERT_TRUE(loop.until([&] { return bad->has_value() && good->has_value(); }));
  ASSERT_FALSE(**bad);
  EXPECT_EQ((*bad)->error().code, ErrorCode::storage_error);
  EXPECT_TRUE(**good);
  EXPECT_EQ(column("input"), "2");
}

TEST_F(DebounceTest, ACallWhoseAnswerWasLostNeverStartsTwiceUnderOneId) {
  execute(
      "create function lose() returns trigger language plpgsql as $$ begin "
      "if not exists (select 1 from settings where name = 'lost') then perform pg_sleep(30); end if; "
      "return new; end $$; "
      "create trigger lose before insert on delayed_starts for each row execute function lose()");
  const DebouncedCall lost = call();
  const Uuid id = lost.execution.id;
  const Answer answer = loop.start(queue.accept(lost));
  const std::string at_work =
      "pg_stat_activity where application_name = 'store-test-debounce' and wait_event = 'PgSleep'";
  ASSERT_TRUE(loop.until([&] { return count(at_work) == 1; }));
  // As if it had been recorded and had started by now, and only the answer of the database got lost.
  execute(fmt::format(
      "insert into settings values ('lost', 'yes'); insert into live_executions (id, partition, workflow_id, "
      "workflow_version, workflow_name, trigger_type, origin, input, correlation_id, accepted_at) "
      "values ('{}', 1, '{}', 1, 'hook', 'webhook', 'webhook', '1', 'c', now())",
      id.to_string(), workflow.id.to_string()));
  execute("select pg_terminate_backend(pid) from " + at_work);
  ASSERT_TRUE(loop.until([&] { return answer->has_value(); }));
  // On a slow machine its patience ends first.
  if (**answer) {
    EXPECT_NE((*answer)->value().id, id);
  }
  std::size_t started = 0;
  for (const Events::Due& due : start(base + 5s)) started += due.started ? 1 : 0;
  EXPECT_EQ(static_cast<std::size_t>(count("live_executions")), 1 + started);
  EXPECT_EQ(count("delayed_starts"), 0);
}

}  // namespace
}  // namespace r8r::store::test
