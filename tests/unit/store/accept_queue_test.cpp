#include "common/store/accept_queue.hpp"

#include <set>

#include "common/store/payloads.hpp"
#include "tests/unit/store/store_test.hpp"

namespace r8r::store::test {
namespace {

using Answer = std::shared_ptr<std::optional<Result<Accepted>>>;

class AcceptQueueTest : public StoreTest {
 protected:
  using StoreTest::StoreTest;
  Answer accept(AcceptQueue& queue, NewExecution execution) { return loop.start(queue.accept(std::move(execution))); }
  bool all_answered(const std::vector<Answer>& answers, std::chrono::milliseconds limit = 30s) {
    return loop.until(
        [&] {
          return std::all_of(answers.begin(), answers.end(), [](const Answer& answer) { return answer->has_value(); });
        },
        limit);
  }
  NewExecution with_key(const std::string& key, const std::string& fingerprint = "print") {
    NewExecution execution = new_execution();
    execution.idempotency_key = key;
    execution.fingerprint = fingerprint;
    return execution;
  }
  /// Transactions that the database has committed so far, as it counts them.
  std::int64_t wal_commits() { return std::stoll(value("select count(distinct xmin::text) from live_executions")); }
};

class AcceptQueueOutage : public AcceptQueueTest {
 protected:
  AcceptQueueOutage() : AcceptQueueTest(PostgresServer::to_be_restarted()) {}
};

TEST_F(AcceptQueueTest, AnExecutionMayBeginWithAJournal) {
  AcceptQueue queue(loop.io, commit_options());
  const Uuid source = Uuid::v7();
  loop.run(Payloads(*pool).put(source, {{"k", "[1,2]"}, {"other", "[]"}}));
  NewExecution begun = new_execution(5);
  begun.journal = R"([{"k":"completed"}])";
  begun.replayed_from = source;
  begun.payload_keys = {"k"};
  NewExecution keyed = new_execution(5);
  keyed.journal = "[]";
  keyed.idempotency_key = "once";
  keyed.fingerprint = "f";
  const NewExecution plain = new_execution(5);
  // Together, so that they share a batch.
  const auto first = loop.start(queue.accept(begun));
  const auto second = loop.start(queue.accept(keyed));
  const auto third = loop.start(queue.accept(plain));
  ASSERT_TRUE(loop.until([&] { return first->has_value() && second->has_value() && third->has_value(); }));
  ASSERT_TRUE(**first && **second && **third);
  EXPECT_TRUE((**second)->created);
  const auto live = loop.run(Executions(*pool).load_live({begun.id}));
  ASSERT_EQ(live->size(), 1u);
  ASSERT_EQ(live->front().journal.size(), 1u);
  EXPECT_EQ(live->front().journal[0], begun.journal);
  EXPECT_EQ(live->front().row.started_at, std::nullopt);
  EXPECT_EQ(value("select string_agg(key, ',') from payloads where execution_id = '" + begun.id.to_string() + "'"),
            "k");
  EXPECT_EQ(count("journal"), 2);

  NewExecution again = new_execution(5);
  again.journal = "[]";
  again.idempotency_key = "once";
  again.fingerprint = "f";
  EXPECT_FALSE(loop.run(queue.accept(again))->created);
  EXPECT_EQ(count("journal"), 2) << "what was not inserted begins with nothing";
}

TEST_F(AcceptQueueTest, WhatWasAcceptedIsReadable) {
  AcceptQueue queue(loop.io, commit_options());
  NewExecution execution = new_execution(5);
  execution.webhook = R"({"path":"/x"})";
  execution.event = R"({"event":"a.b"})";
  execution.traceparent = "00-abc-def-01";
  const NewExecution expected = execution;
  const Result<Accepted> accepted = loop.run(queue.accept(execution));
  ASSERT_TRUE(accepted);
  EXPECT_TRUE(accepted->created);
  const auto found = loop.run(Executions(*pool).find(expected.id));
  ASSERT_TRUE(found && *found);
  const ExecutionRow& row = **found;
  EXPECT_TRUE(row.live);
  EXPECT_EQ(row.status, "pending");
  EXPECT_EQ(row.run, 1);
  EXPECT_EQ(row.workflow_id, expected.workflow_id);
  EXPECT_EQ(row.workflow_version, 3);
  EXPECT_EQ(row.input, expected.input);
  EXPECT_EQ(row.webhook, expected.webhook);
  EXPECT_EQ(row.event, expected.event);
  EXPECT_EQ(row.correlation_id, expected.correlation_id);
  EXPECT_EQ(row.idempotency_key, std::nullopt);
  EXPECT_EQ(row.accepted_at, expected.accepted_at);
  EXPECT_EQ(row.started_at, std::nullopt);
  EXPECT_EQ(value("select traceparent from live_executions"), "00-abc-def-01");
  EXPECT_EQ(value("select partition from live_executions"), "5");
}

TEST_F(AcceptQueueTest, ThousandsAtOnceShareFewTransactions) {
  AcceptQueue queue(loop.io, commit_options());
  const std::vector<Uuid> ids = accept_all(queue, 5'000);
  EXPECT_EQ(count("live_executions"), 5'000);
  EXPECT_LE(wal_commits(), 50);
  EXPECT_EQ(queue.pending(), 0u);
  for (const std::size_t i : {std::size_t{0}, std::size_t{2'500}, std::size_t{4'999}}) {
    const auto found = loop.run(Executions(*pool).find(ids[i]));
    EXPECT_TRUE(found && *found);
  }
}

TEST_F(AcceptQueueTest, ThoseOfOneTurnShareOneTransaction) {
  AcceptQueue queue(loop.io, commit_options());
  accept_all(queue, 100);
  EXPECT_EQ(wal_commits(), 1);
}

TEST_F(AcceptQueueTest, OnePoisonedRowAmongManyFailsAlone) {
  // The table refuses it: nothing that can be seen beforehand.
  execute("alter table live_executions add constraint no_poison check (input <> '\"poison\"')");
  AcceptQueue queue(loop.io, commit_options());
  std::vector<Answer> answers;
  for (int i = 0; i < 100; ++i) {
    NewExecution execution = new_execution();
    if (i == 37) execution.input = "\"poison\"";
    answers.push_back(accept(queue, std::move(execution)));
  }
  ASSERT_TRUE(all_answered(answers));
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const Result<Accepted>& answer = **answers[i];
    if (i == 37) {
      ASSERT_FALSE(answer);
      EXPECT_EQ(answer.error().code, ErrorCode::storage_error);
      EXPECT_EQ(answer.error().details, R"({"sqlstate":"23514"})");
    } else {
      EXPECT_TRUE(answer) << i;
    }
  }
  EXPECT_EQ(count("live_executions"), 99);
}

TEST_F(AcceptQueueTest, TextThatCannotBeStoredFailsAlone) {
  AcceptQueue queue(loop.io, commit_options());
  std::vector<Answer> answers;
  for (const std::string& input :
       {std::string("1"), std::string("\"a\0b\"", 5), std::string("\"\xc3\x28\""), std::string("2")}) {
    NewExecution execution = new_execution();
    execution.input = input;
    answers.push_back(accept(queue, std::move(execution)));
  }
  ASSERT_TRUE(all_answered(answers));
  EXPECT_TRUE(**answers[0]);
  EXPECT_EQ((*answers[1])->error().code, ErrorCode::storage_error);
  EXPECT_EQ((*answers[2])->error().code, ErrorCode::storage_error);
  EXPECT_TRUE(**answers[3]);
  EXPECT_EQ(count("live_executions"), 2);
}

TEST_F(AcceptQueueTest, AKnownKeyNamesTheFirstExecution) {
  AcceptQueue queue(loop.io, commit_options());
  const NewExecution first = with_key("key", "first print");
  ASSERT_TRUE(loop.run(queue.accept(first))->created);
  const Result<Accepted> again = loop.run(queue.accept(with_key("key", "other print")));
  ASSERT_TRUE(again);
  EXPECT_FALSE(again->created);
  EXPECT_EQ(again->first_execution, first.id);
  EXPECT_EQ(again->first_fingerprint, "first print");
  EXPECT_EQ(count("live_executions"), 1);
}

TEST_F(AcceptQueueTest, OneWinnerPerKeyWithinABatch) {
  AcceptQueue queue(loop.io, commit_options());
  std::vector<NewExecution> executions;
  std::vector<Answer> answers;
  for (int i = 0; i < 60; ++i) {
    executions.push_back(i % 4 == 3 ? new_execution() : with_key("key-" + std::to_string(i % 4)));
    answers.push_back(accept(queue, executions.back()));
  }
  ASSERT_TRUE(all_answered(answers));
  EXPECT_EQ(wal_commits(), 1);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const Result<Accepted>& answer = **answers[i];
    ASSERT_TRUE(answer);
    const bool first = i < 3;
    EXPECT_EQ(answer->created, first || i % 4 == 3) << i;
    if (i % 4 != 3) {
      EXPECT_EQ(answer->first_execution, executions[i % 4].id) << i;
    }
  }
  EXPECT_EQ(count("live_executions"), 3 + 15);
}

TEST_F(AcceptQueueTest, OneWinnerPerKeyAmongSeveralServices) {
  std::vector<std::unique_ptr<AcceptQueue>> queues;
  for (int i = 0; i < 4; ++i)
    queues.push_back(std::make_unique<AcceptQueue>(loop.io, commit_options("service-" + std::to_string(i))));
  std::vector<Answer> answers;
  std::vector<std::string> keys;
  // Each service takes the keys in another order.
  for (int round = 0; round < 5; ++round) {
    for (std::size_t q = 0; q < queues.size(); ++q) {
      for (int k = 0; k < 40; ++k) {
        keys.push_back("key-" + std::to_string((q % 2 == 0 ? k : 39 - k) + round * 40));
        answers.push_back(accept(*queues[q], with_key(keys.back())));
      }
    }
    loop.io.run_for(1ms);
  }
  ASSERT_TRUE(all_answered(answers));
  std::map<std::string, int> winners;
  std::map<std::string, std::set<Uuid>> firsts;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    ASSERT_TRUE(**answers[i]) << (*answers[i])->error().message;
    if ((*answers[i])->value().created) ++winners[keys[i]];
    firsts[keys[i]].insert((*answers[i])->value().first_execution);
  }
  EXPECT_EQ(winners.size(), 200u);
  for (const auto& [key, times] : winners) EXPECT_EQ(times, 1) << key;
  for (const auto& [key, ids] : firsts) EXPECT_EQ(ids.size(), 1u) << key;
  EXPECT_EQ(count("live_executions"), 200);
}

TEST_F(AcceptQueueTest, PastTheBoundTheCallerIsTold) {
  CommitOptions options = commit_options();
  options.max_pending_items = 10;
  AcceptQueue queue(loop.io, options);
  std::vector<Answer> answers;
  for (int i = 0; i < 30; ++i) answers.push_back(accept(queue, new_execution()));
  ASSERT_TRUE(all_answered(answers));
  int full = 0;
  for (const Answer& answer : answers) {
    if (!**answer && (*answer)->error().code == ErrorCode::queue_full) ++full;
  }
  EXPECT_EQ(full, 20);
  EXPECT_EQ(count("live_executions"), 10);

  CommitOptions small = commit_options();
  small.max_pending_bytes = 10'000;
  AcceptQueue bytes(loop.io, small);
  std::vector<Answer> big;
  for (int i = 0; i < 3; ++i) {
    NewExecution execution = new_execution();
    execution.input = '"' + std::string(6'000, 'x') + '"';
    big.push_back(accept(bytes, std::move(execution)));
  }
  ASSERT_TRUE(all_answered(big));
  EXPECT_TRUE(**big[0]);
  EXPECT_EQ((*big[1])->error().code, ErrorCode::queue_full);
}

TEST_F(AcceptQueueOutage, WithoutADatabaseCallersAreToldWithinTwoSeconds) {
  AcceptQueue queue(loop.io, commit_options());
  ASSERT_TRUE(loop.run(queue.accept(new_execution())));
  server.stop(PostgresServer::Stop::immediate);
  const auto begin = SteadyClock::now();
  std::vector<Answer> answers;
  for (int i = 0; i < 50; ++i) answers.push_back(accept(queue, new_execution()));
  const bool answered = all_answered(answers, 5s);
  const auto took = SteadyClock::now() - begin;
  const auto later = SteadyClock::now();
  const Result<Accepted> at_once = loop.run(queue.accept(new_execution()));
  const auto at_once_took = SteadyClock::now() - later;
  const bool healthy = queue.healthy();
  server.start();
  ASSERT_TRUE(answered);
  EXPECT_LT(took, 2'300ms);
  for (const Answer& answer : answers) {
    ASSERT_FALSE(**answer);
    EXPECT_EQ((*answer)->error().code, ErrorCode::service_unavailable);
  }
  EXPECT_FALSE(at_once);
  EXPECT_LT(at_once_took, 300ms);
  EXPECT_FALSE(healthy);
  // By itself, without anybody asking for anything.
  EXPECT_TRUE(loop.until([&] { return queue.healthy(); }));
  EXPECT_TRUE(loop.run(queue.accept(new_execution())));
}

TEST_F(AcceptQueueTest, ADatabaseThatStandsStillIsAwayToo) {
  AcceptQueue queue(loop.io, commit_options());
  ASSERT_TRUE(loop.run(queue.accept(new_execution())));
  const auto blocker = connect("blocker");
  static constexpr Statement kBegin{"test_block_begin", "begin"};
  static constexpr Statement kLock{"test_block_lock", "lock table live_executions in access exclusive mode"};
  static constexpr Statement kEnd{"test_block_end", "rollback"};
  std::vector<Query> lock;
  lock.push_back({&kBegin, {}});
  lock.push_back({&kLock, {}});
  ASSERT_TRUE(loop.run(blocker->run(std::move(lock), Grouping::separate, 5s)));
  const auto begin = SteadyClock::now();
  const Result<Accepted> blocked = loop.run(queue.accept(new_execution()));
  EXPECT_FALSE(blocked);
  EXPECT_LT(SteadyClock::now() - begin, 2'500ms);
  ASSERT_TRUE(loop.run(blocker->run_one(kEnd, 5s)));
  EXPECT_TRUE(loop.run(queue.accept(new_execution())));
}

TEST_F(AcceptQueueTest, ALostAnswerDoesNotMakeAnExecutionItsOwnLoser) {
  // A restart in the middle of load loses answers to commits; within the patience of the queue most are found out.
  AcceptQueue queue(loop.io, commit_options());
  ASSERT_TRUE(loop.run(queue.accept(new_execution())));
  std::vector<Answer> answers;
  std::vector<NewExecution> executions;
  for (int round = 0; round < 6; ++round) {
    for (int i = 0; i < 300; ++i) {
      executions.push_back(with_key("key-" + std::to_string(executions.size())));
      answers.push_back(accept(queue, executions.back()));
    }
    loop.io.run_for(1ms);
    execute(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'store-test' and datname = "
        "current_database()");
  }
  ASSERT_TRUE(all_answered(answers));
  for (std::size_t i = 0; i < answers.size(); ++i) {
    ASSERT_TRUE(**answers[i]) << (*answers[i])->error().message;
    EXPECT_TRUE((*answers[i])->value().created) << i;
  }
  EXPECT_EQ(count("live_executions"), 1'801);
  EXPECT_EQ(count("idempotency_keys k join live_executions l on l.id = k.execution_id"), 1'800);
}

TEST_F(AcceptQueueTest, AnExecutionThatHasEndedDoesNotComeBackToLife) {
  // As when the answer to its acceptance was lost, a scheduler found the row and ended it, and only then it is sent
  // again.
  AcceptQueue queue(loop.io, commit_options());
  const NewExecution execution = with_key("key");
  ASSERT_TRUE(loop.run(queue.accept(execution)));
  const std::int64_t incarnation = loop.run(Leases(*pool).begin_incarnation("a", 600s)).value();
  ProgressQueue progress(loop.io, commit_options("writer"), incarnation);
  ExecutionProgress end;
  end.id = execution.id;
  end.ending = ending();
  ASSERT_EQ(commit(progress, std::move(end)), ProgressOutcome::committed);
  const Result<Accepted> again = loop.run(queue.accept(execution));
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->created);
  EXPECT_EQ(count("live_executions"), 0);
  EXPECT_EQ(count("executions"), 1);
}

TEST_F(AcceptQueueTest, WhoWaitsIsToldWhenTheQueueGoesAway) {
  auto queue = std::make_unique<AcceptQueue>(loop.io, commit_options());
  std::vector<Answer> answers;
  for (int i = 0; i < 10; ++i) answers.push_back(accept(*queue, new_execution()));
  loop.io.poll_one();
  for (int i = 0; i < 40 && queue->pending() == 0; ++i) loop.io.poll_one();
  queue.reset();
  ASSERT_TRUE(all_answered(answers));
}

}  // namespace
}  // namespace r8r::store::test
