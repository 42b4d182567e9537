#pragma once
#include "common/http/request.hpp"
#include "services/api/admission.hpp"
#include "services/api/event_publisher.hpp"
#include "services/api/lifecycle.hpp"

namespace r8r::api {

/// POST /api/events/publish, and the same over the bus.
class EventsEndpoint {
 public:
  EventsEndpoint(EventPublisher& publisher, const Lifecycle& lifecycle, bool trust_request_id)
      : publisher_(publisher), lifecycle_(lifecycle), trust_request_id_(trust_request_id) {}

  awaitable<http::Response> publish(http::Request& request, Admission::Slot& slot);
  /// `name`: of the event, when its address says it; a body that says another is refused. `request` must outlive the
  /// answer.
  awaitable<http::Response> answer(const http::Request& request, std::optional<std::string> name);

 private:
  EventPublisher& publisher_;
  const Lifecycle& lifecycle_;
  bool trust_request_id_;
};

/// {status, event, event_id, triggered, failed}
std::string published_json(const std::string& name, const PublishedEvent& published);

}  // namespace r8r::api
