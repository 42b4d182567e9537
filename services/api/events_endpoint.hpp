#pragma once
#include "common/http/request.hpp"
#include "services/api/admission.hpp"
#include "services/api/event_publisher.hpp"
#include "services/api/lifecycle.hpp"

namespace r8r::api {

/// POST /api/events/publish.
class EventsEndpoint {
 public:
  EventsEndpoint(EventPublisher& publisher, const Lifecycle& lifecycle, bool trust_request_id)
      : publisher_(publisher), lifecycle_(lifecycle), trust_request_id_(trust_request_id) {}

  awaitable<http::Response> publish(http::Request& request, Admission::Slot& slot);

 private:
  EventPublisher& publisher_;
  const Lifecycle& lifecycle_;
  bool trust_request_id_;
};

/// {status, event, event_id, triggered, failed}
std::string published_json(const std::string& name, const PublishedEvent& published);

}  // namespace r8r::api
