#include "services/api/openapi_schemas.hpp"

#include <initializer_list>
#include <string>
#include <utility>

namespace r8r::api {
namespace {

using Json = nlohmann::ordered_json;

Json type(const char* name, const char* description = "") {
  Json schema = {{"type", name}};
  if (*description != '\0') schema["description"] = description;
  return schema;
}
Json nullable(const char* name, const char* description = "") {
  Json schema = {{"type", {name, "null"}}};
  if (*description != '\0') schema["description"] = description;
  return schema;
}
Json anything(const char* description) {
  return {{"description", description}};
}
Json timestamp() {
  return {{"type", "string"}, {"format", "date-time"}};
}
Json nullable_timestamp() {
  return {{"type", {"string", "null"}}, {"format", "date-time"}};
}
Json id() {
  return {{"type", "string"}, {"format", "uuid"}};
}
Json nullable_id() {
  return {{"type", {"string", "null"}}, {"format", "uuid"}};
}
Json reference(const char* name) {
  return {{"$ref", std::string("#/components/schemas/") + name}};
}
Json list_of(Json items) {
  return {{"type", "array"}, {"items", std::move(items)}};
}

Json object(std::initializer_list<std::pair<const char*, Json>> properties,
            std::initializer_list<const char*> required = {}) {
  Json fields = Json::object();
  for (const auto& [name, schema] : properties) fields[name] = schema;
  Json schema = {{"type", "object"}, {"properties", std::move(fields)}};
  if (required.size() > 0) {
    schema["required"] = Json::array();
    for (const char* name : required) schema["required"].push_back(name);
  }
  return schema;
}

Json execution_status() {
  return {{"type", "string"},
          {"enum", {"pending", "running", "paused", "waiting_for_approval", "completed", "failed", "cancelled"}}};
}
Json node_status() {
  return {{"type", "string"},
          {"enum", {"pending", "running", "waiting", "completed", "failed", "skipped", "cancelled"}}};
}

void add_system_schemas(http::Router& router) {
  router.add_schema("HealthResponse",
                    object({{"status", {{"type", "string"}, {"enum", {"ok", "degraded", "error"}}}},
                            {"foreign_keys_enabled", type("boolean")},
                            {"integrity_check", type("string")},
                            {"orphaned_executions", type("integer")},
                            {"orphaned_node_executions", type("integer")},
                            {"orphaned_workflow_versions", type("integer")},
                            {"journal_mode", type("string")},
                            {"busy_timeout_ms", type("integer")},
                            {"database", object({{"status", type("string")}, {"latency_ms", nullable("number")}})},
                            {"bus", object({{"status", type("string")}})},
                            {"schedulers", type("integer", "Schedulers with a valid lease")},
                            {"workers", type("integer", "Workers that answered the last question")},
                            {"version", type("string")},
                            {"uptime_seconds", type("integer")}},
                           {"status"}));
  router.add_schema(
      "ApiError",
      object({{"code", type("string", "What programs branch on")},
              {"message", type("string", "For people")},
              {"category",
               {{"type", "string"}, {"enum", {"client_error", "conflict", "rate_limit", "permanent", "transient"}}}},
              {"correlation_id", nullable("string")},
              {"execution_id", nullable_id()},
              {"request_id", nullable("string")},
              {"retry_after_ms", nullable("integer")},
              {"details", {{"type", {"object", "array", "null"}}}}},
             {"code", "message", "category", "correlation_id", "execution_id", "request_id", "retry_after_ms",
              "details"}));
  router.add_schema("ErrorResponse", object({{"error", reference("ApiError")}}, {"error"}));
}

void add_workflow_schemas(http::Router& router) {
  router.add_schema("WorkflowSummary", object({{"id", id()},
                                               {"name", type("string")},
                                               {"enabled", type("boolean")},
                                               {"created_at", timestamp()},
                                               {"updated_at", timestamp()},
                                               {"node_count", type("integer")},
                                               {"trigger_count", type("integer")},
                                               {"version", type("integer")},
                                               {"description", type("string")},
                                               {"warnings", list_of(reference("Problem"))}},
                                              {"id", "name", "enabled", "version"}));
  router.add_schema("WorkflowList",
                    object({{"workflows", list_of(reference("WorkflowSummary"))}, {"next_cursor", nullable("string")}},
                           {"workflows", "next_cursor"}));
  const Json webhook = object({{"method", type("string")}, {"path", type("string")}, {"url", type("string")}});
  const Json schedule = object({{"schedule", type("string")},
                                {"timezone", type("string")},
                                {"catch_up", type("boolean")},
                                {"next_run_at", nullable_timestamp()},
                                {"last_scheduled_at", nullable_timestamp()},
                                {"last_fired_at", nullable_timestamp()},
                                {"last_execution_id", nullable_id()},
                                {"last_error", nullable("string", "Why no execution came of the last time")},
                                {"fired", type("integer")},
                                {"failed", type("integer", "Times that started no execution, see last_error")},
                                {"missed", type("integer", "Times that passed without firing")}});
  router.add_schema("WorkflowDetail", object({{"id", id()},
                                              {"name", type("string")},
                                              {"enabled", type("boolean")},
                                              {"created_at", timestamp()},
                                              {"updated_at", timestamp()},
                                              {"node_count", type("integer")},
                                              {"trigger_count", type("integer")},
                                              {"version", type("integer")},
                                              {"description", type("string")},
                                              {"definition", type("string", "The text as it was written")},
                                              {"webhooks", list_of(webhook)},
                                              {"next_runs", list_of(timestamp())},
                                              {"schedules", list_of(schedule)},
                                              {"created_by", type("string")},
                                              {"valid", type("boolean")}},
                                             {"id", "name", "enabled", "version", "definition"}));
  router.add_schema(
      "CreateWorkflowRequest",
      object(
          {{"name", type("string", "Default: the name in the definition, which it must equal")},
           {"definition", {{"type", {"string", "object"}}, {"description", "YAML or JSON text, or the JSON object"}}},
           {"enabled", {{"type", "boolean"}, {"default", true}}},
           {"if_version", nullable("integer", "Only if the stored version is this one")},
           {"changelog", nullable("string")}},
          {"definition"}));
  router.add_schema("ValidateWorkflowRequest",
                    object({{"definition", {{"type", {"string", "object"}}}}}, {"definition"}));
  router.add_schema("Problem", object({{"path", type("string")},
                                       {"line", type("integer")},
                                       {"column", type("integer")},
                                       {"message", type("string")},
                                       {"hint", nullable("string")}},
                                      {"message"}));
  const Json node = object({{"id", type("string")}, {"type", type("string")}, {"level", type("integer")}});
  router.add_schema("ValidationResponse", object({{"valid", type("boolean")},
                                                  {"errors", list_of(reference("Problem"))},
                                                  {"warnings", list_of(reference("Problem"))},
                                                  {"nodes", list_of(node)},
                                                  {"order", list_of(type("string"))}},
                                                 {"valid", "errors", "warnings"}));
}

void add_approval_schemas(http::Router& router) {
  const Json status = {{"type", "string"}, {"enum", {"pending", "approved", "rejected", "expired"}}};
  router.add_schema(
      "Approval",
      object({{"id", id()},
              {"execution_id", id()},
              {"node_id", type("string")},
              {"workflow_name", type("string")},
              {"title", type("string")},
              {"description", nullable("string")},
              {"status", status},
              {"decision_comment", nullable("string")},
              {"decided_by", nullable("string", "timeout: nobody did in time")},
              {"context_data", object({{"input", anything("What it is about; null when it is large")},
                                       {"default_action", nullable("string")}})},
              {"created_at", timestamp()},
              {"expires_at", nullable_timestamp()},
              {"decided_at", nullable_timestamp()},
              {"assignee", nullable("string")},
              {"groups", list_of(type("string"))}},
             {"id", "execution_id", "node_id", "workflow_name", "title", "status", "created_at", "groups"}));
  router.add_schema("ApprovalList", object({{"approvals", list_of(reference("Approval"))},
                                            {"count", type("integer", "In this page")},
                                            {"next_cursor", nullable("string")}},
                                           {"approvals", "count", "next_cursor"}));
  router.add_schema("DecideRequest",
                    object({{"decision", {{"type", "string"}, {"enum", {"approve", "reject"}}}},
                            {"comment", {{"type", {"string", "null"}}, {"maxLength", 4096}}},
                            {"decided_by", {{"type", {"string", "null"}}, {"maxLength", 255}, {"default", "api"}}},
                            {"wait", {{"type", "boolean"}, {"default", true}}},
                            {"timeout_seconds",
                             {{"type", "number"},
                              {"exclusiveMinimum", 0},
                              {"default", 300},
                              {"description", "How long this request waits"}}}},
                           {"decision"}));
  router.add_schema("DecideResponse",
                    object({{"approval", reference("Approval")},
                            {"execution_id", id()},
                            {"execution_status", execution_status()},
                            {"duration_ms", nullable("integer")},
                            {"output", anything("Of the execution, or of what it asks next")},
                            {"error", nullable("string")}},
                           {"approval", "execution_id", "execution_status", "duration_ms", "output"}));
}

void add_execution_schemas(http::Router& router) {
  router.add_schema("ExecuteRequest",
                    object({{"input", anything("Any JSON; null counts as {}")},
                            {"wait", {{"type", "boolean"}, {"default", true}}},
                            {"timeout_seconds",
                             {{"type", "number"},
                              {"exclusiveMinimum", 0},
                              {"default", 300},
                              {"description", "How long this request waits"}}},
                            {"correlation_id", {{"type", {"string", "null"}}, {"minLength", 1}, {"maxLength", 128}}},
                            {"idempotency_key", {{"type", {"string", "null"}}, {"minLength", 1}, {"maxLength", 255}}},
                            {"on_conflict", {{"type", "string"}, {"enum", {"error", "attach"}}, {"default", "error"}}},
                            {"version", nullable("integer", "Run this version instead of the current one")}}));
  router.add_schema("ExecuteResponse", object({{"execution_id", id()},
                                               {"status", execution_status()},
                                               {"output", anything("What the last node gave")},
                                               {"error", nullable("string")},
                                               {"duration_ms", nullable("integer")}},
                                              {"execution_id", "status", "output", "error", "duration_ms"}));
  router.add_schema(
      "WebhookAccepted",
      object({{"execution_id", id()},
              {"status", type("string", "accepted: debounced, it starts later; else where the execution stands")},
              {"message", type("string", "When it starts; with status accepted")},
              {"debounce_key", type("string", "Calls with the same one become one execution; with status accepted")}},
             {"execution_id", "status"}));
  router.add_schema("Execution", object({{"id", id()},
                                         {"workflow_id", id()},
                                         {"workflow_name", type("string")},
                                         {"status", execution_status()},
                                         {"trigger_type", type("string")},
                                         {"input", anything("The checked input")},
                                         {"output", anything("Null until it has completed")},
                                         {"error", nullable("string")},
                                         {"started_at", timestamp()},
                                         {"finished_at", nullable_timestamp()},
                                         {"duration_ms", nullable("integer")},
                                         {"correlation_id", nullable("string")},
                                         {"idempotency_key", nullable("string")},
                                         {"origin", type("string")},
                                         {"execution_id", id()},
                                         {"workflow_version", type("integer")},
                                         {"created_at", timestamp()},
                                         {"error_node", nullable("string")},
                                         {"parent_execution_id", nullable_id()},
                                         {"replayed_from", nullable_id()},
                                         {"attempt_of_run", type("integer")}},
                                        {"id", "workflow_name", "status", "started_at"}));
  const Json attempt = object({{"attempt", type("integer")},
                               {"status", node_status()},
                               {"started_at", timestamp()},
                               {"finished_at", nullable_timestamp()},
                               {"duration_ms", nullable("integer")},
                               {"error", nullable("string")},
                               {"worker", nullable("string")}});
  router.add_schema("NodeExecution", object({{"node_id", type("string")},
                                             {"status", node_status()},
                                             {"started_at", timestamp()},
                                             {"finished_at", nullable_timestamp()},
                                             {"duration_ms", nullable("integer")},
                                             {"error", nullable("string")},
                                             {"node_type", type("string")},
                                             {"attempt", type("integer", "The newest attempt")},
                                             {"attempts", list_of(attempt)},
                                             {"worker", nullable("string")},
                                             {"output", anything("Left out when the workflow keeps no traces")},
                                             {"output_bytes", type("integer",
                                                                   "Only where large outputs before this "
                                                                   "one left no room for it: output is null")},
                                             {"logs", nullable("string")},
                                             {"item_index", nullable("integer")},
                                             {"item_count", nullable("integer")}},
                                            {"node_id", "status", "started_at"}));
  const Json wait =
      object({{"kind",
               {{"type", "string"},
                {"description", "task, queue, retry, timer, concurrency, paused, commit, owner; more may come"}}},
              {"node_id", nullable("string")},
              {"item_index", nullable("integer")},
              {"since", nullable_timestamp()},
              {"until", nullable_timestamp()},
              {"worker", nullable("string", "When one has said that it runs it")},
              {"detail", type("string", "For people")}},
             {"kind", "node_id", "since", "until", "worker", "detail"});
  router.add_schema("ExecutionWaits", object({{"execution_id", id()},
                                              {"workflow_name", type("string")},
                                              {"status", execution_status()},
                                              {"last_progress_at", timestamp()},
                                              {"owner", nullable("string", "The scheduler that runs it")},
                                              {"detail", type("string", "The answer in one sentence")},
                                              {"waiting_for", list_of(wait)},
                                              {"waiting_for_count", type("integer", "The list holds at most 100")}},
                                             {"execution_id", "status", "last_progress_at", "owner", "waiting_for"}));
  router.add_schema("ExecutionSummary", object({{"id", id()},
                                                {"workflow_id", id()},
                                                {"workflow_name", type("string")},
                                                {"status", execution_status()},
                                                {"trigger_type", type("string")},
                                                {"started_at", timestamp()},
                                                {"finished_at", nullable_timestamp()},
                                                {"duration_ms", nullable("integer")},
                                                {"error", nullable("string")},
                                                {"correlation_id", nullable("string")},
                                                {"workflow_version", type("integer")}},
                                               {"id", "workflow_name", "status", "started_at"}));
  router.add_schema("ExecutionList",
                    object({{"executions", list_of(reference("ExecutionSummary"))},
                            {"next_cursor", nullable("string", "For the page that follows; null at the end")},
                            {"total", type("integer", "With include_total")},
                            {"total_is_estimate", type("boolean", "There are more than the total says")}},
                           {"executions", "next_cursor"}));
  const auto reason = [](const char* description) {
    return Json{{"type", {"string", "null"}}, {"maxLength", 1024}, {"description", description}};
  };
  router.add_schema("PauseRequest", object({{"reason", reason("For people: why")}}));
  router.add_schema("CancelRequest", object({{"reason", reason("For people; becomes the execution's error")}}));
  router.add_schema("ResumeRequest", object({{"wait", {{"type", "boolean"}, {"default", true}}},
                                             {"timeout_seconds",
                                              {{"type", "number"},
                                               {"exclusiveMinimum", 0},
                                               {"default", 300},
                                               {"description", "How long this request waits"}}}}));
  router.add_schema("ReplayRequest",
                    object({{"input", anything("Instead of the input that it had")},
                            {"version", nullable("integer", "Run this version instead of the one that it ran")},
                            {"from_node", nullable("string",
                                                   "Run this node, those without a recorded output, and all that "
                                                   "follow from these; every other node keeps the output that it had, "
                                                   "also with another input")},
                            {"wait", {{"type", "boolean"}, {"default", true}}},
                            {"timeout_seconds", {{"type", "number"}, {"exclusiveMinimum", 0}, {"default", 300}}},
                            {"correlation_id", {{"type", {"string", "null"}}, {"minLength", 1}, {"maxLength", 128}}}}));
  const Json moved = object({{"execution_id", id()},
                             {"status", execution_status()},
                             {"workflow_name", type("string")},
                             {"started_at", timestamp()},
                             {"finished_at", nullable_timestamp()},
                             {"duration_ms", nullable("integer")},
                             {"message", type("string", "For people")}},
                            {"execution_id", "status", "workflow_name", "started_at", "finished_at", "duration_ms"});
  router.add_schema("ControlResponse", moved);
  Json waited_for = moved;
  waited_for["properties"]["output"] = anything("What the last node gave, once it has completed");
  waited_for["properties"]["error"] = nullable("string");
  router.add_schema("ResumeResponse", waited_for);
  router.add_schema("ExecutionTrace", object({{"execution_id", id()},
                                              {"workflow_name", type("string")},
                                              {"status", execution_status()},
                                              {"nodes", list_of(reference("NodeExecution"))}},
                                             {"execution_id", "workflow_name", "status", "nodes"}));
}

void add_event_schemas(http::Router& router) {
  router.add_schema(
      "PublishEventRequest",
      object({{"event", {{"type", "string"}, {"minLength", 1}, {"maxLength", 128}, {"description", "order.created"}}},
              {"data", anything("Any JSON; default null")},
              {"source", nullable("string")},
              {"correlation_id", {{"type", {"string", "null"}}, {"minLength", 1}, {"maxLength", 128}}},
              {"idempotency_key", {{"type", {"string", "null"}}, {"minLength", 1}, {"maxLength", 255}}}},
             {"event"}));
  const Json triggered =
      object({{"workflow", type("string")}, {"execution_id", id()}, {"run_at", timestamp()}}, {"workflow"});
  const Json failed = object({{"workflow", type("string")}, {"error", type("string")}}, {"workflow", "error"});
  router.add_schema("PublishEventResponse", object({{"status", {{"type", "string"}, {"enum", {"published"}}}},
                                                    {"event", type("string")},
                                                    {"event_id", id()},
                                                    {"triggered", list_of(triggered)},
                                                    {"failed", list_of(failed)}},
                                                   {"status", "event", "event_id", "triggered", "failed"}));
}

}  // namespace

void add_schemas(http::Router& router) {
  add_system_schemas(router);
  add_workflow_schemas(router);
  add_execution_schemas(router);
  add_event_schemas(router);
  add_approval_schemas(router);
}

}  // namespace r8r::api
