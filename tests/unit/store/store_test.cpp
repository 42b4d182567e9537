#include "tests/unit/store/store_test.hpp"

namespace r8r::store::test {

namespace {

std::vector<std::string>& empty_databases(PostgresServer& server) {
  static std::map<PostgresServer*, std::vector<std::string>> all;
  return all[&server];
}

std::string take_database(PostgresServer& server) {
  std::vector<std::string>& empty = empty_databases(server);
  if (empty.empty()) return server.create_database();
  std::string url = std::move(empty.back());
  empty.pop_back();
  return url;
}

}  // namespace

StoreTest::~StoreTest() {
  try {
    execute(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> "
        "pg_backend_pid();"
        "drop schema public cascade; create schema public");
    empty_databases(server).push_back(url);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "a test's database is not used again: %s\n", error.what());
  }
}

StoreTest::StoreTest(PostgresServer& on) : server(on), url(take_database(on)) {
  PoolOptions options;
  options.url = url;
  options.application_name = "store-test-pool";
  pool = std::make_unique<Pool>(loop.io, options);
  const Result<int> migrated = loop.run(migrate(*pool, 8));
  if (!migrated) throw std::runtime_error("cannot migrate: " + migrated.error().message);
}

std::unique_ptr<Connection> StoreTest::connect(const std::string& application_name) {
  ConnectionOptions options;
  options.url = url;
  options.application_name = application_name;
  auto opened = loop.run(Connection::open(loop.io, options, std::make_shared<LinkLog>("test")));
  if (!opened) throw std::runtime_error("cannot connect: " + opened.error().message);
  return std::move(*opened);
}

std::string StoreTest::value(const std::string& sql) {
  const std::string as_text = "select (" + sql + ")::text";
  const Statement statement{"test_value", as_text.c_str()};
  const std::unique_ptr<Connection> connection = connect("store-test-value");
  const Result<ResultSet> rows = loop.run(connection->run_one(statement, 10s));
  if (!rows) throw std::runtime_error(sql + ": " + connection->last_error());
  return rows->is_null(0, 0) ? "null" : rows->text(0, 0);
}

void StoreTest::execute(const std::string& sql) {
  const std::unique_ptr<Connection> connection = connect("store-test-execute");
  const Result<void> done = loop.run(connection->run_script(sql, 10s));
  if (!done) throw std::runtime_error(sql + ": " + connection->last_error());
}

NewExecution StoreTest::new_execution(int partition) const {
  NewExecution execution;
  execution.id = Uuid::v7();
  execution.partition = partition;
  execution.workflow_id = Uuid::v7();
  execution.workflow_version = 3;
  execution.workflow_name = "orders";
  execution.trigger_type = "api";
  execution.origin = "api";
  execution.input = R"({"v":1})";
  execution.correlation_id = "correlation-" + execution.id.to_string();
  execution.accepted_at = wall_now();
  return execution;
}

std::vector<Uuid> StoreTest::accept_all(AcceptQueue& queue, std::size_t count, int partition) {
  std::vector<Uuid> ids;
  std::vector<std::shared_ptr<std::optional<Result<Accepted>>>> answers;
  for (std::size_t i = 0; i < count; ++i) {
    NewExecution execution = new_execution(partition);
    ids.push_back(execution.id);
    answers.push_back(loop.start(queue.accept(std::move(execution))));
  }
  for (const auto& answer : answers) {
    if (!loop.until([&] { return answer->has_value(); })) throw std::runtime_error("not accepted in time");
    if (!**answer) throw std::runtime_error("not accepted: " + (*answer)->error().message);
  }
  return ids;
}

Ending StoreTest::ending(const std::string& status) const {
  Ending end;
  end.status = status;
  end.output = R"({"v":6})";
  end.trace = R"([{"kind":"completed","node":"a"}])";
  end.started_at = wall_now();
  end.finished_at = wall_now();
  return end;
}

Result<ProgressOutcome> StoreTest::commit(ProgressQueue& queue, ExecutionProgress progress) {
  std::optional<Result<ProgressOutcome>> outcome;
  queue.commit(std::move(progress), [&](Result<ProgressOutcome> result) { outcome = std::move(result); });
  if (!loop.until([&] { return outcome.has_value(); })) throw std::runtime_error("no outcome in time");
  return std::move(*outcome);
}

}  // namespace r8r::store::test
