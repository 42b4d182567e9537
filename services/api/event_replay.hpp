#pragma once
#include <vector>

#include "common/journal/journal_entry.hpp"
#include "common/store/executions.hpp"
#include "services/api/monitor_event.hpp"

namespace r8r::api {

struct ReplayedEvent {
  std::int64_t seq = 0;
  MonitorEventPtr event;
};

/// The events of an execution so far, made again from its journal with the numbers that they had when they were sent,
/// and marked "replayed": true. The numbering is the scheduler engine's: one for the start, then those that each
/// journal entry gives rise to, in order (services/scheduler/engine: Execution::apply), then the end.
std::vector<ReplayedEvent> replay_events(const store::ExecutionRow& row,
                                         const std::vector<journal::JournalEntry>& entries);

}  // namespace r8r::api
