#include "common/store/executions.hpp"

#include <algorithm>

#include "common/store/idempotency.hpp"
#include "tests/unit/store/store_test.hpp"

namespace r8r::store::test {
namespace {

class ExecutionsTest : public StoreTest {
 protected:
  ExecutionsTest() : incarnation(*loop.run(Leases(*pool).begin_incarnation("scheduler", 600s))) {}

  void end(Uuid id) {
    ExecutionProgress progress;
    progress.id = id;
    progress.ending = ending();
    ASSERT_EQ(commit(queue, std::move(progress)), ProgressOutcome::committed);
  }
  void journal(Uuid id, int seq) {
    ExecutionProgress progress;
    progress.id = id;
    progress.seq = seq;
    progress.journal = "[" + std::to_string(seq) + "]";
    ASSERT_EQ(commit(queue, std::move(progress)), ProgressOutcome::committed);
  }

  std::int64_t incarnation;
  AcceptQueue accepts{loop.io, commit_options()};
  ProgressQueue queue{loop.io, commit_options("writer"), incarnation};
  Executions executions{*pool};
};

TEST_F(ExecutionsTest, WhatDoesNotExistIsNotFound) {
  EXPECT_FALSE(*loop.run(executions.find(Uuid::v7())));
  EXPECT_FALSE(*loop.run(executions.find_with_journal(Uuid::v7())));
  EXPECT_FALSE(*loop.run(executions.input(Uuid::v7())));
  EXPECT_TRUE(loop.run(executions.journal(Uuid::v7()))->empty());
  EXPECT_TRUE(loop.run(executions.load_live({Uuid::v7()}))->empty());
  EXPECT_TRUE(loop.run(executions.ended({}))->empty());
}

TEST_F(ExecutionsTest, PagesHoldEachThatIsNotParkedOnce) {
  std::vector<Uuid> wanted = accept_all(accepts, 25, 1);
  const std::vector<Uuid> more = accept_all(accepts, 20, 4);
  accept_all(accepts, 10, 2);
  wanted.insert(wanted.end(), more.begin(), more.end());
  std::sort(wanted.begin(), wanted.end());
  ExecutionProgress parked{.id = wanted[7], .partition = 1, .parked = true};
  ASSERT_EQ(commit(queue, parked), ProgressOutcome::committed);
  ASSERT_EQ(commit(queue, ExecutionProgress{.id = wanted[9], .partition = 1, .parked = true}),
            ProgressOutcome::committed);
  ASSERT_EQ(commit(queue, ExecutionProgress{.id = wanted[9], .partition = 1, .parked = false}),
            ProgressOutcome::committed);
  const auto loaded = loop.run(executions.load_live({wanted[7], wanted[9]}));
  ASSERT_EQ(loaded->size(), 2u);
  EXPECT_TRUE((*loaded)[0].parked);
  EXPECT_FALSE((*loaded)[1].parked);
  wanted.erase(wanted.begin() + 7);

  std::vector<Uuid> seen;
  Uuid after;
  while (true) {
    const auto page = loop.run(executions.live_ids({1, 4}, wall_now() + std::chrono::hours(1), after, 7));
    ASSERT_TRUE(page);
    if (page->empty()) break;
    EXPECT_LE(page->size(), 7u);
    for (const auto& [id, partition] : *page) {
      seen.push_back(id);
      EXPECT_TRUE(partition == 1 || partition == 4);
    }
    after = page->back().first;
  }
  EXPECT_EQ(seen, wanted);
}

TEST_F(ExecutionsTest, TheSweepSeesOldOnesOfItsPartitions) {
  const std::vector<Uuid> ids = accept_all(accepts, 10, 1);
  accept_all(accepts, 10, 2);
  const Timestamp future = from_unix_us(to_unix_us(wall_now()) + 60'000'000);
  const Timestamp past = from_unix_us(to_unix_us(wall_now()) - 60'000'000);
  EXPECT_TRUE(loop.run(executions.live_ids({1, 2}, past, Uuid{}, 100))->empty());
  const auto first = loop.run(executions.live_ids({1}, future, Uuid{}, 6));
  ASSERT_EQ(first->size(), 6u);
  const auto rest = loop.run(executions.live_ids({1}, future, first->back().first, 6));
  ASSERT_EQ(rest->size(), 4u);
  EXPECT_EQ(rest->back().first, ids.back());
  EXPECT_EQ(rest->back().second, 1);
  EXPECT_EQ(loop.run(executions.live_ids({0, 1, 2, 3}, future, Uuid{}, 100))->size(), 20u);
}

TEST_F(ExecutionsTest, EndedOnesAreToldFromLiveOnes) {
  const std::vector<Uuid> ids = accept_all(accepts, 3);
  end(ids[0]);
  end(ids[2]);
  std::vector<Uuid> found;
  const auto rows = loop.run(executions.ended(ids));
  for (const ExecutionRow& row : *rows) {
    found.push_back(row.id);
    EXPECT_EQ(row.status, "completed");
    EXPECT_FALSE(row.live);
  }
  EXPECT_EQ(found, (std::vector<Uuid>{ids[0], ids[2]}));
  const auto live = loop.run(executions.load_live(ids));
  ASSERT_EQ(live->size(), 1u);
  EXPECT_EQ(live->front().row.id, ids[1]);
}

TEST_F(ExecutionsTest, TheLatestRunIsTheOneThatReadersSee) {
  const Uuid id = accept_all(accepts, 1).front();
  journal(id, 0);
  end(id);
  // As a resume will do it.
  execute(
      "insert into live_executions select id, 2, 1, workflow_id, workflow_version, workflow_name, 'running', "
      "trigger_type, origin, "
      "input, webhook, correlation_id, idempotency_key, traceparent, accepted_at, started_at from executions");
  const auto found = loop.run(executions.find_with_journal(id));
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->first.run, 2);
  EXPECT_TRUE((*found)->first.live);
  EXPECT_TRUE((*found)->second.empty());  // that of run 1 belongs to run 1
  EXPECT_TRUE(loop.run(executions.ended({id}))->empty());
  EXPECT_TRUE(loop.run(executions.journal(id))->empty());
}

TEST_F(ExecutionsTest, WhatAnExecutionRepeatsStaysWithItThroughItsRuns) {
  NewExecution repeated = new_execution();
  repeated.replayed_from = Uuid::v7();
  ASSERT_TRUE(loop.run(accepts.accept(repeated)));
  const auto replayed_from = [&] {
    const auto row = loop.run(executions.find(repeated.id));
    return row && *row ? (*row)->replayed_from : std::nullopt;
  };
  EXPECT_EQ(replayed_from(), repeated.replayed_from);
  ExecutionProgress progress;
  progress.id = repeated.id;
  progress.ending = ending("failed");
  ASSERT_EQ(commit(queue, std::move(progress)), ProgressOutcome::committed);
  EXPECT_EQ(replayed_from(), repeated.replayed_from);
  ASSERT_EQ(loop.run(executions.begin_again(repeated.id, 0)), true);
  EXPECT_EQ(replayed_from(), repeated.replayed_from);
}

TEST_F(ExecutionsTest, DueTimersComeEarliestFirst) {
  const std::vector<Uuid> ids = accept_all(accepts, 3);
  const Timestamp now = wall_now();
  for (std::size_t i = 0; i < 3; ++i) {
    ExecutionProgress progress;
    progress.id = ids[i];
    progress.partition = static_cast<int>(i);
    progress.timers.push_back({"late", now - std::chrono::seconds(static_cast<int>(i))});
    progress.timers.push_back({"far", now + std::chrono::hours(1)});
    ASSERT_EQ(commit(queue, std::move(progress)), ProgressOutcome::committed);
  }
  const auto due = loop.run(executions.timers_before({0, 2}, now, {}, 10));
  ASSERT_EQ(due->size(), 2u);
  EXPECT_EQ((*due)[0].execution_id, ids[2]);
  EXPECT_EQ((*due)[0].node_id, "late");
  EXPECT_EQ((*due)[0].partition, 2);
  EXPECT_EQ((*due)[0].fire_at, now - std::chrono::seconds(2));
  EXPECT_EQ((*due)[1].execution_id, ids[0]);
  const auto rest = loop.run(executions.timers_before({0, 2}, now, {due->front().fire_at, ids[2]}, 10));
  ASSERT_EQ(rest->size(), 1u);
  EXPECT_EQ(rest->front().execution_id, ids[0]);
  EXPECT_EQ(loop.run(executions.timers_before({0, 1, 2}, now + std::chrono::hours(2), {}, 4))->size(), 4u);
}

TEST_F(ExecutionsTest, TheInputOfALiveOneCanBeReadAlone) {
  const Uuid id = accept_all(accepts, 1).front();
  const auto input = loop.run(executions.input(id));
  ASSERT_TRUE(input && *input);
  EXPECT_EQ(**input, R"({"v":1})");
}

TEST_F(ExecutionsTest, AnIdempotencyKeyIsFound) {
  NewExecution execution = new_execution();
  execution.idempotency_key = "key";
  execution.fingerprint = "print";
  ASSERT_TRUE(loop.run(accepts.accept(execution)));
  IdempotencyKeys keys(*pool);
  const auto found = loop.run(keys.find("key"));
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->execution_id, execution.id);
  EXPECT_EQ((*found)->fingerprint, "print");
  EXPECT_FALSE(*loop.run(keys.find("other")));
  EXPECT_FALSE(*loop.run(keys.find(std::string("a\0", 2))));
}

}  // namespace
}  // namespace r8r::store::test
