#include "tests/unit/store/store_test.hpp"

namespace r8r::store::test {
namespace {

class Migrate : public StoreTest {
 protected:
  std::unique_ptr<Pool> pool_of(const std::string& database) {
    PoolOptions options;
    options.url = database;
    options.application_name = "migrate-test";
    return std::make_unique<Pool>(loop.io, options);
  }
};

TEST_F(Migrate, FixesTheNumberOfPartitionsOnce) {
  EXPECT_EQ(count("partitions"), 8);
  EXPECT_EQ(loop.run(migrate(*pool, 64)).value_or(0), 8);
  EXPECT_EQ(count("partitions"), 8);
  EXPECT_EQ(count("schema_migrations"), static_cast<std::int64_t>(embedded_migrations().size()));
}

TEST_F(Migrate, SeveralAtOnceDoItOnce) {
  const std::string fresh = PostgresServer::shared().create_database();
  std::vector<std::unique_ptr<Pool>> pools;
  std::vector<std::shared_ptr<std::optional<Result<int>>>> answers;
  for (int i = 0; i < 6; ++i) {
    pools.push_back(pool_of(fresh));
    answers.push_back(loop.start(migrate(*pools.back(), 16 + i)));
  }
  ASSERT_TRUE(loop.until([&] {
    return std::all_of(answers.begin(), answers.end(), [](const auto& answer) { return answer->has_value(); });
  }));
  for (const auto& answer : answers) {
    ASSERT_TRUE(**answer) << (*answer)->error().message;
    EXPECT_EQ(***answer, ***answers.front());
  }
}

TEST_F(Migrate, RefusesADatabaseThatIsNewer) {
  execute("insert into schema_migrations (number, name, checksum) values (999, '999_future', 'x')");
  const Result<int> refused = loop.run(migrate(*pool, 8));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::config_error);
  EXPECT_NE(refused.error().message.find("999"), std::string::npos);
}

TEST_F(Migrate, RefusesADatabaseWithAnotherText) {
  execute("update schema_migrations set checksum = 'other' where number = 1");
  const Result<int> refused = loop.run(migrate(*pool, 8));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::config_error);
}

TEST_F(Migrate, TodaysRowsHaveAPartitionOfTheirOwn) {
  AcceptQueue queue(loop.io, commit_options());
  ProgressQueue progress(loop.io, commit_options(), *loop.run(Leases(*pool).begin_incarnation("a", 60s)));
  const Uuid id = accept_all(queue, 1).front();
  ExecutionProgress end;
  end.id = id;
  end.ending = ending();
  ASSERT_EQ(commit(progress, std::move(end)), ProgressOutcome::committed);
  EXPECT_EQ(count("executions"), 1);
  EXPECT_EQ(count("executions_other"), 0);
}

TEST_F(Migrate, DaysAreMadeByTwoAtOnceAndTwice) {
  Executions executions(*pool);
  const auto first = loop.start(executions.ensure_day_partitions(9));
  const auto second = loop.start(executions.ensure_day_partitions(9));
  ASSERT_TRUE(loop.until([&] { return first->has_value() && second->has_value(); }));
  EXPECT_TRUE(**first);
  EXPECT_TRUE(**second);
  EXPECT_EQ(count("pg_inherits where inhparent = 'executions'::regclass"), 11);  // ten days and the rest
  EXPECT_EQ(count("pg_inherits where inhparent = 'journal'::regclass"), 11);
}

TEST_F(Migrate, ADayWhoseRowsAreInTheRestAlreadyStaysThere) {
  execute(
      "insert into journal (execution_id, run, seq, entries) "
      "values (first_id_of((now() at time zone 'utc')::date + 5), 1, 0, '[]')");
  EXPECT_TRUE(loop.run(Executions(*pool).ensure_day_partitions(6)));
  EXPECT_EQ(count("journal_other"), 1);
  EXPECT_EQ(count("pg_inherits where inhparent = 'journal'::regclass"),
            7);  // seven days without that one, and the rest
  EXPECT_EQ(count("pg_inherits where inhparent = 'executions'::regclass"), 8);
}

TEST_F(Migrate, TheViewShowsOneLinePerEntry) {
  execute(
      "insert into journal (execution_id, run, seq, entries) values (gen_random_uuid(), 1, 0, "
      "'[{\"a\":1},{\"b\":2}]')");
  EXPECT_EQ(count("node_events"), 2);
}

}  // namespace
}  // namespace r8r::store::test
