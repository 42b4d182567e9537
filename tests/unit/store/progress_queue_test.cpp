#include "common/store/progress_queue.hpp"

#include "tests/unit/store/store_test.hpp"

namespace r8r::store::test {
namespace {

class ProgressQueueTest : public StoreTest {
 protected:
  explicit ProgressQueueTest(PostgresServer& on = PostgresServer::shared())
      : StoreTest(on), incarnation(*loop.run(Leases(*pool).begin_incarnation("scheduler", 600s))) {}

  CommitOptions writer_options() const { return commit_options(Leases::writer_name(incarnation)); }
  ExecutionProgress step(Uuid id, int seq) const {
    ExecutionProgress progress;
    progress.id = id;
    progress.seq = seq;
    progress.journal = "[{\"kind\":\"completed\",\"node\":\"n" + std::to_string(seq) + "\"}]";
    return progress;
  }
  ExecutionProgress end(Uuid id, const std::string& status = "completed") const {
    ExecutionProgress progress;
    progress.id = id;
    progress.ending = ending(status);
    return progress;
  }
  ExecutionProgress timer(Uuid id, const std::string& node, std::optional<Timestamp> at) const {
    ExecutionProgress progress;
    progress.id = id;
    progress.partition = 3;
    progress.timers.push_back({node, at});
    return progress;
  }
  /// Ends the writer's session as the server would; its queue does not know whether what is in flight was committed.
  void end_writer_sessions() {
    execute("select pg_terminate_backend(pid) from pg_stat_activity where application_name = '" +
            Leases::writer_name(incarnation) + "' and datname = current_database()");
  }

  std::int64_t incarnation;
  AcceptQueue accepts{loop.io, commit_options()};
  ProgressQueue queue{loop.io, writer_options(), incarnation};
};

class ProgressQueueOutage : public ProgressQueueTest {
 protected:
  ProgressQueueOutage() : ProgressQueueTest(PostgresServer::to_be_restarted()) {}
};

TEST_F(ProgressQueueTest, AnExecutionsLifeIsRecorded) {
  const Uuid id = accept_all(accepts, 1).front();
  ExecutionProgress first = step(id, 0);
  first.status = "running";
  first.started_at = wall_now();
  ASSERT_EQ(commit(queue, first), ProgressOutcome::committed);
  auto found = loop.run(Executions(*pool).find(id));
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->status, "running");
  EXPECT_EQ((*found)->started_at, first.started_at);
  EXPECT_EQ(loop.run(Executions(*pool).journal(id)).value().size(), 1u);

  ASSERT_EQ(commit(queue, step(id, 1)), ProgressOutcome::committed);
  ExecutionProgress last = end(id, "failed");
  last.ending->started_at = *first.started_at;
  last.ending->error = "boom";
  last.ending->error_node = "n2";
  ASSERT_EQ(commit(queue, last), ProgressOutcome::committed);

  const auto whole = loop.run(Executions(*pool).find_with_journal(id));
  ASSERT_TRUE(whole && *whole);
  const auto& [row, journal] = **whole;
  EXPECT_FALSE(row.live);
  EXPECT_EQ(row.status, "failed");
  EXPECT_EQ(row.output, R"({"v":6})");
  EXPECT_EQ(row.error, "boom");
  EXPECT_EQ(row.error_node, "n2");
  EXPECT_EQ(row.trace, last.ending->trace);
  EXPECT_EQ(row.started_at, last.ending->started_at);
  EXPECT_EQ(row.finished_at, last.ending->finished_at);
  EXPECT_EQ(row.input, R"({"v":1})");
  ASSERT_EQ(journal.size(), 2u);
  EXPECT_EQ(journal[0], step(id, 0).journal);
  EXPECT_EQ(journal[1], step(id, 1).journal);
  EXPECT_EQ(count("live_executions"), 0);
}

TEST_F(ProgressQueueTest, WhatHasEndedIsGone) {
  const Uuid id = accept_all(accepts, 1).front();
  ASSERT_EQ(commit(queue, end(id)), ProgressOutcome::committed);
  EXPECT_EQ(commit(queue, end(id, "failed")), ProgressOutcome::gone);
  EXPECT_EQ(commit(queue, step(id, 5)), ProgressOutcome::gone);
  EXPECT_EQ(commit(queue, timer(id, "w", wall_now())), ProgressOutcome::gone);
  ExecutionProgress status;
  status.id = id;
  status.status = "running";
  EXPECT_EQ(commit(queue, status), ProgressOutcome::gone);
  EXPECT_EQ(count("journal"), 0);
  EXPECT_EQ(count("timers"), 0);
  EXPECT_EQ(value("select string_agg(status, ',') from executions"), "completed");
}

TEST_F(ProgressQueueTest, AnotherRunIsAnotherExecution) {
  const Uuid id = accept_all(accepts, 1).front();
  ExecutionProgress other = end(id);
  other.run = 2;
  EXPECT_EQ(commit(queue, other), ProgressOutcome::gone);
  EXPECT_EQ(count("live_executions"), 1);
}

TEST_F(ProgressQueueTest, TheSameCommitTwiceIsOnce) {
  const Uuid id = accept_all(accepts, 1).front();
  const ExecutionProgress again = step(id, 0);
  EXPECT_EQ(commit(queue, again), ProgressOutcome::committed);
  EXPECT_EQ(commit(queue, again), ProgressOutcome::committed);
  EXPECT_EQ(count("journal"), 1);
  const ExecutionProgress last = end(id);
  EXPECT_EQ(commit(queue, last), ProgressOutcome::committed);
  EXPECT_EQ(commit(queue, last), ProgressOutcome::committed);
  EXPECT_EQ(commit(queue, again), ProgressOutcome::committed);
  EXPECT_EQ(count("executions"), 1);
}

TEST_F(ProgressQueueTest, WhoeverDoesNotKnowWhatHappenedWritesNothing) {
  const std::vector<Uuid> ids = accept_all(accepts, 3);
  ASSERT_EQ(commit(queue, step(ids[0], 1)), ProgressOutcome::committed);
  std::vector<std::optional<Result<ProgressOutcome>>> outcomes(4);
  ExecutionProgress other = step(ids[0], 1);
  other.journal = R"([{"kind":"started"}])";
  other.status = "running";
  other.timers.push_back({"w", wall_now()});
  const std::vector<ExecutionProgress> all{step(ids[1], 1), other, step(ids[0], 2), step(ids[2], 1)};
  for (std::size_t i = 0; i < all.size(); ++i)
    queue.commit(all[i], [&, i](Result<ProgressOutcome> outcome) { outcomes[i] = std::move(outcome); });
  ASSERT_TRUE(loop.run(queue.drain(20s)));
  EXPECT_EQ(outcomes[0]->value(), ProgressOutcome::committed);
  EXPECT_EQ(outcomes[1]->error().code, ErrorCode::conflict_error);
  EXPECT_FALSE(*outcomes[2]) << "it followed from what was refused";
  EXPECT_EQ(outcomes[3]->value(), ProgressOutcome::committed);
  EXPECT_EQ(count("journal"), 3);
  EXPECT_EQ(count("timers"), 0);
  EXPECT_EQ(count("live_executions where status = 'running'"), 0);
}

TEST_F(ProgressQueueTest, AnExecutionBeginsOnce) {
  const Uuid id = accept_all(accepts, 1).front();
  ExecutionProgress first{.id = id, .status = "running", .started_at = wall_now()};
  ASSERT_EQ(commit(queue, first), ProgressOutcome::committed);
  EXPECT_EQ(commit(queue, first), ProgressOutcome::committed) << "the same again, after an answer that was lost";
  ExecutionProgress paused{.id = id, .status = "paused"};
  ASSERT_EQ(commit(queue, paused), ProgressOutcome::committed);

  const auto refusal_of = [&](ExecutionProgress progress) {
    std::optional<Result<ProgressOutcome>> outcome;
    queue.commit(std::move(progress), [&](Result<ProgressOutcome> result) { outcome = std::move(result); });
    EXPECT_TRUE(loop.until([&] { return outcome.has_value(); }));
    return *outcome ? ErrorCode::internal_error : outcome->error().code;
  };
  ExecutionProgress late = first;
  late.started_at = *first.started_at + 1s;
  EXPECT_EQ(refusal_of(late), ErrorCode::conflict_error);
  EXPECT_EQ(refusal_of(end(id, "failed")), ErrorCode::conflict_error);
  EXPECT_EQ(count("live_executions where status = 'paused'"), 1);
  EXPECT_EQ(count("executions"), 0);
  ExecutionProgress last = end(id);
  last.ending->started_at = *first.started_at;
  EXPECT_EQ(commit(queue, last), ProgressOutcome::committed);
}

TEST_F(ProgressQueueTest, SeveralStepsOfOneExecutionShareABatch) {
  const Uuid id = accept_all(accepts, 1).front();
  const Timestamp soon = from_unix_us(to_unix_us(wall_now()) + 1'000'000);
  std::vector<ExecutionProgress> steps = {step(id, 0),
                                          step(id, 1),
                                          timer(id, "w", soon),
                                          timer(id, "w", std::nullopt),
                                          timer(id, "v", std::nullopt),
                                          timer(id, "v", soon)};
  steps[0].status = "running";
  steps[1].status = "waiting";
  std::vector<ProgressOutcome> outcomes;
  const auto submit = [&](ExecutionProgress progress) {
    queue.commit(std::move(progress), [&](Result<ProgressOutcome> outcome) { outcomes.push_back(outcome.value()); });
  };
  const std::uint64_t before = queue.batches();
  for (const ExecutionProgress& progress : steps) submit(progress);
  ASSERT_TRUE(loop.until([&] { return outcomes.size() == steps.size(); }));
  EXPECT_EQ(queue.batches(), before + 1);
  EXPECT_EQ(outcomes, std::vector<ProgressOutcome>(steps.size(), ProgressOutcome::committed));
  EXPECT_EQ(value("select status from live_executions"), "waiting");
  EXPECT_EQ(value("select string_agg(node_id, ',') from timers"), "v");
  EXPECT_EQ(count("journal"), 2);

  outcomes.clear();
  submit(step(id, 2));
  submit(end(id));
  submit(step(id, 3));
  submit(end(id, "failed"));
  ASSERT_TRUE(loop.until([&] { return outcomes.size() == 4; }));
  EXPECT_EQ(queue.batches(), before + 2);
  EXPECT_EQ(outcomes, (std::vector<ProgressOutcome>{ProgressOutcome::committed, ProgressOutcome::committed,
                                                    ProgressOutcome::gone, ProgressOutcome::gone}));
  EXPECT_EQ(count("journal"), 3);
  EXPECT_EQ(value("select status from executions"), "completed");
}

TEST_F(ProgressQueueTest, TheEndTakesTheTimersAlong) {
  const std::vector<Uuid> ids = accept_all(accepts, 2);
  for (const Uuid& id : ids) ASSERT_EQ(commit(queue, timer(id, "w", wall_now())), ProgressOutcome::committed);
  EXPECT_EQ(loop.run(Executions(*pool).timers_before({3}, wall_now(), {}, 10)).value().size(), 2u);
  ExecutionProgress last = end(ids[0]);
  last.has_timers = true;
  ASSERT_EQ(commit(queue, last), ProgressOutcome::committed);
  EXPECT_EQ(value("select string_agg(execution_id::text, ',') from timers"), ids[1].to_string());
}

TEST_F(ProgressQueueTest, ManyShareFewTransactionsAndAnswersComeInOrder) {
  const std::vector<Uuid> ids = accept_all(accepts, 3'000);
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    queue.commit(end(ids[i]), [&order, i](Result<ProgressOutcome> outcome) {
      ASSERT_TRUE(outcome);
      EXPECT_EQ(*outcome, ProgressOutcome::committed);
      order.push_back(i);
    });
  }
  ASSERT_TRUE(loop.run(queue.drain(30s)));
  ASSERT_EQ(order.size(), ids.size());
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
  EXPECT_LE(queue.batches(), 20u);
  EXPECT_EQ(queue.items(), 3'000u);
  EXPECT_EQ(count("executions"), 3'000);
  EXPECT_EQ(count("live_executions"), 0);
}

TEST_F(ProgressQueueTest, OnePoisonedItemFailsAloneAndWhatFollowsOfIt) {
  execute("alter table journal add constraint no_poison check (entries not like '%poison%')");
  const std::vector<Uuid> ids = accept_all(accepts, 60);
  std::vector<std::optional<Result<ProgressOutcome>>> outcomes(62);
  for (std::size_t i = 0; i < 60; ++i) {
    ExecutionProgress progress = step(ids[i], 0);
    if (i == 20) progress.journal = R"(["poison"])";
    queue.commit(progress, [&, i](Result<ProgressOutcome> outcome) { outcomes[i] = std::move(outcome); });
  }
  queue.commit(step(ids[20], 1), [&](Result<ProgressOutcome> outcome) { outcomes[60] = std::move(outcome); });
  queue.commit(step(ids[21], 1), [&](Result<ProgressOutcome> outcome) { outcomes[61] = std::move(outcome); });
  ASSERT_TRUE(loop.run(queue.drain(20s)));
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    ASSERT_TRUE(outcomes[i]) << i;
    if (i == 20 || i == 60) {
      ASSERT_FALSE(*outcomes[i]) << i;
      EXPECT_EQ(outcomes[i]->error().code, ErrorCode::storage_error);
    } else {
      EXPECT_TRUE(*outcomes[i]) << i;
    }
  }
  EXPECT_EQ(count("journal"), 60);
}

TEST_F(ProgressQueueTest, AfterARefusalTheOwnerMayEndTheExecution) {
  const Uuid id = accept_all(accepts, 1).front();
  ExecutionProgress bad = step(id, 0);
  bad.journal = std::string("[\"a\0b\"]", 7);
  std::optional<Result<ProgressOutcome>> ended;
  std::vector<ErrorCode> refusals;
  queue.commit(bad, [&](Result<ProgressOutcome> outcome) {
    refusals.push_back(outcome.error().code);
    queue.commit(end(id, "failed"), [&](Result<ProgressOutcome> last) { ended = std::move(last); });
  });
  queue.commit(step(id, 1), [&](Result<ProgressOutcome> outcome) { refusals.push_back(outcome.error().code); });
  ASSERT_TRUE(loop.until([&] { return ended.has_value(); }));
  EXPECT_EQ(refusals, (std::vector<ErrorCode>{ErrorCode::storage_error, ErrorCode::storage_error}));
  ASSERT_TRUE(*ended);
  EXPECT_EQ(**ended, ProgressOutcome::committed);
  EXPECT_EQ(count("journal"), 0);
}

TEST_F(ProgressQueueTest, PastTheBoundTheCallerIsTold) {
  CommitOptions options = writer_options();
  options.max_pending_items = 5;
  ProgressQueue small(loop.io, options, incarnation);
  const std::vector<Uuid> ids = accept_all(accepts, 8);
  int full = 0, done = 0;
  for (const Uuid& id : ids) {
    small.commit(end(id), [&](Result<ProgressOutcome> outcome) {
      ++done;
      if (!outcome && outcome.error().code == ErrorCode::queue_full) ++full;
    });
  }
  ASSERT_TRUE(loop.until([&] { return done == 8; }));
  EXPECT_EQ(full, 3);
}

TEST_F(ProgressQueueOutage, LostAnswersAndRestartsLoseNothingAndDoubleNothing) {
  const std::vector<Uuid> ids = accept_all(accepts, 1'500);
  int committed = 0, other = 0;
  const auto told = [&](Result<ProgressOutcome> outcome) {
    if (outcome && *outcome == ProgressOutcome::committed) {
      ++committed;
    } else {
      ++other;
    }
  };
  for (std::size_t i = 0; i < ids.size(); ++i) {
    ExecutionProgress first = step(ids[i], 0);
    first.status = "running";
    ExecutionProgress waits = timer(ids[i], "w", wall_now());
    ExecutionProgress last = end(ids[i]);
    last.has_timers = true;
    queue.commit(std::move(first), told);
    queue.commit(std::move(waits), told);
    queue.commit(step(ids[i], 1), told);
    queue.commit(std::move(last), told);
    if (i == 1'200) {
      server.stop(PostgresServer::Stop::immediate);
      server.start();
    } else if (i % 100 == 99) {
      loop.io.run_for(std::chrono::milliseconds(1 + i / 100 % 4));
      end_writer_sessions();
    }
  }
  ASSERT_TRUE(loop.run(queue.drain(60s)));
  EXPECT_EQ(committed, 6'000);
  EXPECT_EQ(other, 0);
  EXPECT_EQ(count("executions"), 1'500);
  EXPECT_EQ(count("journal"), 3'000);
  EXPECT_EQ(count("live_executions"), 0);
  EXPECT_EQ(count("timers"), 0);
}

TEST_F(ProgressQueueOutage, ItemsWaitForAsLongAsTheDatabaseIsAway) {
  const Uuid id = accept_all(accepts, 1).front();
  server.stop(PostgresServer::Stop::fast);
  std::optional<Result<ProgressOutcome>> outcome;
  queue.commit(end(id), [&](Result<ProgressOutcome> result) { outcome = std::move(result); });
  loop.io.run_for(3s);  // longer than any patience
  const bool waited = !outcome.has_value();
  const bool healthy = queue.healthy();
  server.start();
  EXPECT_TRUE(waited);
  EXPECT_FALSE(healthy);
  ASSERT_TRUE(loop.until([&] { return outcome.has_value(); }));
  ASSERT_TRUE(*outcome);
  EXPECT_EQ(**outcome, ProgressOutcome::committed);
  EXPECT_TRUE(queue.healthy());
}

TEST_F(ProgressQueueTest, ADestroyedQueueCallsNobody) {
  const std::vector<Uuid> ids = accept_all(accepts, 5);
  auto doomed = std::make_unique<ProgressQueue>(loop.io, writer_options(), incarnation);
  int calls = 0;
  for (const Uuid& id : ids) doomed->commit(end(id), [&](Result<ProgressOutcome>) { ++calls; });
  loop.io.poll_one();
  doomed.reset();
  // A later commit through another queue proves that the loop went on long enough.
  const Uuid id = accept_all(accepts, 1).front();
  ASSERT_EQ(commit(queue, end(id)), ProgressOutcome::committed);
  EXPECT_EQ(calls, 0);
}

TEST_F(ProgressQueueTest, ACallbackMayDestroyTheQueue) {
  const std::vector<Uuid> ids = accept_all(accepts, 3);
  auto doomed = std::make_unique<ProgressQueue>(loop.io, writer_options(), incarnation);
  int calls = 0;
  for (const Uuid& id : ids) {
    doomed->commit(end(id), [&](Result<ProgressOutcome>) {
      ++calls;
      doomed.reset();
    });
  }
  ASSERT_TRUE(loop.until([&] { return calls > 0; }));
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace r8r::store::test
