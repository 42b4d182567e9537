#include "services/api/monitor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>

#include "common/base/json_text.hpp"
#include "common/base/log.hpp"
#include "common/bus/subjects.hpp"

namespace r8r::api {
namespace {

constexpr auto kMostBehind = std::chrono::seconds(60);

// "r8r.events.<workflow>"
std::string_view workflow_of(std::string_view subject) {
  const auto dot = subject.rfind('.');
  return dot == std::string_view::npos ? subject : subject.substr(dot + 1);
}

std::optional<std::int64_t> since_of(const http::Request& request) {
  const auto text = request.query_value("since");
  if (!text) return std::nullopt;
  std::int64_t value = 0;
  std::from_chars(text->data(), text->data() + text->size(), value);
  return value;
}

}  // namespace

MonitorSelection selection_of(const http::Request& request) {
  MonitorSelection selection;
  if (const auto workflow = request.query_value("workflow")) selection.workflow = std::string(*workflow);
  if (const auto execution = request.query_value("execution"); execution && !execution->empty())
    selection.execution = Uuid::parse(*execution).value_or(Uuid{});
  if (const auto types = request.query_value("types")) {
    std::string_view rest = *types;
    while (!rest.empty()) {
      const auto end = std::min(rest.find(','), rest.size());
      if (end > 0) selection.types.emplace_back(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  return selection;
}

Monitor::Monitor(asio::io_context& io, bus::Connection& bus, store::Pool& pool, Limits limits)
    : io_(io),
      bus_(bus),
      pool_(pool),
      limits_(limits),
      gauge_(metrics::gauge("r8r_monitor_clients", "Connected monitor clients")) {}

void Monitor::join(MonitorSession* session) {
  sessions_.insert(session);
  gauge_.set(static_cast<double>(sessions_.size()));
}

void Monitor::listen() {
  if (events_) return;
  Result<bus::Subscription> subscribed =
      bus_.subscribe(std::string(bus::kAllEvents), [this](std::vector<bus::Message> messages) { relay(messages); });
  if (subscribed) {
    events_ = std::move(*subscribed);
  } else {
    log::error("cannot listen to events", {{"error", subscribed.error().message}});
  }
}

void Monitor::leave(MonitorSession* session) {
  sessions_.erase(session);
  gauge_.set(static_cast<double>(sessions_.size()));
  if (sessions_.empty() && arriving_ == 0) events_.reset();
}

awaitable<void> Monitor::serve(http::Request& request, http::WebSocket& socket) {
  // A greeted client misses nothing: the bus knows of our subscription before the greeting leaves.
  {
    ++arriving_;
    const std::shared_ptr<void> arrived(nullptr, [this](void*) { --arriving_; });
    listen();
    const Result<void> known = co_await bus_.flush(std::chrono::seconds(1));
    if (!known) log::warn("a monitor client may miss its first events", {{"error", known.error().message}});
  }
  MonitorSession session(io_, socket, pool_, selection_of(request), limits_.buffer);
  listen();
  join(&session);
  const std::shared_ptr<void> goodbye(nullptr, [this, &session](void*) { leave(&session); });
  co_await session.run(since_of(request));
}

void Monitor::offer(const MonitorEventPtr& event) {
  for (MonitorSession* session : sessions_) session->offer(event);
}

void Monitor::relay(const std::vector<bus::Message>& messages) {
  for (const bus::Message& message : messages) {
    Result<std::vector<bus::Event>> items = bus::decode<bus::Event>(message.data);
    if (!items) {
      log::warn("an event message cannot be read", {{"subject", message.subject}, {"error", items.error().message}});
      continue;
    }
    const std::string workflow(workflow_of(message.subject));
    for (bus::Event& item : *items) {
      auto event = std::make_shared<MonitorEvent>();
      event->execution_id = item.execution_id;
      event->workflow = workflow;
      event->type = std::move(item.type);
      event->body = std::make_shared<const std::string>(std::move(item.body));
      offer(event);
    }
  }
}

void Monitor::relay_workflow_changed(const bus::WorkflowChanged& change) {
  if (sessions_.empty()) return;
  std::string body = R"({"type":"workflow_changed","event":"workflow_changed","workflow_name":)";
  append_json_string(body, change.name);
  fmt::format_to(std::back_inserter(body), R"(,"version":{},"enabled":{},"change":"saved","timestamp":"{}"}})",
                 change.version, change.enabled, to_rfc3339(wall_now()));
  auto event = std::make_shared<MonitorEvent>();
  event->workflow = change.name;
  event->type = "workflow_changed";
  event->body = std::make_shared<const std::string>(std::move(body));
  offer(event);
}

awaitable<void> Monitor::watch_slow_clients() {
  while (true) {
    const bool slept = co_await sleep_for(std::chrono::seconds(5));
    if (!slept) co_return;
    const auto now = SteadyClock::now();
    for (MonitorSession* session : sessions_) {
      if (session->behind_for(now) > kMostBehind) session->close(1013, "the client reads too slowly");
    }
  }
}

void Monitor::close_all(int code, std::string_view reason) {
  for (MonitorSession* session : sessions_) session->close(code, reason);
}

}  // namespace r8r::api
