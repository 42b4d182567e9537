#pragma once
#include <string>

#include "services/scheduler/engine/execution.hpp"

namespace r8r::scheduler {

/// What of an execution its events name.
struct EventSubject {
  std::string execution_id;
  std::string workflow_name;
  std::string trigger_type;
};

/// The event as monitor clients get it: a JSON object (spec: monitor, server → client).
std::string event_body(const engine::Event& event, const EventSubject& subject, const workflow::Workflow& workflow);
/// execution_started, node_completed, …
std::string_view event_type(engine::EventKind kind);

}  // namespace r8r::scheduler
