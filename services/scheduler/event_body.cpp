#include "services/scheduler/event_body.hpp"

#include "common/base/json_text.hpp"
#include "common/base/number_text.hpp"

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

// Plain appends: each node of each execution has two of these.
std::string event_body(const Event& event, const EventSubject& subject, const workflow::Workflow& workflow) {
  const std::string_view type = event_type(event.kind);
  std::string out;
  out.reserve(320);
  const auto add_key = [&](std::string_view key) {
    out += ",\"";
    out += key;
    out += "\":";
  };
  const auto text = [&](std::string_view key, std::string_view value) {
    add_key(key);
    append_json_string(out, value);
  };
  const auto number = [&](std::string_view key, std::int64_t value) {
    add_key(key);
    append_number(out, value);
  };
  out += "{\"type\":\"";
  out += type;
  out += '"';
  text("event", type);
  text("execution_id", subject.execution_id);
  if (event.node >= 0) text("node_id", workflow.nodes[static_cast<std::size_t>(event.node)].id);
  if (event.item >= 0) number("item_index", event.item);
  switch (event.kind) {
    case EventKind::execution_started:
      text("trigger_type", subject.trigger_type);
      break;
    case EventKind::node_started:
      text("node_type", workflow.nodes[static_cast<std::size_t>(event.node)].type);
      number("attempt", event.attempt);
      break;
    case EventKind::node_completed:
    case EventKind::execution_completed:
      text("status", event.status);
      number("duration_ms", event.duration.count());
      break;
    case EventKind::node_failed:
      text("error", event.error);
      add_key("will_retry");
      out += event.will_retry ? "true" : "false";
      number("attempt", event.attempt);
      break;
    case EventKind::execution_failed:
      text("error", event.error);
      number("duration_ms", event.duration.count());
      break;
    case EventKind::execution_paused:
    case EventKind::execution_resumed:
    case EventKind::execution_cancelled:
      text("reason", event.error);
      break;
  }
  text("workflow_name", subject.workflow_name);
  number("seq", event.seq);
  text("timestamp", to_rfc3339(event.at));
  out += '}';
  return out;
}

}  // namespace r8r::scheduler
