#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include "common/base/result.hpp"
#include "common/base/time.hpp"
#include "common/base/uuid.hpp"
#include "common/store/commit_queue.hpp"

namespace r8r::store {

struct NewExecution {
  Uuid id;
  int partition = 0;
  Uuid workflow_id;
  int workflow_version = 0;
  std::string workflow_name;
  std::string trigger_type;
  std::string origin;
  std::string input;    ///< raw JSON
  std::string webhook;  ///< raw JSON or empty
  std::string event;    ///< raw JSON or empty
  std::string correlation_id;
  std::string idempotency_key;  ///< empty: none
  std::string fingerprint;      ///< of workflow name and input, with a key
  std::string traceparent;      ///< or empty
  std::optional<Uuid> replayed_from;
  std::string journal;                    ///< raw array of entries that it begins with, or empty
  std::vector<std::string> payload_keys;  ///< of the stored payloads of `replayed_from` that it names: they are copied
  std::optional<std::string> limit_key;   ///< set when limits of its workflow say when it may start
  Timestamp accepted_at;
};

struct Accepted {
  /// False: the idempotency key is known, nothing was inserted; then the first execution and its fingerprint are:
  bool created = true;
  Uuid first_execution;
  std::string first_fingerprint;
};

/// Makes executions durable: requests that arrive together share one transaction and one fsync (group commit). Each
/// gets its own outcome; a row that the database refuses fails alone.
class AcceptQueue {
 public:
  AcceptQueue(boost::asio::io_context& io, CommitOptions options);
  ~AcceptQueue();

  /// Errors: queue_full, service_unavailable (database away, shutting down), storage_error. After service_unavailable
  /// the row may exist all the same (the answer to a commit was lost): `id` tells.
  boost::asio::awaitable<Result<Accepted>> accept(NewExecution execution);
  /// What stands in the queue and in the commit in flight.
  std::size_t pending() const;
  bool healthy() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace r8r::store
