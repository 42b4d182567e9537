#pragma once
#include <string>
#include <string_view>

#include "common/http/request.hpp"
#include "common/store/schedules.hpp"
#include "common/store/workflows.hpp"
#include "common/workflow/workflow.hpp"

/// Workflows as the API shows them.
namespace r8r::api {

/// An entry of the list, without the closing brace, so that callers can add fields.
std::string workflow_fields(const store::WorkflowRow& row);
/// [{method, path, url}, …] of the webhook triggers. URLs are made from the host that the request was sent to.
std::string webhooks_json(const workflow::Workflow& workflow, const http::Request& request);
/// The next three times of all cron triggers together, sorted.
std::string next_runs_json(const workflow::Workflow& workflow, Timestamp now);
/// [{schedule, timezone, …}, …]: each cron trigger, and what it has done so far.
std::string schedules_json(const workflow::Workflow& workflow, bool enabled,
                           const std::vector<store::ScheduleRow>& states, Timestamp now);
/// {valid, errors, warnings, nodes, order}
std::string validation_json(const workflow::LoadResult& loaded);
/// "v3-true": changes whenever the definition or the switch does.
std::string workflow_tag(const store::WorkflowRow& row);

}  // namespace r8r::api
