#include "services/api/event_inbox.hpp"

#include "common/base/log.hpp"
#include "common/bus/subjects.hpp"
#include "services/api/api_error.hpp"

namespace r8r::api {
namespace {

constexpr std::size_t kMostInWork = 1'000;
constexpr std::size_t kMostBytes = 1024 * 1024;
constexpr auto kPatience = std::chrono::seconds(5);

}  // namespace

EventInbox::EventInbox(asio::io_context& io, bus::Connection& bus, EventsEndpoint& endpoint)
    : bus_(bus),
      endpoint_(endpoint),
      refused_(metrics::counter("r8r_bus_events_refused_total", "Events from the bus that were not recorded")),
      tasks_(io) {}

Result<void> EventInbox::subscribe() {
  Result<bus::Subscription> messages = bus_.subscribe_group(
      std::string(bus::kTriggers), std::string(bus::kTriggerGroup),
      [this](std::vector<bus::Message> taken) { take(std::move(taken)); }, kMostInWork);
  if (!messages) return fail(std::move(messages.error()));
  messages_ = std::move(*messages);
  return {};
}

awaitable<void> EventInbox::close() {
  messages_.reset();
  const bool idle = co_await tasks_.wait(kPatience);
  if (!idle) tasks_.cancel();
}

void EventInbox::take(std::vector<bus::Message> messages) {
  for (bus::Message& message : messages) {
    if (message.data.size() > kMostBytes) {
      refuse(message, ApiError(ErrorCode::payload_too_large, "An event has at most 1 MiB"));
    } else if (tasks_.size() >= kMostInWork) {
      refuse(message, ApiError(ErrorCode::queue_full, "Too many events are in work; try again shortly"));
    } else {
      tasks_.spawn("event from the bus", serve(std::move(message)));
    }
  }
}

void EventInbox::refuse(const bus::Message& message, ApiError why) {
  const http::Request request;
  finish(message, error_response(request, std::move(why)));
}

void EventInbox::finish(const bus::Message& message, const http::Response& response) {
  if (response.status >= 400) {
    refused_.add();
    log::warn("an event from the bus was refused", {{"subject", message.subject}, {"answer", response.body}});
  }
  if (!message.reply.empty()) bus_.publish(message.reply, response.body);
}

awaitable<void> EventInbox::serve(bus::Message message) {
  http::Request request;
  request.path = message.subject;
  request.body = std::move(message.data);
  std::string name = message.subject.substr(bus::kTriggerPrefix.size());
  const http::Response response = co_await endpoint_.answer(request, std::move(name));
  finish(message, response);
}

}  // namespace r8r::api
