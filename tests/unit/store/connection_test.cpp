#include <limits>

#include "common/store/sqlstate.hpp"
#include "tests/unit/store/store_test.hpp"

namespace r8r::store::test {
namespace {

class ConnectionTest : public StoreTest {
 protected:
  Result<std::vector<ResultSet>> run(Connection& connection, std::vector<Query> queries, Grouping grouping,
                                     std::chrono::milliseconds limit = 10s) {
    return loop.run(connection.run(std::move(queries), grouping, limit));
  }
};

constexpr Statement kEcho{"test_echo",
                          "select $1::uuid, $2::int4, $3::int8, $4::bool, $5::text, $6::timestamptz, $7::text"};
constexpr Statement kUnnest{"test_unnest", "select * from unnest($1, $2, $3, $4, $5, $6) as e(a, b, c, d, e, f)"};
constexpr Statement kInsertSetting{"test_insert_setting", "insert into settings (name, value) values ($1, 'x')"};
constexpr Statement kOne{"test_one", "select 1"};
constexpr Statement kBroken{"test_broken", "select nothing from nowhere"};
constexpr Statement kSleep{"test_sleep", "select pg_sleep(30)"};

TEST_F(ConnectionTest, ValuesComeBackAsTheyWere) {
  const auto connection = connect("test");
  const Uuid id = Uuid::v7();
  const Timestamp before_epoch = from_unix_us(-1'234'567'890'123);
  Params params;
  params.add(id)
      .add(std::int32_t{-5})
      .add(std::numeric_limits<std::int64_t>::min())
      .add(true)
      .add("naïve 'quote' \\")
      .add(before_epoch);
  params.add_null(Type::text);
  const auto results = run(*connection, {{&kEcho, std::move(params)}}, Grouping::separate);
  ASSERT_TRUE(results) << connection->last_error();
  const ResultSet& row = results->front();
  EXPECT_EQ(row.uuid(0, 0), id);
  EXPECT_EQ(row.int4(0, 1), -5);
  EXPECT_EQ(row.int8(0, 2), std::numeric_limits<std::int64_t>::min());
  EXPECT_TRUE(row.boolean(0, 3));
  EXPECT_EQ(row.text(0, 4), "naïve 'quote' \\");
  EXPECT_EQ(row.time(0, 5), before_epoch);
  EXPECT_EQ(row.optional_text(0, 6), std::nullopt);
}

TEST_F(ConnectionTest, ColumnsBecomeRowsWithTheirNulls) {
  const auto connection = connect("test");
  const Uuid id = Uuid::v4();
  const Timestamp now = wall_now();
  Column a(Type::uuid), b(Type::int4), c(Type::int8), d(Type::text), e(Type::timestamptz), f(Type::boolean);
  a.add(id).add_null();
  b.add(std::int32_t{7}).add_null();
  c.add(std::int64_t{1} << 40).add_null();
  d.add(std::string_view("{\"a,b\",NULL}")).add_text_or_null("");
  e.add(now).add(std::optional<Timestamp>());
  f.add(false).add_null();
  Params params;
  params.add(std::move(a)).add(std::move(b)).add(std::move(c)).add(std::move(d)).add(std::move(e)).add(std::move(f));
  const auto results = run(*connection, {{&kUnnest, std::move(params)}}, Grouping::separate);
  ASSERT_TRUE(results) << connection->last_error();
  const ResultSet& rows = results->front();
  ASSERT_EQ(rows.rows(), 2);
  EXPECT_EQ(rows.uuid(0, 0), id);
  EXPECT_EQ(rows.int4(0, 1), 7);
  EXPECT_EQ(rows.int8(0, 2), std::int64_t{1} << 40);
  EXPECT_EQ(rows.text(0, 3), "{\"a,b\",NULL}");
  EXPECT_EQ(rows.time(0, 4), now);
  EXPECT_FALSE(rows.boolean(0, 5));
  for (int column = 0; column < 6; ++column) EXPECT_TRUE(rows.is_null(1, column)) << column;
}

TEST_F(ConnectionTest, EmptyColumnsAreNoRows) {
  const auto connection = connect("test");
  Params params;
  for (const Type type : {Type::uuid, Type::int4, Type::int8, Type::text, Type::timestamptz, Type::boolean})
    params.add(Column(type));
  const auto results = run(*connection, {{&kUnnest, std::move(params)}}, Grouping::separate);
  ASSERT_TRUE(results) << connection->last_error();
  EXPECT_EQ(results->front().rows(), 0);
}

TEST_F(ConnectionTest, ATransactionIsAllOrNothingAndTheSessionGoesOn) {
  const auto connection = connect("test");
  Params fresh, known;
  fresh.add("fresh");
  known.add("partitions");
  std::vector<Query> queries;
  queries.push_back({&kInsertSetting, std::move(fresh)});
  queries.push_back({&kInsertSetting, std::move(known)});
  queries.push_back({&kOne, {}});
  const auto results = run(*connection, std::move(queries), Grouping::transaction);
  ASSERT_FALSE(results);
  EXPECT_EQ(sqlstate_of(results.error()), "23505");
  EXPECT_EQ(count("settings where name = 'fresh'"), 0);

  EXPECT_TRUE(connection->reusable());
  EXPECT_TRUE(run(*connection, {{&kOne, {}}}, Grouping::transaction));
}

TEST_F(ConnectionTest, SeparateStatementsStandAlone) {
  const auto connection = connect("test");
  Params fresh;
  fresh.add("fresh");
  std::vector<Query> queries;
  queries.push_back({&kBroken, {}});
  queries.push_back({&kInsertSetting, std::move(fresh)});
  const auto results = run(*connection, std::move(queries), Grouping::separate);
  ASSERT_FALSE(results);
  EXPECT_EQ(sqlstate_of(results.error()), "42P01");
  EXPECT_EQ(count("settings where name = 'fresh'"), 1);
}

TEST_F(ConnectionTest, MessagesForClientsTellNothingOfTheInside) {
  const auto connection = connect("test");
  const auto results = run(*connection, {{&kBroken, {}}}, Grouping::separate);
  ASSERT_FALSE(results);
  EXPECT_EQ(results.error().message.find("nowhere"), std::string::npos);
  EXPECT_NE(connection->last_error().find("nowhere"), std::string::npos);
}

TEST_F(ConnectionTest, AMissedDeadlineBreaksTheConnection) {
  const auto connection = connect("test");
  const auto begin = SteadyClock::now();
  const auto results = run(*connection, {{&kSleep, {}}}, Grouping::separate, 200ms);
  ASSERT_FALSE(results);
  EXPECT_EQ(results.error().code, ErrorCode::service_unavailable);
  EXPECT_LT(SteadyClock::now() - begin, 5s);
  EXPECT_TRUE(connection->broken());
  EXPECT_FALSE(run(*connection, {{&kOne, {}}}, Grouping::separate));
}

TEST_F(ConnectionTest, ParametersLargerThanTheSocketsBuffersPass) {
  const auto connection = connect("test");
  const std::string big(12'000'000, 'x');
  static constexpr Statement kLength{"test_both", "select $1::text, $1::text"};
  std::vector<Query> queries;
  for (int i = 0; i < 3; ++i) {
    Params params;
    params.add(big);
    queries.push_back({&kLength, std::move(params)});
  }
  const auto results = run(*connection, std::move(queries), Grouping::transaction);
  ASSERT_TRUE(results) << connection->last_error();
  EXPECT_EQ(results->back().text_view(0, 1), big);
}

TEST_F(ConnectionTest, NoticesThatTheServerHungUpWhileIdle) {
  const auto connection = connect("to-be-ended");
  EXPECT_TRUE(connection->alive());
  execute(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'to-be-ended' and datname = "
      "current_database()");
  EXPECT_TRUE(loop.until([&] { return !connection->alive(); }));
}

TEST_F(ConnectionTest, NobodyThereIsSaidSoonAndWithoutAddresses) {
  ConnectionOptions options;
  options.url = "postgres://r8r@127.0.0.1:1/nothing";
  const auto opened = loop.run(Connection::open(loop.io, options, std::make_shared<LinkLog>("test")));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::service_unavailable);
  EXPECT_EQ(opened.error().message.find("127.0.0.1"), std::string::npos);
}

TEST_F(ConnectionTest, HostNamesAreLookedUp) {
  ConnectionOptions options;
  options.url = url;
  options.url.replace(options.url.find("127.0.0.1"), 9, "localhost");
  const auto opened = loop.run(Connection::open(loop.io, options, std::make_shared<LinkLog>("test")));
  EXPECT_TRUE(opened);
}

TEST_F(ConnectionTest, AUrlThatCannotBeReadIsAnError) {
  ConnectionOptions options;
  options.url = "postgres://[bad";
  EXPECT_FALSE(loop.run(Connection::open(loop.io, options, std::make_shared<LinkLog>("test"))));
}

}  // namespace
}  // namespace r8r::store::test
