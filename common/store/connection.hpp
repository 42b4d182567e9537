#pragma once
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "common/base/async.hpp"
#include "common/base/result.hpp"
#include "common/store/link_log.hpp"
#include "common/store/params.hpp"
#include "common/store/result_set.hpp"

extern "C" {
struct pg_conn;
}

namespace r8r::store {

struct ConnectionOptions {
  std::string url;
  std::string application_name;
  std::chrono::milliseconds statement_timeout{10'000};
  std::chrono::milliseconds connect_timeout{3'000};
  /// A session of a commit queue: plans that look rows up by key whatever the statistics say, a short
  /// idle_in_transaction_session_timeout, and no log line for each refused statement (the queue writes one).
  bool writer = false;
};

/// How the statements of one pipeline belong together.
enum class Grouping {
  transaction,  ///< all or none: BEGIN before, COMMIT after; the first error rolls back
  separate,     ///< each commits by itself and sees what the one before wrote
};

/// One PostgreSQL session in pipeline mode, used by one coroutine at a time. After an error of the link, a missed
/// deadline or a cancelled wait it is broken for good: throw it away and open another.
class Connection {
 public:
  /// `link_log` hears why it did not work. Errors: service_unavailable.
  static awaitable<Result<std::unique_ptr<Connection>>> open(asio::io_context& io, ConnectionOptions options,
                                                             std::shared_ptr<LinkLog> link_log);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Sends all statements at once and waits for their results, at most `limit`: one round trip. One result set for
  /// each. Errors: that of the first statement that failed, see database_error(); with Grouping::transaction nothing
  /// was written then, unless the link broke: then the outcome is unknown.
  awaitable<Result<std::vector<ResultSet>>> run(std::vector<Query> queries, Grouping grouping,
                                                std::chrono::milliseconds limit);
  awaitable<Result<ResultSet>> run_one(Query query, std::chrono::milliseconds limit);
  /// A statement without parameters.
  awaitable<Result<ResultSet>> run_one(const Statement& statement, std::chrono::milliseconds limit);
  /// Several statements as text, without parameters or results. Errors as run().
  awaitable<Result<void>> run_script(std::string sql, std::chrono::milliseconds limit);

  bool broken() const { return broken_; }
  /// Not broken, and no transaction was left open.
  bool reusable() const;
  /// Ends what is under way at once, as an error of the link.
  void interrupt();
  /// Never used again after its present use.
  void discard() { broken_ = true; }
  /// Whether an idle connection still stands: looks at the socket, without waiting.
  bool alive();
  /// Full text of the last error, for the log only.
  const std::string& last_error() const { return last_error_; }

 private:
  struct Link;
  struct Exchange;
  explicit Connection(asio::io_context& io);

  awaitable<Result<void>> connect(std::string url_with_address);
  awaitable<Result<void>> configure();
  bool send(const std::vector<Query>& queries, Grouping grouping, Exchange& exchange);
  bool send_query(const Statement& statement, const Params& params, int index, Exchange& exchange);
  awaitable<bool> flush();
  /// Waits until the next PQgetResult() does not block. False: the link is broken.
  awaitable<bool> next_ready();
  awaitable<bool> receive(Exchange& exchange);
  void note_failure(pg_result* result, const Statement& statement, Exchange& exchange);
  tl::unexpected<Error> broke(std::string_view why);
  void start_deadline(std::chrono::milliseconds limit);
  void stop_deadline();

  std::shared_ptr<Link> link_;
  ConnectionOptions options_;
  std::shared_ptr<LinkLog> link_log_;
  std::unordered_set<const Statement*> prepared_;
  std::string last_error_;
  bool broken_ = true;
};

}  // namespace r8r::store
