#pragma once
// Private to common/store: one PostgreSQL session as awaitables.
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include "common/base/result.hpp"
#include "common/base/time.hpp"
#include "common/base/uuid.hpp"

namespace r8r::store {

namespace asio = boost::asio;

/// A statement that is prepared once per connection. Lives for ever (a namespace-scope constant).
struct Statement {
  const char* name;
  const char* sql;
};

/// Parameters in PostgreSQL's binary format, in order.
class Params {
 public:
  Params& add(std::int32_t value);
  Params& add(std::int64_t value);
  Params& add(bool value);
  Params& add(std::string_view text);
  Params& add(const std::string& text) { return add(std::string_view(text)); }
  Params& add(const char* text) { return add(std::string_view(text)); }
  Params& add(const Uuid& id);
  Params& add(Timestamp time);
  Params& add_null();
  Params& add(const std::optional<std::string>& text) { return text ? add(*text) : add_null(); }
  Params& add(const std::vector<Uuid>& ids);
  Params& add(const std::vector<std::int32_t>& values);
  Params& add(const std::vector<std::string>& texts);
  Params& add(const std::vector<std::optional<std::string>>& texts);
  Params& add(const std::vector<Timestamp>& times);
  Params& add(const std::vector<std::optional<Timestamp>>& times);

  std::size_t size() const { return values_.size(); }
  const std::vector<std::optional<std::string>>& values() const { return values_; }

 private:
  std::vector<std::optional<std::string>> values_;
};

/// Rows of one statement, in binary format. The getters assert the column's width, not its type.
class Rows {
 public:
  explicit Rows(void* result = nullptr);  // PGresult*, owned

  std::size_t size() const;
  bool empty() const { return size() == 0; }
  bool is_null(std::size_t row, int column) const;
  std::string text(std::size_t row, int column) const;
  std::optional<std::string> optional_text(std::size_t row, int column) const;
  std::int32_t int4(std::size_t row, int column) const;
  std::int64_t int8(std::size_t row, int column) const;
  bool boolean(std::size_t row, int column) const;
  Uuid uuid(std::size_t row, int column) const;
  Timestamp time(std::size_t row, int column) const;
  std::optional<Timestamp> optional_time(std::size_t row, int column) const;

 private:
  std::string_view bytes(std::size_t row, int column) const;
  std::shared_ptr<void> result_;
};

struct Query {
  const Statement* statement;
  Params params;
};

/// What PostgreSQL said when it refused.
std::string sqlstate_of(const Error& error);

struct SessionOptions {
  std::string url;
  std::string application_name;
  std::chrono::milliseconds statement_timeout{10'000};
  /// Ends a session that stands still inside a transaction; zero: never.
  std::chrono::milliseconds idle_in_transaction_timeout{0};
};

/// One session. One coroutine at a time uses it. After an error of the link it is broken() and good for nothing.
class Connection {
 public:
  /// Errors: service_unavailable.
  static asio::awaitable<Result<std::unique_ptr<Connection>>> open(asio::io_context& io, SessionOptions options,
                                                                   std::chrono::milliseconds timeout);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Sends all statements in one pipeline with one sync at the end, so that without begin/commit among them they are one
  /// transaction of their own. The first error is the error of all.
  asio::awaitable<Result<std::vector<Rows>>> run(std::vector<Query> queries, std::chrono::milliseconds timeout);
  asio::awaitable<Result<Rows>> run_one(const Statement& statement, Params params, std::chrono::milliseconds timeout);
  /// Several statements as text, without parameters, as one transaction (migrations).
  asio::awaitable<Result<void>> run_script(std::string sql, std::chrono::milliseconds timeout);

  bool broken() const;

 private:
  struct Impl;
  explicit Connection(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

extern const Statement kBegin;
extern const Statement kCommit;
extern const Statement kRollback;

}  // namespace r8r::store
