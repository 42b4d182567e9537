#pragma once
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "common/base/result.hpp"
#include "common/base/time.hpp"
#include "common/base/uuid.hpp"

namespace r8r::store {

class Pool;

/// An execution that an event starts, now or later, or a debounced webhook call, later.
struct EventExecution {
  Uuid id;
  int partition = 0;
  Uuid workflow_id;
  int workflow_version = 0;
  std::string workflow_name;
  std::string trigger_type;
  std::string input;  ///< raw JSON
  std::string correlation_id;
  std::string traceparent;  ///< or empty
  std::string webhook;      ///< raw `execution.webhook` of a call, or empty
  std::string event;        ///< raw `execution.event`, or empty
  Timestamp time;           ///< accepted then, or to start then
  bool delayed = false;
  std::optional<std::string> limit_key;  ///< set when limits of the workflow say when it may start
};

struct EventRecord {
  Uuid id;
  std::string idempotency_key;  ///< empty: none
  std::string fingerprint;      ///< of the event, with a key
  std::string answer;           ///< what those who publish it again are told, with a key
};

/// What is recorded of an event after all.
struct RecordedEvent {
  bool created = true;  ///< false: the key is known, nothing was written; then the first event is:
  Uuid id;
  std::string fingerprint;
  std::string answer;
};

class Events {
 public:
  explicit Events(Pool& pool) : pool_(pool) {}

  /// Records all that an event starts in one transaction, together with its idempotency key. Errors: those of the
  /// database; nothing was written then, unless the link broke.
  boost::asio::awaitable<Result<RecordedEvent>> record(EventRecord event, std::vector<EventExecution> executions);

  /// When the first delayed execution of these partitions is to start.
  boost::asio::awaitable<Result<std::optional<Timestamp>>> next_delayed(std::vector<int> partitions);
  struct Due {
    EventExecution execution;
    bool started = true;  ///< false: its workflow is disabled or gone, it never starts; a debounced one is cancelled
  };
  /// Starts what is due: each row becomes an execution once, whoever asks. Errors: fenced, and those of the database.
  boost::asio::awaitable<Result<std::vector<Due>>> start_delayed(std::int64_t incarnation, std::vector<int> partitions,
                                                                 Timestamp now, int limit);
  /// Drops idempotency keys of days ago.
  boost::asio::awaitable<Result<void>> forget_old();

 private:
  Pool& pool_;
};

}  // namespace r8r::store
