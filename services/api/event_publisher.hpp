#pragma once
#include <optional>
#include <string>

#include "common/bus/connection.hpp"
#include "common/expr/value.hpp"
#include "common/store/events.hpp"
#include "services/api/backlog.hpp"
#include "services/api/event_subscribers.hpp"
#include "services/api/exec_publisher.hpp"
#include "services/api/workflow_directory.hpp"

namespace r8r::api {

/// An event that somebody publishes.
struct NewEvent {
  std::string name;
  std::string data = "null";  ///< raw JSON
  std::optional<std::string> source;
  std::string correlation_id;   ///< empty: the event's id
  std::string idempotency_key;  ///< empty: none
  std::string traceparent;
};

struct PublishedEvent {
  Uuid id;
  std::string triggered;  ///< raw JSON members: "triggered":[…],"failed":[…]
  bool replayed = false;  ///< the key was known: what the first event of this key was answered
  bool mismatch = false;  ///< the key was used with another event; nothing was done
};

/// What an event's name must be: 1 to 128 characters, no blanks or control characters, no empty part between dots.
Result<void> check_event_name(std::string_view name);

/// Finds out whom an event starts, and records all of it in one transaction before anybody is told.
class EventPublisher {
 public:
  struct Parts {
    asio::io_context& io;
    bus::Connection& bus;
    store::Pool& pool;
    WorkflowDirectory& directory;
    EventSubscribers& subscribers;
    ExecPublisher& publisher;
    Backlog& backlog;
    expr::Value env;  ///< what expressions see
  };
  explicit EventPublisher(Parts parts) : parts_(std::move(parts)), events_(parts_.pool) {}

  /// Errors: invalid_field, payload_too_large (too many executions, or too much input for them), rate_limited,
  /// service_unavailable, storage_error.
  awaitable<Result<PublishedEvent>> publish(NewEvent event);

 private:
  struct Plan;
  awaitable<Result<void>> start_one(const EventSubscriber& subscriber, const NewEvent& event, Plan& plan);
  void tell_schedulers(const Plan& plan);

  Parts parts_;
  store::Events events_;
};

}  // namespace r8r::api
