#pragma once
#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include "common/base/result.hpp"
#include "common/base/time.hpp"
#include "common/store/commit_queue.hpp"
#include "common/store/events.hpp"

namespace r8r::store {

/// A webhook call that becomes an execution later, together with all that come before that with the same workflow,
/// trigger and key.
struct DebouncedCall {
  /// As it starts when no other call comes: `time` is its start, `id` counts only if this call is the first, an empty
  /// correlation_id is the execution's id.
  EventExecution execution;
  std::string trigger;  ///< names it among the workflow's triggers
  std::string key;      ///< both of them together at most 2,000 bytes
  Timestamp called_at;
  Timestamp latest_start;  ///< counts only if this call is the first
};

struct Debounced {
  Uuid id;           ///< of the execution
  Timestamp run_at;  ///< its start, as far as the calls until now decide
  bool first = false;
};

/// Makes debounced calls durable, in group commits: of those with one key in a batch only the last is written. A call
/// finds the row of the calls before it or makes the first; when that row is just becoming an execution, it waits for
/// that and makes a new one.
class DebounceQueue {
 public:
  DebounceQueue(boost::asio::io_context& io, CommitOptions options);
  ~DebounceQueue();

  /// Errors: queue_full, service_unavailable (database away, shutting down), storage_error. After service_unavailable
  /// the call may be recorded all the same.
  boost::asio::awaitable<Result<Debounced>> accept(DebouncedCall call);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace r8r::store
