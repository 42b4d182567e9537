#include "services/api/route_table.hpp"

#include <fmt/format.h>

#include "common/base/metrics.hpp"
#include "common/http/probe.hpp"
#include "services/api/api_error.hpp"
#include "services/api/openapi_schemas.hpp"
#include "services/api/operations_routes.hpp"
#include "services/api/version.hpp"
#include "services/api/webhook_input.hpp"

namespace r8r::api {
namespace {

using http::Method;
using http::Operation;
using http::Parameter;

constexpr const char* kErrors = "ErrorResponse";

http::Response nothing_here(const http::Request& request) {
  return error_response(request, ApiError(ErrorCode::not_found, fmt::format("Nothing is at {}", request.path)));
}

http::Response wrong_method(const http::Request& request, const std::string& allow) {
  if (request.method == Method::options) {
    http::Response response = http::Response::empty(204);
    response.headers.emplace_back("Allow", allow + ", OPTIONS");
    return response;
  }
  http::Response response =
      error_response(request, ApiError(ErrorCode::method_not_allowed,
                                       fmt::format("{} is not allowed here; allowed: {}", request.method_name, allow)));
  response.headers.emplace_back("Allow", allow);
  return response;
}

void add_system_routes(http::Router& router, const RouteParts& parts, std::shared_ptr<const std::string> json,
                       std::shared_ptr<const std::string> yaml) {
  router.add_tag("System", "Health, metrics, this document");
  router.add(
      Method::get, "/api/health",
      {.id = "healthCheck",
       .summary = "Whether the service and what it needs are well",
       .tags = {"System"},
       .responses = {{200, "HealthResponse"}, {401, kErrors}, {503, "HealthResponse"}},
       .open = true,
       .health = true},
      [&health = parts.health](http::Request&) -> awaitable<http::Response> { co_return co_await health.report(); });
  router.add(Method::get, "/api/metrics",
             {.id = "getMetrics",
              .summary = "Metrics in the Prometheus text format",
              .tags = {"System"},
              .responses = {{200, ""}, {401, kErrors}},
              .open = true,
              .health = true},
             [](http::Request&) -> awaitable<http::Response> {
               http::Response response;
               response.content_type = "text/plain; version=0.0.4; charset=utf-8";
               response.body = metrics::render();
               co_return response;
             });
  router.add(
      Method::get, "/api/openapi.json",
      {.id = "getOpenApi", .summary = "This document", .tags = {"System"}, .responses = {{200, ""}}, .open = true},
      [json](http::Request&) -> awaitable<http::Response> { co_return http::Response::json(200, *json); });
  router.add(Method::get, "/api/openapi.yaml",
             {.id = "getOpenApiYaml",
              .summary = "This document as YAML",
              .tags = {"System"},
              .responses = {{200, ""}},
              .open = true},
             [yaml](http::Request&) -> awaitable<http::Response> {
               http::Response response;
               response.content_type = "application/yaml";
               response.body = *yaml;
               co_return response;
             });
  http::ServiceProbe::add_routes(router, [&health = parts.health] { return health.not_ready(); });
}

void add_workflow_routes(http::Router& router, const RouteParts& parts) {
  const auto& backend = parts.backend;
  router.add_tag("Workflows", "Definitions and their versions");
  router.add(
      Method::get, "/api/workflows",
      {.id = "listWorkflows",
       .summary = "All workflows by name",
       .tags = {"Workflows"},
       .responses = {{200, "WorkflowList"}, {400, kErrors}, {401, kErrors}},
       .parameters = {{.name = "search", .description = "Text in name or description"},
                      {.name = "enabled", .type = "boolean"},
                      {.name = "limit", .type = "integer", .description = "Without it all are returned"},
                      {.name = "cursor", .description = "next_cursor of the page before"}}},
      parts.gate.guard([&backend](auto& request, auto& slot) { return backend->workflows.list(request, slot); }));
  router.add(
      Method::post, "/api/workflows",
      {.id = "createWorkflow",
       .summary = "Create or change a workflow",
       .tags = {"Workflows"},
       .request_schema = "CreateWorkflowRequest",
       .responses = {{200, "WorkflowSummary"},
                     {201, "WorkflowSummary"},
                     {400, kErrors},
                     {401, kErrors},
                     {409, kErrors},
                     {412, kErrors},
                     {413, kErrors},
                     {415, kErrors},
                     {422, kErrors},
                     {503, kErrors}},
       .parameters = {{.name = "If-Match", .in = "header", .description = "Only if this is the current ETag"}},
       .example = {{"definition",
                    "name: hello\nnodes:\n  - id: greet\n    type: transform\n    config:\n"
                    "      expression: '\"hello\"'\n"}}},
      parts.gate.guard([&backend](auto& request, auto& slot) { return backend->workflows.create(request, slot); }));
  router.add(
      Method::post, "/api/workflows/validate",
      {.id = "validateWorkflow",
       .summary = "Check a definition without storing it",
       .tags = {"Workflows"},
       .request_schema = "ValidateWorkflowRequest",
       .responses = {{200, "ValidationResponse"}, {400, kErrors}, {401, kErrors}, {413, kErrors}, {415, kErrors}}},
      parts.gate.guard([&backend](auto& request, auto& slot) { return backend->workflows.validate(request, slot); }));
  router.add(Method::get, "/api/workflows/{name}",
             {.id = "getWorkflow",
              .summary = "One workflow with its definition",
              .tags = {"Workflows"},
              .responses = {{200, "WorkflowDetail"}, {304, ""}, {401, kErrors}, {404, kErrors}},
              .parameters = {{.name = "version", .type = "integer", .description = "The text of this version"}}},
             parts.gate.guard([&backend](auto& request, auto& slot) { return backend->workflows.get(request, slot); }));
  router.add(
      Method::post, "/api/workflows/{name}/execute",
      {.id = "executeWorkflow",
       .summary = "Run a workflow, and wait for its end or not",
       .tags = {"Workflows"},
       .request_schema = "ExecuteRequest",
       .responses = {{200, "ExecuteResponse"},
                     {202, "ExecuteResponse"},
                     {400, kErrors},
                     {401, kErrors},
                     {404, kErrors},
                     {409, kErrors},
                     {413, kErrors},
                     {415, kErrors},
                     {422, kErrors},
                     {429, kErrors},
                     {500, kErrors},
                     {503, kErrors},
                     {504, kErrors}},
       .parameters = {{.name = "Idempotency-Key", .in = "header", .description = "As the body field"},
                      {.name = "Prefer",
                       .in = "header",
                       .description = "respond-async, wait=N, return=representation"}},
       .example = {{"input", {{"order_id", "ORD-1"}}}, {"wait", true}}},
      parts.gate.guard([&backend](auto& request, auto& slot) { return backend->execute.handle(request, slot); }));
}

std::vector<Parameter> list_parameters(bool any_workflow) {
  std::vector<Parameter> all = {
      {.name = "status", .description = "One of them, or several with commas between"},
      {.name = "trigger", .description = "Exactly this one; event is also every event:NAME"},
      {.name = "correlation_id"},
      {.name = "idempotency_key"},
      {.name = "started_after", .description = "RFC 3339, inclusive"},
      {.name = "started_before", .description = "RFC 3339, inclusive"},
      {.name = "search",
       .description = any_workflow ? "Text in input, output or error; needs workflow, started_after or started_before"
                                   : "Text in input, output or error"},
      {.name = "limit", .type = "integer", .description = "50; at most 1000"},
      {.name = "cursor", .description = "next_cursor of the page before"},
      {.name = "offset", .type = "integer", .description = "At most 10000; not together with cursor"},
      {.name = "include_total", .type = "boolean", .description = "Count them; exact up to 10000"}};
  if (any_workflow)
    all.insert(all.begin(), Parameter{.name = "workflow", .description = "Only those of this workflow"});
  return all;
}

void add_list_routes(http::Router& router, const RouteParts& parts) {
  const auto& backend = parts.backend;
  router.add(Method::get, "/api/executions",
             {.id = "listExecutions",
              .summary = "Executions, newest first by their start",
              .tags = {"Executions"},
              .responses = {{200, "ExecutionList"}, {400, kErrors}, {401, kErrors}, {503, kErrors}},
              .parameters = list_parameters(true)},
             parts.gate.guard([&backend](auto& request, auto& slot) { return backend->lists.all(request, slot); }));
  router.add(
      Method::get, "/api/workflows/{name}/executions",
      {.id = "listWorkflowExecutions",
       .summary = "Executions of one workflow, newest first by their start",
       .tags = {"Executions"},
       .responses = {{200, "ExecutionList"}, {400, kErrors}, {401, kErrors}, {404, kErrors}, {503, kErrors}},
       .parameters = list_parameters(false)},
      parts.gate.guard([&backend](auto& request, auto& slot) { return backend->lists.of_workflow(request, slot); }));
}

void add_execution_routes(http::Router& router, const RouteParts& parts) {
  const auto& backend = parts.backend;
  router.add_tag("Executions", "What ran, and how");
  router.add(
      Method::get, "/api/executions/{id}",
      {.id = "getExecution",
       .summary = "One execution",
       .tags = {"Executions"},
       .responses = {{200, "Execution"}, {304, ""}, {400, kErrors}, {401, kErrors}, {404, kErrors}},
       .parameters = {{.name = "wait",
                       .type = "integer",
                       .description = "Hold the answer for so many seconds (at most 60) until the status changes"},
                      {.name = "If-None-Match",
                       .in = "header",
                       .description = "The ETag of the answer before: 304 while nothing has changed"}}},
      parts.gate.guard([&backend](auto& request, auto& slot) { return backend->executions.get(request, slot); }));
  router.add(
      Method::get, "/api/executions/{id}/trace",
      {.id = "getExecutionTrace",
       .summary = "What each node of an execution did",
       .tags = {"Executions"},
       .responses = {{200, "ExecutionTrace"}, {400, kErrors}, {401, kErrors}, {404, kErrors}},
       .parameters = {{.name = "include", .description = "none: without types, attempts and outputs"}}},
      parts.gate.guard([&backend](auto& request, auto& slot) { return backend->executions.trace(request, slot); }));
}

void add_control_routes(http::Router& router, const RouteParts& parts) {
  const auto& backend = parts.backend;
  router.add(Method::get, "/api/executions/{id}/why",
             {.id = "whyExecution",
              .summary = "What an unfinished execution waits for; how a finished one ended",
              .tags = {"Executions"},
              .responses = {{200, "ExecutionWaits"}, {401, kErrors}, {404, kErrors}, {503, kErrors}}},
             parts.gate.guard([&backend](auto& request, auto& slot) { return backend->why.get(request, slot); }));
  const std::map<int, std::string> done = {{200, "ControlResponse"}, {400, kErrors}, {401, kErrors},
                                           {404, kErrors},           {409, kErrors}, {503, kErrors}};
  std::map<int, std::string> resumed = done;
  resumed[200] = "ResumeResponse";
  resumed[202] = "ControlResponse";
  router.add(Method::post, "/api/executions/{id}/pause",
             {.id = "pauseExecution",
              .summary = "Let what runs finish and start nothing new",
              .tags = {"Executions"},
              .request_schema = "PauseRequest",
              .responses = done},
             parts.gate.guard([&backend](auto& request, auto& slot) { return backend->control.pause(request, slot); }));
  router.add(
      Method::post, "/api/executions/{id}/resume",
      {.id = "resumeExecution",
       .summary = "Let a paused, failed or cancelled execution go on; what completed is not run again",
       .tags = {"Executions"},
       .request_schema = "ResumeRequest",
       .responses = resumed,
       .parameters = {{.name = "Prefer", .in = "header", .description = "respond-async, wait=N"}}},
      parts.gate.guard([&backend](auto& request, auto& slot) { return backend->control.resume(request, slot); }));
  router.add(
      Method::post, "/api/executions/{id}/cancel",
      {.id = "cancelExecution",
       .summary = "End an execution where it is",
       .tags = {"Executions"},
       .request_schema = "CancelRequest",
       .responses = done,
       .example = {{"reason", "the order was withdrawn"}}},
      parts.gate.guard([&backend](auto& request, auto& slot) { return backend->control.cancel(request, slot); }));
}

void add_replay_route(http::Router& router, const RouteParts& parts) {
  const auto& backend = parts.backend;
  router.add(Method::post, "/api/executions/{id}/replay",
             {.id = "replayExecution",
              .summary = "A new execution with the input and workflow version of this one, or with others",
              .tags = {"Executions"},
              .request_schema = "ReplayRequest",
              .responses = {{200, "ExecuteResponse"},
                            {202, "ExecuteResponse"},
                            {400, kErrors},
                            {401, kErrors},
                            {404, kErrors},
                            {409, kErrors},
                            {413, kErrors},
                            {422, kErrors},
                            {429, kErrors},
                            {500, kErrors},
                            {503, kErrors},
                            {504, kErrors}},
              .parameters = {{.name = "Prefer", .in = "header", .description = "respond-async, wait=N"}}},
             parts.gate.guard([&backend](auto& request, auto& slot) { return backend->replay.handle(request, slot); }));
}

void add_event_routes(http::Router& router, const RouteParts& parts) {
  const auto& backend = parts.backend;
  router.add_tag("Events", "What starts the workflows that listen to it");
  router.add(
      Method::post, "/api/events/publish",
      {.id = "publishEvent",
       .summary = "Publish an event; what it starts is recorded before the answer",
       .tags = {"Events"},
       .request_schema = "PublishEventRequest",
       .responses = {{200, "PublishEventResponse"},
                     {202, "PublishEventResponse"},
                     {400, kErrors},
                     {401, kErrors},
                     {409, kErrors},
                     {413, kErrors},
                     {415, kErrors},
                     {422, kErrors},
                     {429, kErrors},
                     {503, kErrors}},
       .parameters = {{.name = "Idempotency-Key", .in = "header", .description = "As the body field"},
                      {.name = "Prefer", .in = "header", .description = "respond-async: 202 instead of 200"}},
       .example = {{"event", "order.created"}, {"data", {{"order_id", "ORD-1"}}}, {"source", "shop"}}},
      parts.gate.guard([&backend](auto& request, auto& slot) { return backend->events.publish(request, slot); }));
}

void add_approval_routes(http::Router& router, const RouteParts& parts) {
  const auto& backend = parts.backend;
  router.add_tag("Approvals", "What executions ask people");
  router.add(
      Method::get, "/api/approvals",
      {.id = "listApprovals",
       .summary = "Approvals, newest first",
       .tags = {"Approvals"},
       .responses = {{200, "ApprovalList"}, {400, kErrors}, {401, kErrors}},
       .parameters = {{.name = "status", .description = "pending, approved, rejected, expired"},
                      {.name = "assignee", .description = "Exactly this one"},
                      {.name = "group", .description = "One of the approval's groups"},
                      {.name = "workflow", .description = "Of executions of this workflow"},
                      {.name = "execution_id", .description = "Of this execution"},
                      {.name = "limit", .type = "integer", .description = "At most so many (50; up to 1,000)"},
                      {.name = "offset", .type = "integer", .description = "Up to 10,000; further on use cursor"},
                      {.name = "cursor", .description = "next_cursor of the page before"}}},
      parts.gate.guard([&backend](auto& request, auto& slot) { return backend->approvals.list(request, slot); }));
  router.add(Method::get, "/api/approvals/{id}",
             {.id = "getApproval",
              .summary = "One approval",
              .tags = {"Approvals"},
              .responses = {{200, "Approval"}, {401, kErrors}, {404, kErrors}}},
             parts.gate.guard([&backend](auto& request, auto& slot) { return backend->approvals.get(request, slot); }));
  router.add(
      Method::post, "/api/approvals/{id}/decide",
      {.id = "decideApproval",
       .summary = "Approve or reject, once; the answer comes when the execution has ended or asks again",
       .tags = {"Approvals"},
       .request_schema = "DecideRequest",
       .responses = {{200, "DecideResponse"},
                     {202, "DecideResponse"},
                     {400, kErrors},
                     {401, kErrors},
                     {404, kErrors},
                     {409, kErrors},
                     {503, kErrors}},
       .parameters = {{.name = "Prefer", .in = "header", .description = "respond-async, wait=N"}},
       .example = {{"decision", "approve"}, {"comment", "looks right"}}},
      parts.gate.guard([&backend](auto& request, auto& slot) { return backend->approvals.decide(request, slot); }));
}

awaitable<http::Response> call_webhook(const std::unique_ptr<Backend>& backend, http::Request& request,
                                       Admission::Slot& slot) {
  std::string path = percent_decoded(request.path, false);
  std::optional<http::Response> response = co_await backend->webhooks.handle(request, std::move(path), slot);
  if (!response) co_return nothing_here(request);
  co_return std::move(*response);
}

void add_webhook_routes(http::Router& router, const RouteParts& parts) {
  router.add_tag("Webhooks", "Workflows called by other systems");
  const http::Handler call = parts.gate.guard(
      [&backend = parts.backend](auto& request, auto& slot) { return call_webhook(backend, request, slot); });
  router.add_any("/webhooks/{path...}",
                 {.id = "callWebhook",
                  .summary = "Run a workflow by its name or one of its webhook paths",
                  .tags = {"Webhooks"},
                  .responses = {{200, "ExecuteResponse"},
                                {202, "WebhookAccepted"},
                                {400, kErrors},
                                {404, kErrors},
                                {405, kErrors},
                                {413, kErrors},
                                {429, kErrors},
                                {503, kErrors},
                                {504, kErrors}},
                  .open = true},
                 call);
  // Paths that workflows declare without the prefix are no routes: whatever is not ours may be one of them.
  router.on_not_found([call](http::Request& request) -> awaitable<http::Response> {
    if (is_reserved_path(percent_decoded(request.path, false))) co_return nothing_here(request);
    co_return co_await call(request);
  });
  router.on_method_not_allowed([](http::Request& request, const std::string& allow) -> awaitable<http::Response> {
    co_return wrong_method(request, allow);
  });
}

std::optional<http::Response> refuse_monitor(const RouteParts& parts, const http::Request& request) {
  if (std::optional<http::Response> refusal = parts.monitor_access.check(request)) return refusal;
  if (parts.lifecycle.draining)
    return error_response(request, ApiError(ErrorCode::service_unavailable, "The service is shutting down"));
  if (!parts.lifecycle.started)
    return error_response(request,
                          ApiError(ErrorCode::service_unavailable, "The service is starting; try again shortly"));
  if (parts.backend->monitor.is_full())
    return error_response(request, ApiError(ErrorCode::queue_full, "Too many clients are watching"));
  return std::nullopt;
}

void add_monitor_route(http::Router& router, const RouteParts& parts) {
  router.add_tag("Monitor", "Live events over a WebSocket");
  const auto parameter = [](const char* name, const char* description) {
    return Parameter{.name = name, .description = description};
  };
  router.add_socket(
      "/api/monitor",
      {.id = "monitor",
       .summary = "Live events of executions",
       .tags = {"Monitor"},
       .responses = {{101, ""}, {400, kErrors}, {401, kErrors}, {403, kErrors}, {503, kErrors}},
       .parameters = {parameter("token", "The monitor token"), parameter("workflow", "Only this workflow"),
                      parameter("execution", "Only this execution, its history first"),
                      parameter("types", "Only these event types, comma-separated"),
                      parameter("since", "With execution: only events after this number")},
       .open = true},
      [parts](const http::Request& request) { return refuse_monitor(parts, request); },
      [&backend = parts.backend](http::Request& request, http::WebSocket& socket) {
        return backend->monitor.serve(request, socket);
      },
      [](const http::Request& request) { return monitor_subprotocol(request); });
}

}  // namespace

void add_routes(http::Router& router, RouteParts parts) {
  const auto json = std::make_shared<std::string>();
  const auto yaml = std::make_shared<std::string>();
  add_system_routes(router, parts, json, yaml);
  add_workflow_routes(router, parts);
  add_list_routes(router, parts);
  add_execution_routes(router, parts);
  add_control_routes(router, parts);
  add_replay_route(router, parts);
  add_event_routes(router, parts);
  add_approval_routes(router, parts);
  add_webhook_routes(router, parts);
  add_monitor_route(router, parts);
  add_operations_routes(router, parts);
  add_schemas(router);
  *json = router.openapi_json("r8r", std::string(kVersion));
  *yaml = router.openapi_yaml("r8r", std::string(kVersion));
}

}  // namespace r8r::api
