#pragma once
#include <string>
#include <string_view>

#include "common/http/request.hpp"
#include "common/store/workflows.hpp"
#include "common/workflow/workflow.hpp"

/// Workflows as the API shows them.
namespace r8r::api {

/// An entry of the list, without the closing brace, so that callers can add fields.
std::string workflow_fields(const store::WorkflowRow& row);
/// [{method, path, url}, …] of the webhook triggers. URLs are made from the host that the request was sent to.
std::string webhooks_json(const workflow::Workflow& workflow, const http::Request& request);
/// {valid, errors, warnings, nodes, order}
std::string validation_json(const workflow::LoadResult& loaded);
/// "v3-true": changes whenever the answer does.
std::string workflow_tag(const store::WorkflowRow& row);

}  // namespace r8r::api
