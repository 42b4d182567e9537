#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "common/journal/journal_entry.hpp"
#include "common/store/execution_list.hpp"
#include "common/store/executions.hpp"
#include "services/api/completion_waiter.hpp"

/// Executions as the API shows them.
namespace r8r::api {

/// The answer of `execute`: {execution_id, status, output, error, duration_ms}.
std::string execute_answer(std::string_view execution_id, const Finished& finished);
/// The same for one that goes on: status "running", nothing else known.
std::string running_answer(std::string_view execution_id);
/// The answer of pause, cancel and a resume that goes on: {execution_id, status, workflow_name, started_at,
/// finished_at, duration_ms, message}.
std::string control_answer(const store::ExecutionRow& row, std::string_view message);
/// The same with output and error, of a resume that was waited for.
std::string resume_answer(const store::ExecutionRow& row, std::string_view message);
/// One line of a list of executions.
std::string summary_json(const store::ExecutionSummary& execution);
/// The whole execution (GET /api/executions/{id}).
std::string execution_json(const store::ExecutionRow& row);

enum class TraceDetail {
  full,
  times,      ///< store_traces: false — status and times, no payloads
  six_fields  ///< ?include=none
};

/// The trace (GET /api/executions/{id}/trace): one object per node that was reached, by start time, made from the
/// journal's entries in order.
std::string trace_json(const store::ExecutionRow& row, const std::vector<journal::JournalEntry>& entries,
                       TraceDetail detail);

}  // namespace r8r::api
