#include "common/store/connection.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <optional>

#include "common/base/log.hpp"
#include "common/store/connection_link.hpp"
#include "common/store/sqlstate.hpp"

namespace r8r::store {
namespace {

constexpr Statement kBegin{"begin", "begin"};
constexpr Statement kCommit{"commit", "commit"};
constexpr Statement kRollback{"rollback", "rollback"};
const Params kNoParams;

bool readable(int socket) {
  pollfd look{socket, POLLIN, 0};
  return ::poll(&look, 1, 0) > 0;
}

}  // namespace

/// One pipeline on its way: what was sent, in order, and what came back.
struct Connection::Exchange {
  enum class Step { prepare, statement, sync };
  struct Sent {
    Step step;
    const Statement* statement;
    int index;  ///< into `results`; -1: BEGIN and the like
  };
  std::vector<Sent> sent;
  std::vector<std::optional<ResultSet>> results;
  /// Of the first statement that failed.
  std::optional<std::string> sqlstate;
};

Connection::Connection(asio::io_context& io) : link_(std::make_shared<Link>(io)) {}

Connection::~Connection() {
  link_->close();
}

void Connection::start_deadline(std::chrono::milliseconds limit) {
  Link& link = *link_;
  link.timed_out = false;
  const std::uint64_t generation = ++link.generation;
  link.deadline.expires_after(limit);
  link.deadline.async_wait([weak = std::weak_ptr<Link>(link_), generation](boost::system::error_code error) {
    const std::shared_ptr<Link> alive = weak.lock();
    if (error || !alive || alive->generation != generation) return;
    alive->timed_out = true;
    if (alive->socket.is_open()) alive->socket.cancel();
  });
}

void Connection::stop_deadline() {
  ++link_->generation;
  link_->deadline.cancel();
}

tl::unexpected<Error> Connection::broke(std::string_view why) {
  broken_ = true;
  last_error_ = link_->timed_out ? std::string("no answer in time") : std::string(why);
  while (!last_error_.empty() && last_error_.back() == '\n') last_error_.pop_back();
  stop_deadline();
  return fail(database_error(""));
}

bool Connection::reusable() const {
  return !broken_ && PQtransactionStatus(link_->handle) == PQTRANS_IDLE;
}

void Connection::interrupt() {
  link_->timed_out = true;
  if (link_->socket.is_open()) link_->socket.cancel();
}

bool Connection::alive() {
  if (broken_) return false;
  // An idle session hears nothing, except a changed setting; or that the server has gone.
  if (!readable(PQsocket(link_->handle))) return true;
  if (PQconsumeInput(link_->handle) == 0 || PQisBusy(link_->handle) != 0 || PQstatus(link_->handle) != CONNECTION_OK ||
      readable(PQsocket(link_->handle))) {
    broken_ = true;
    last_error_ = "the server closed the connection";
  }
  return !broken_;
}

bool Connection::send_query(const Statement& statement, const Params& params, int index, Exchange& exchange) {
  const auto& values = params.values();
  std::vector<Oid> types(values.size());
  std::vector<const char*> bytes(values.size());
  std::vector<int> lengths(values.size());
  const std::vector<int> formats(values.size(), 1);
  for (std::size_t i = 0; i < values.size(); ++i) {
    types[i] = values[i].oid;
    bytes[i] = values[i].null ? nullptr : values[i].bytes.data();
    lengths[i] = static_cast<int>(values[i].bytes.size());
  }
  PGconn* handle = link_->handle;
  const int count = static_cast<int>(values.size());
  if (!prepared_.contains(&statement)) {
    if (PQsendPrepare(handle, statement.name, statement.sql, count, types.data()) != 1) return false;
    exchange.sent.push_back({Exchange::Step::prepare, &statement, -1});
    // Not sent twice in one pipeline; taken back when it fails.
    prepared_.insert(&statement);
  }
  exchange.sent.push_back({Exchange::Step::statement, &statement, index});
  return PQsendQueryPrepared(handle, statement.name, count, bytes.data(), lengths.data(), formats.data(), 1) == 1;
}

bool Connection::send(const std::vector<Query>& queries, Grouping grouping, Exchange& exchange) {
  const auto sync = [&] {
    exchange.sent.push_back({Exchange::Step::sync, nullptr, -1});
    return PQpipelineSync(link_->handle) == 1;
  };
  const bool whole = grouping == Grouping::transaction;
  if (whole && !send_query(kBegin, kNoParams, -1, exchange)) return false;
  for (std::size_t i = 0; i < queries.size(); ++i) {
    if (!send_query(*queries[i].statement, queries[i].params, static_cast<int>(i), exchange)) return false;
    if (!whole && !sync()) return false;
  }
  return !whole || (send_query(kCommit, kNoParams, -1, exchange) && sync());
}

awaitable<bool> Connection::flush() {
  using namespace asio::experimental::awaitable_operators;
  using Wait = asio::posix::stream_descriptor;
  while (true) {
    const int left = PQflush(link_->handle);
    if (left <= 0) co_return left == 0;
    // The server may want to be read before it takes more.
    auto ready = co_await (link_->socket.async_wait(Wait::wait_write, kQuiet) ||
                           link_->socket.async_wait(Wait::wait_read, kQuiet));
    if (link_->timed_out) co_return false;
    if (ready.index() == 1) {
      const auto [error] = std::get<1>(ready);
      if (error || PQconsumeInput(link_->handle) == 0) co_return false;
    } else {
      const auto [error] = std::get<0>(ready);
      if (error) co_return false;
    }
  }
}

awaitable<bool> Connection::next_ready() {
  while (PQisBusy(link_->handle) != 0) {
    const auto [error] = co_await link_->socket.async_wait(asio::posix::stream_descriptor::wait_read, kQuiet);
    if (error || link_->timed_out || PQconsumeInput(link_->handle) == 0) co_return false;
  }
  co_return true;
}

void Connection::note_failure(pg_result* result, const Statement& statement, Exchange& exchange) {
  if (exchange.sqlstate) return;
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  exchange.sqlstate = state != nullptr ? state : "";
  last_error_ = fmt::format("{}: {}", statement.name, PQresultErrorMessage(result));
  while (!last_error_.empty() && last_error_.back() == '\n') last_error_.pop_back();
}

awaitable<bool> Connection::receive(Exchange& exchange) {
  for (const Exchange::Sent& sent : exchange.sent) {
    // Most results are there already when the first is: no coroutine for those.
    bool ready = PQisBusy(link_->handle) == 0;
    if (!ready) ready = co_await next_ready();
    if (!ready) co_return false;
    pg_result* raw = PQgetResult(link_->handle);
    if (raw == nullptr) co_return false;
    ResultSet result(raw);
    const ExecStatusType status = PQresultStatus(raw);
    if (sent.step == Exchange::Step::sync) {
      if (status != PGRES_PIPELINE_SYNC) {
        if (status == PGRES_FATAL_ERROR) note_failure(raw, kCommit, exchange);
        co_return false;
      }
      continue;
    }
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) {
      if (sent.index >= 0) exchange.results[static_cast<std::size_t>(sent.index)] = std::move(result);
    } else {
      if (sent.step == Exchange::Step::prepare) prepared_.erase(sent.statement);
      if (status != PGRES_PIPELINE_ABORTED) note_failure(raw, *sent.statement, exchange);
    }
    // The end of this statement's results.
    bool over = PQisBusy(link_->handle) == 0;
    if (!over) over = co_await next_ready();
    if (!over || PQgetResult(link_->handle) != nullptr) co_return false;
  }
  co_return PQstatus(link_->handle) == CONNECTION_OK;
}

awaitable<Result<std::vector<ResultSet>>> Connection::run(std::vector<Query> queries, Grouping grouping,
                                                          std::chrono::milliseconds limit) {
  if (broken_) co_return fail(database_error(""));
  // Whoever leaves this function early, by an error or by cancellation, leaves a broken connection behind.
  broken_ = true;
  last_error_.clear();
  start_deadline(limit);

  Exchange exchange;
  exchange.results.resize(queries.size());
  bool good = send(queries, grouping, exchange);
  if (good) good = co_await flush();
  if (good) good = co_await receive(exchange);
  if (good && PQtransactionStatus(link_->handle) == PQTRANS_INERROR) {
    Exchange rollback;
    good = send_query(kRollback, kNoParams, -1, rollback) && PQpipelineSync(link_->handle) == 1;
    rollback.sent.push_back({Exchange::Step::sync, nullptr, -1});
    if (good) good = co_await flush();
    if (good) good = co_await receive(rollback);
  }
  if (!good) {
    std::string why = last_error_.empty() ? PQerrorMessage(link_->handle) : last_error_;
    if (why.empty()) why = "the connection broke";
    auto unknown = broke(why);
    const FailureKind kind = kind_of_sqlstate(exchange.sqlstate.value_or(""));
    // The server said why it hung up.
    if (kind == FailureKind::link || kind == FailureKind::fenced)
      unknown = fail(database_error(exchange.sqlstate.value_or("")));
    co_return unknown;
  }
  stop_deadline();
  broken_ = false;

  if (exchange.sqlstate) {
    Error error = database_error(*exchange.sqlstate);
    const FailureKind kind = kind_of_sqlstate(*exchange.sqlstate);
    if (kind == FailureKind::link) broken_ = true;
    if (!options_.writer && kind != FailureKind::link) {
      log::warn("the database refused a statement",
                {{"application", options_.application_name}, {"error", last_error_}});
    }
    co_return fail(std::move(error));
  }
  std::vector<ResultSet> results;
  results.reserve(exchange.results.size());
  for (std::optional<ResultSet>& result : exchange.results) {
    R8R_ASSERT(result.has_value(), "a statement without an error has a result");
    results.push_back(std::move(*result));
  }
  co_return results;
}

awaitable<Result<ResultSet>> Connection::run_one(Query query, std::chrono::milliseconds limit) {
  std::vector<Query> queries;
  queries.push_back(std::move(query));
  Result<std::vector<ResultSet>> results = co_await run(std::move(queries), Grouping::separate, limit);
  if (!results) co_return fail(std::move(results.error()));
  co_return std::move(results->front());
}

awaitable<Result<ResultSet>> Connection::run_one(const Statement& statement, std::chrono::milliseconds limit) {
  Query query{&statement, {}};
  co_return co_await run_one(std::move(query), limit);
}

awaitable<Result<void>> Connection::run_script(std::string sql, std::chrono::milliseconds limit) {
  if (broken_) co_return fail(database_error(""));
  broken_ = true;
  last_error_.clear();
  start_deadline(limit);
  // Several statements in one text are not for pipeline mode.
  PGconn* handle = link_->handle;
  bool good = PQexitPipelineMode(handle) == 1 && PQsendQuery(handle, sql.c_str()) == 1;
  if (good) good = co_await flush();
  std::optional<std::string> sqlstate;
  while (good) {
    good = co_await next_ready();
    if (!good) break;
    pg_result* raw = PQgetResult(handle);
    if (raw == nullptr) break;
    const ResultSet result(raw);
    if (PQresultStatus(raw) == PGRES_FATAL_ERROR && !sqlstate) {
      const char* state = PQresultErrorField(raw, PG_DIAG_SQLSTATE);
      sqlstate = state != nullptr ? state : "";
      last_error_ = PQresultErrorMessage(raw);
    }
  }
  if (good && PQstatus(handle) == CONNECTION_OK && PQtransactionStatus(handle) == PQTRANS_IDLE) {
    good = PQenterPipelineMode(handle) == 1;
  } else {
    good = false;
  }
  if (!good) {
    const std::string why = last_error_.empty() ? PQerrorMessage(handle) : last_error_;
    auto error = broke(why);
    if (sqlstate) error = fail(database_error(*sqlstate));
    co_return error;
  }
  stop_deadline();
  broken_ = false;
  if (sqlstate) {
    log::warn("the database refused a script", {{"application", options_.application_name}, {"error", last_error_}});
    co_return fail(database_error(*sqlstate));
  }
  co_return Result<void>();
}

}  // namespace r8r::store
