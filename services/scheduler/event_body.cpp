#include "services/scheduler/event_body.hpp"

#include <fmt/format.h>

#include <iterator>

#include "common/base/json_text.hpp"

namespace r8r::scheduler {

using engine::Event;
using engine::EventKind;

std::string_view event_type(EventKind kind) {
  switch (kind) {
    case EventKind::execution_started:
      return "execution_started";
    case EventKind::node_started:
      return "node_started";
    case EventKind::node_completed:
      return "node_completed";
    case EventKind::node_failed:
      return "node_failed";
    case EventKind::execution_completed:
      return "execution_completed";
    case EventKind::execution_failed:
      return "execution_failed";
    case EventKind::execution_paused:
      return "execution_paused";
    case EventKind::execution_resumed:
      return "execution_resumed";
    case EventKind::execution_cancelled:
      return "execution_cancelled";
  }
  return "error";
}

std::string event_body(const Event& event, const EventSubject& subject, const workflow::Workflow& workflow) {
  const std::string_view type = event_type(event.kind);
  std::string out;
  out.reserve(256);
  const auto back = [&] { return std::back_inserter(out); };
  const auto text = [&](std::string_view key, std::string_view value) {
    fmt::format_to(back(), ",\"{}\":", key);
    append_json_string(out, value);
  };
  fmt::format_to(back(), R"({{"type":"{0}","event":"{0}","execution_id":"{1}")", type, subject.execution_id);
  if (event.node >= 0) text("node_id", workflow.nodes[static_cast<std::size_t>(event.node)].id);
  if (event.item >= 0) fmt::format_to(back(), ",\"item_index\":{}", event.item);
  switch (event.kind) {
    case EventKind::execution_started:
      text("trigger_type", subject.trigger_type);
      break;
    case EventKind::node_started:
      text("node_type", workflow.nodes[static_cast<std::size_t>(event.node)].type);
      fmt::format_to(back(), ",\"attempt\":{}", event.attempt);
      break;
    case EventKind::node_completed:
    case EventKind::execution_completed:
      text("status", event.status);
      fmt::format_to(back(), ",\"duration_ms\":{}", event.duration.count());
      break;
    case EventKind::node_failed:
      text("error", event.error);
      fmt::format_to(back(), ",\"will_retry\":{},\"attempt\":{}", event.will_retry, event.attempt);
      break;
    case EventKind::execution_failed:
      text("error", event.error);
      fmt::format_to(back(), ",\"duration_ms\":{}", event.duration.count());
      break;
    case EventKind::execution_paused:
    case EventKind::execution_resumed:
    case EventKind::execution_cancelled:
      text("reason", event.error);
      break;
  }
  text("workflow_name", subject.workflow_name);
  fmt::format_to(back(), R"(,"seq":{},"timestamp":"{}"}})", event.seq, to_rfc3339(event.at));
  return out;
}

}  // namespace r8r::scheduler
