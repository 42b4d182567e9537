#pragma once
#include <string>
#include <vector>

#include "common/base/async.hpp"
#include "common/base/metrics.hpp"
#include "common/bus/connection.hpp"
#include "services/api/api_error.hpp"
#include "services/api/events_endpoint.hpp"

namespace r8r::api {

/// Events that come over the bus, on r8r.trigger.<event>: one of the api instances takes each and does what
/// POST /api/events/publish does. A request is answered with that endpoint's body; of a message without a reply subject
/// only the log tells when it was refused.
class EventInbox {
 public:
  EventInbox(asio::io_context& io, bus::Connection& bus, EventsEndpoint& endpoint);

  /// Errors: as bus::Connection::subscribe.
  Result<void> subscribe();
  /// Takes no more, and waits for what it has taken.
  awaitable<void> close();

 private:
  void take(std::vector<bus::Message> messages);
  awaitable<void> serve(bus::Message message);
  void refuse(const bus::Message& message, ApiError why);
  void finish(const bus::Message& message, const http::Response& response);

  bus::Connection& bus_;
  EventsEndpoint& endpoint_;
  bus::Subscription messages_;
  metrics::Counter refused_;
  TaskGroup tasks_;
};

}  // namespace r8r::api
