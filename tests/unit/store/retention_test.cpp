#include "common/store/retention.hpp"

#include <gmock/gmock.h>

#include "common/store/integrity.hpp"
#include "common/store/payloads.hpp"
#include "common/store/workflows.hpp"
#include "tests/unit/store/store_test.hpp"

namespace r8r::store::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

// 2026-03-10 12:00 UTC.
const Timestamp kNow = from_unix_us(1'773'144'000'000'000);

class RetentionTest : public StoreTest {
 protected:
  RetentionTest() : incarnation(*loop.run(Leases(*pool).begin_incarnation("scheduler", 600s))) {
    execute("select ensure_day_partitions('2026-01-01', 2)");
  }
  // An id of that day.
  Uuid id_of(const std::string& day, int number) {
    std::string text = value("select first_id_of('" + day + "')::text");
    text.replace(text.size() - 4, 4, fmt::format("{:04x}", number));
    return *Uuid::parse(text);
  }
  Uuid live(const std::string& day, int number, const std::string& workflow = "w") {
    const Uuid id = id_of(day, number);
    execute(
        "insert into live_executions (id, partition, workflow_id, workflow_version, workflow_name, trigger_type, "
        "origin, input, correlation_id, accepted_at) values ('" +
        id.to_string() + "', 1, gen_random_uuid(), 1, '" + workflow + "', 'api', 'api', '{}', 'c', '" + day + "')");
    progress(id, 1, "[1]");
    loop.run(Payloads(*pool).put(id, {{"key", "[]"}}));
    return id;
  }
  void progress(Uuid id, int seq, std::string entries) {
    ExecutionProgress progress{.id = id, .seq = seq, .journal = std::move(entries)};
    ASSERT_EQ(commit(queue, std::move(progress)), ProgressOutcome::committed);
  }
  Uuid ended(const std::string& day, int number, const std::string& finished, const std::string& status = "completed",
             const std::string& workflow = "w") {
    const Uuid id = live(day, number, workflow);
    ExecutionProgress last{.id = id, .ending = ending(status)};
    EXPECT_EQ(commit(queue, std::move(last)), ProgressOutcome::committed);
    execute("update executions set started_at = '" + day + "', finished_at = '" + finished + "' where id = '" +
            id.to_string() + "'");
    return id;
  }
  RetentionReport retain(int days = 30) {
    const auto report = loop.run(Retention(*pool).run({.days = days}, kNow));
    EXPECT_TRUE(report) << report.error().message;
    return *report;
  }
  /// A workflow that keeps its history for so many days.
  void keeps(const std::string& workflow, std::optional<int> days) {
    SaveWorkflow save;
    save.name = workflow;
    save.definition = "name: " + workflow + "\n";
    save.retention_days = days;
    const auto saved = loop.run(Workflows(*pool).save(std::move(save)));
    ASSERT_TRUE(saved) << saved.error().message;
  }
  bool exists(Uuid id) { return loop.run(executions.find(id))->has_value(); }
  std::string day_of(const std::string& table, Uuid id) {
    const std::string column = table == "executions" ? "id" : "execution_id";
    return value("select coalesce(string_agg(distinct tableoid::regclass::text, ','), '') from " + table + " where " +
                 column + " = '" + id.to_string() + "'");
  }

  std::int64_t incarnation;
  ProgressQueue queue{loop.io, commit_options("writer"), incarnation};
  Executions executions{*pool};
};

TEST_F(RetentionTest, DaysThatAreOldGoAsWholePartitions) {
  const Uuid old = ended("2026-01-01", 1, "2026-01-01 10:00Z");
  execute("select ensure_day_partitions('2026-03-09', 1)");
  const Uuid young = ended("2026-03-09", 2, "2026-03-09 10:00Z");
  const RetentionReport report = retain();
  EXPECT_THAT(report.partitions, UnorderedElementsAre("executions_20260101", "executions_20260102", "journal_20260101",
                                                      "journal_20260102", "payloads_20260101", "payloads_20260102"));
  EXPECT_THAT(report.postponed, IsEmpty());
  EXPECT_EQ(report.carried_over, 0);
  EXPECT_FALSE(*loop.run(executions.find(old)));
  EXPECT_EQ(count("journal"), 1);
  EXPECT_EQ(count("payloads"), 1);
  EXPECT_EQ(day_of("executions", young), "executions_20260309");
  EXPECT_EQ(day_of("payloads", young), "payloads_20260309");
}

TEST_F(RetentionTest, ADayIsKeptUntilAllOfItIsOld) {
  ended("2026-01-02", 1, "2026-01-02 10:00Z");
  EXPECT_THAT(retain(67).partitions,
              UnorderedElementsAre("executions_20260101", "journal_20260101", "payloads_20260101"));
  EXPECT_EQ(count("executions"), 1);
}

TEST_F(RetentionTest, ALiveExecutionKeepsItsJournalHoweverOldItIs) {
  const Uuid id = live("2026-01-01", 1);
  ended("2026-01-01", 2, "2026-01-01 10:00Z");
  const RetentionReport report = retain();
  EXPECT_EQ(report.carried_over, 2) << "a row of journal and one of payloads";
  EXPECT_EQ(count("journal"), 1);
  EXPECT_EQ(day_of("journal", id), "journal_other");
  EXPECT_EQ(day_of("payloads", id), "payloads_other");

  // It goes on where it was, and ends.
  const auto loaded = loop.run(executions.load_live({id}));
  ASSERT_EQ(loaded->size(), 1u);
  EXPECT_THAT(loaded->front().journal, ElementsAre("[1]"));
  progress(id, 2, "[2]");
  retain();
  EXPECT_THAT(loop.run(executions.load_live({id}))->front().journal, ElementsAre("[1]", "[2]"));
  ExecutionProgress last{.id = id, .ending = ending()};
  ASSERT_EQ(commit(queue, std::move(last)), ProgressOutcome::committed);
  EXPECT_EQ((*loop.run(executions.find(id)))->status, "completed");
  EXPECT_EQ(count("journal"), 2);

  // Its own time comes thirty days after its end.
  execute("update executions set finished_at = '2026-03-01'");
  EXPECT_EQ(retain().rows, 0);
  execute("update executions set finished_at = '2026-02-01'");
  EXPECT_EQ(retain().rows, 4) << "history, two rows of journal, a payload";
  EXPECT_EQ(count("journal"), 0);
  EXPECT_EQ(count("payloads"), 0);
}

TEST_F(RetentionTest, WhatBeganLongAgoAndEndedLateIsKept) {
  const Uuid id = ended("2026-01-01", 1, "2026-03-09 10:00Z");
  EXPECT_EQ(retain().carried_over, 3);
  EXPECT_TRUE(*loop.run(executions.find(id)));
  EXPECT_EQ(day_of("journal", id), "journal_other");
}

TEST_F(RetentionTest, ARunThatBeganAgainKeepsWhatTheOneBeforeRecorded) {
  const Uuid id = ended("2026-01-01", 1, "2026-01-01 10:00Z", "failed");
  ASSERT_TRUE(*loop.run(executions.begin_again(id, 1)));
  retain();
  EXPECT_THAT(*loop.run(executions.whole_journal(id, 1)), ElementsAre("[1]", ending().trace));
}

TEST_F(RetentionTest, NothingOldIsRemovedWithZeroDays) {
  ended("2026-01-01", 1, "2026-01-01 10:00Z");
  const RetentionReport report = retain(0);
  EXPECT_THAT(report.partitions, IsEmpty());
  EXPECT_EQ(count("executions"), 1);
}

TEST_F(RetentionTest, ATableThatSomebodyHoldsIsLeftForNextTime) {
  ended("2026-01-01", 1, "2026-01-01 10:00Z");
  const auto holder = connect("holder");
  const auto held =
      loop.start(holder->run_script("begin; lock table executions in access share mode; select pg_sleep(60)", 90s));
  const std::string who = "pg_stat_activity where application_name = 'holder' and query like 'begin%'";
  ASSERT_TRUE(loop.until([&] { return count(who + " and wait_event = 'PgSleep'") == 1; }));
  const RetentionReport report = retain();
  EXPECT_THAT(report.partitions, IsEmpty());
  EXPECT_EQ(report.postponed.size(), 6u) << "journals wait for their history";
  execute("select pg_terminate_backend(pid) from " + who);
  ASSERT_TRUE(loop.until([&] { return held->has_value(); }));
  EXPECT_EQ(retain().partitions.size(), 6u);
}

TEST_F(RetentionTest, OnlyOneIsAtItAtATime) {
  const auto other = connect("other");
  ASSERT_TRUE(loop.run(other->run_script("select pg_advisory_lock(x'72387203'::bigint)", 5s)));
  EXPECT_TRUE(retain().busy);
  ASSERT_TRUE(loop.run(other->run_script("select pg_advisory_unlock_all()", 5s)));
  EXPECT_FALSE(retain().busy);
}

TEST_F(RetentionTest, OldIdempotencyKeysGo) {
  execute(
      "insert into idempotency_keys select 'old' || i, 'f', gen_random_uuid(), '2026-03-09 11:59Z' from "
      "generate_series(1, 25000) i");
  execute("insert into idempotency_keys values ('young', 'f', gen_random_uuid(), '2026-03-09 12:01Z')");
  EXPECT_EQ(retain(0).idempotency_keys, 25'000);
  EXPECT_EQ(value("select key from idempotency_keys"), "young");
}

TEST_F(RetentionTest, AWorkflowThatKeepsLessLosesItAfterItsOwnDays) {
  keeps("short", 5);
  execute("select ensure_day_partitions('2026-03-01', 10)");
  const Uuid gone = ended("2026-03-01", 1, "2026-03-01 10:00Z", "completed", "short");
  const Uuid running = live("2026-03-01", 2, "short");
  const Uuid late = ended("2026-03-01", 3, "2026-03-09 10:00Z", "completed", "short");
  const Uuid young = ended("2026-03-06", 4, "2026-03-06 10:00Z", "completed", "short");
  const Uuid others = ended("2026-03-01", 5, "2026-03-01 10:00Z");
  const RetentionReport report = retain();
  EXPECT_EQ(report.rows, 3) << "history, journal, a payload";
  EXPECT_FALSE(exists(gone));
  EXPECT_EQ(day_of("journal", gone), "");
  EXPECT_EQ(day_of("payloads", gone), "");
  for (const Uuid id : {running, late, young, others}) {
    EXPECT_TRUE(exists(id));
    EXPECT_EQ(day_of("journal", id).substr(0, 12), "journal_2026");
  }
  EXPECT_EQ(retain().rows, 0);
}

TEST_F(RetentionTest, AWorkflowThatKeepsMoreKeepsItsDayAndNothingElseOfIt) {
  keeps("long", 365);
  const Uuid kept = ended("2026-01-01", 1, "2026-01-01 10:00Z", "completed", "long");
  const Uuid gone = ended("2026-01-01", 2, "2026-01-01 10:00Z");
  const Uuid running = live("2026-01-01", 3);
  const Uuid late = ended("2026-01-01", 4, "2026-03-09 10:00Z");
  ended("2026-01-02", 5, "2026-01-02 10:00Z");
  const RetentionReport report = retain();
  EXPECT_THAT(report.partitions, UnorderedElementsAre("executions_20260102", "journal_20260102", "payloads_20260102"));
  EXPECT_THAT(report.postponed, IsEmpty()) << "nothing is tried again soon";
  EXPECT_EQ(report.rows, 3);
  EXPECT_FALSE(exists(gone));
  EXPECT_EQ(day_of("journal", gone), "");
  for (const Uuid id : {kept, running, late}) {
    EXPECT_TRUE(exists(id));
    EXPECT_EQ(day_of("journal", id), "journal_20260101");
    EXPECT_EQ(day_of("payloads", id), "payloads_20260101");
  }

  // With the version that keeps it less long the whole day goes.
  keeps("long", 31);
  EXPECT_EQ(retain().partitions.size(), 3u);
  EXPECT_FALSE(exists(kept));
  EXPECT_EQ(day_of("journal", running), "journal_other");
  EXPECT_EQ(day_of("executions", late), "executions_other");
}

TEST_F(RetentionTest, AWorkflowCanKeepEverything) {
  keeps("all", 0);
  const Uuid kept = ended("2026-01-01", 1, "2026-01-01 10:00Z", "completed", "all");
  // Older than any partition.
  const Uuid outside = ended("2019-05-05", 2, "2019-05-05 10:00Z", "completed", "all");
  retain(1);
  EXPECT_TRUE(exists(kept));
  EXPECT_TRUE(exists(outside));
  keeps("all", std::nullopt);
  EXPECT_EQ(retain(1).rows, 3) << "it is as the others again";
  EXPECT_EQ(count("executions"), 0);
  EXPECT_EQ(count("journal"), 0);
}

TEST_F(RetentionTest, AWorkflowCanKeepLessThanAServerThatKeepsEverything) {
  keeps("short", 1);
  const Uuid gone = ended("2026-01-01", 1, "2026-01-01 10:00Z", "completed", "short");
  const Uuid outside = ended("2019-05-05", 2, "2019-05-05 10:00Z", "completed", "short");
  const Uuid others = ended("2026-01-01", 3, "2026-01-01 10:00Z");
  retain(0);
  EXPECT_FALSE(exists(gone));
  EXPECT_FALSE(exists(outside));
  EXPECT_TRUE(exists(others));
  EXPECT_EQ(count("journal"), 1);
}

TEST_F(RetentionTest, ManyExecutionsGoInPages) {
  keeps("short", 5);
  execute("select ensure_day_partitions('2026-03-01', 1)");
  const Uuid one = ended("2026-03-01", 1, "2026-03-01 10:00Z", "completed", "short");
  execute(
      "insert into executions (id, run, workflow_id, workflow_version, workflow_name, status, trigger_type, origin, "
      "input, "
      "correlation_id, accepted_at, started_at, finished_at, trace) "
      "select gen_random_uuid(), 1, workflow_id, 1, workflow_name, status, trigger_type, origin, input, "
      "correlation_id, "
      "accepted_at, started_at, finished_at, trace from executions, generate_series(1, 2500)");
  EXPECT_EQ(retain().rows, 2'503);
  EXPECT_EQ(count("executions"), 0);
  EXPECT_FALSE(exists(one));
}

TEST_F(RetentionTest, WhatIsStillNeededOutlivesItsWorkflowsDays) {
  keeps("short", 5);
  execute("select ensure_day_partitions('2026-03-01', 1)");
  const Uuid again = ended("2026-03-01", 1, "2026-03-01 10:00Z", "failed", "short");
  ASSERT_TRUE(*loop.run(executions.begin_again(again, 1)));
  const Uuid awaited = ended("2026-03-01", 2, "2026-03-01 10:00Z", "completed", "short");
  execute("insert into awaited_children values ('" + awaited.to_string() + "', gen_random_uuid(), 1)");
  EXPECT_EQ(retain().rows, 0);
  EXPECT_THAT(*loop.run(executions.whole_journal(again, 1)), ElementsAre("[1]", ending().trace));
  EXPECT_TRUE(exists(awaited));

  // A later run that is not old keeps those before it.
  ExecutionProgress last{.id = again, .run = 2, .ending = ending()};
  ASSERT_EQ(commit(queue, std::move(last)), ProgressOutcome::committed);
  execute("update executions set finished_at = '2026-03-09' where run = 2");
  EXPECT_EQ(retain().rows, 0);
  execute("update executions set finished_at = '2026-03-02' where run = 2");
  EXPECT_EQ(retain().rows, 5) << "two runs, a row of journal, a payload, a dead letter";
}

TEST_F(RetentionTest, WhatIsBegunAgainAtThisMomentIsNotDeleted) {
  keeps("short", 5);
  execute("select ensure_day_partitions('2026-03-01', 1)");
  const Uuid id = ended("2026-03-01", 1, "2026-03-01 10:00Z", "failed", "short");
  const auto holder = connect("holder");
  const auto held = loop.start(holder->run_script(
      "begin; select 1 from executions where id = '" + id.to_string() + "' for key share; select pg_sleep(60)", 90s));
  const std::string who = "pg_stat_activity where application_name = 'holder' and query like 'begin%'";
  ASSERT_TRUE(loop.until([&] { return count(who + " and wait_event = 'PgSleep'") == 1; }));
  EXPECT_EQ(retain().rows, 0);
  execute("select pg_terminate_backend(pid) from " + who);
  ASSERT_TRUE(loop.until([&] { return held->has_value(); }));
  EXPECT_EQ(retain().rows, 4) << "history, journal, a payload, a dead letter";
}

TEST_F(RetentionTest, PreviewKnowsWhatWorkflowsSay) {
  keeps("long", 365);
  keeps("short", 5);
  ended("2026-01-01", 1, "2026-01-01 10:00Z", "completed", "long");
  ended("2026-01-01", 2, "2026-01-01 10:00Z");
  ended("2026-01-02", 3, "2026-01-02 10:00Z", "completed", "short");
  execute("select ensure_day_partitions('2026-03-01', 1)");
  ended("2026-03-01", 4, "2026-03-01 10:00Z", "completed", "short");
  const auto report = loop.run(Retention(*pool).preview({}, kNow));
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_THAT(report->partitions, UnorderedElementsAre("executions_20260102", "journal_20260102", "payloads_20260102"));
  EXPECT_EQ(report->rows, 2) << "one in the kept day, one of the last days";
  EXPECT_EQ(count("executions"), 4);
}

TEST_F(RetentionTest, PreviewSaysWhatWouldGoAndChangesNothing) {
  ended("2026-01-01", 1, "2026-01-01 10:00Z");
  execute("insert into idempotency_keys values ('old', 'f', gen_random_uuid(), '2026-01-01')");
  const auto report = loop.run(Retention(*pool).preview({}, kNow));
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->partitions.size(), 6u);
  EXPECT_EQ(report->idempotency_keys, 1);
  EXPECT_EQ(count("executions"), 1);
  EXPECT_EQ(count("idempotency_keys"), 1);
}

class IntegrityTest : public RetentionTest {
 protected:
  Integrity check() {
    const auto found = loop.run(check_integrity(*pool, 1'000));
    EXPECT_TRUE(found) << found.error().message;
    return *found;
  }
};

TEST_F(IntegrityTest, ASoundDatabaseHasNothingToSay) {
  ended("2026-01-01", 1, "2026-01-01 10:00Z");
  EXPECT_TRUE(check().sound()) << check().first_problem();
}

TEST_F(IntegrityTest, NothingIsLeftOfExecutionsThatTheirWorkflowsDoNotKeep) {
  keeps("short", 5);
  keeps("long", 365);
  ended("2026-01-01", 1, "2026-01-01 10:00Z", "failed", "long");
  ended("2026-01-01", 2, "2026-01-01 10:00Z", "failed");
  ended("2026-01-02", 3, "2026-01-02 10:00Z", "failed", "short");
  retain();
  EXPECT_EQ(count("executions"), 1);
  EXPECT_TRUE(check().sound()) << check().first_problem();
}

TEST_F(IntegrityTest, WhatShouldNotBeThereIsCounted) {
  live("2026-01-01", 1);
  EXPECT_EQ(check().orphaned_executions, 1) << "there is no such workflow";
  execute("delete from live_executions");
  execute("insert into timers values (gen_random_uuid(), 'n', 1, now())");
  execute("insert into workflow_versions values (gen_random_uuid(), 1, '', '', now())");
  const Integrity found = check();
  EXPECT_EQ(found.orphaned_executions, 0);
  EXPECT_EQ(found.orphaned_node_executions, 1);
  EXPECT_EQ(found.orphaned_workflow_versions, 1);
  EXPECT_EQ(found.orphaned_timers, 1);
  EXPECT_EQ(found.first_problem(), "1 journals have no execution");
}

}  // namespace
}  // namespace r8r::store::test
