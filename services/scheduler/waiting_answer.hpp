#pragma once
#include <cstdint>
#include <functional>
#include <string>

#include "common/store/executions.hpp"
#include "services/scheduler/active_execution.hpp"

namespace r8r::scheduler {

/// What an execution waits for, in words, as the raw object of a ControlReply: {last_progress_at, owner, detail,
/// waiting_for: [{kind, node_id, item_index, since, until, worker, detail}], waiting_for_count}. `incarnation`: of its
/// owner; `known_empty`: whether a pool's queue holds nothing.
std::string waiting_answer(const ActiveExecution& execution, std::int64_t incarnation, SteadyClock::time_point now,
                           const std::function<bool(const std::string& pool)>& known_empty);
/// The same of one that limits of its workflow do not let start yet; so many of it run.
std::string limited_answer(const store::LiveExecution& live, const workflow::Settings& settings, std::size_t running,
                           std::int64_t incarnation);
/// The same of one that its owner does not load, because it has `active` in memory already.
std::string full_scheduler_answer(const store::LiveExecution& live, std::int64_t incarnation, std::size_t active);

}  // namespace r8r::scheduler
