#include "services/api/operations_routes.hpp"

namespace r8r::api {
namespace {

using http::Method;
using Json = nlohmann::ordered_json;

constexpr const char* kErrors = "ErrorResponse";

Json type(const char* name, const char* description = "") {
  Json schema = {{"type", name}};
  if (*description != '\0') schema["description"] = description;
  return schema;
}

void add_database_routes(http::Router& router, const RouteParts& parts) {
  const auto& backend = parts.backend;
  router.add_tag("Database", "Its soundness, and how long it keeps things");
  router.add(
      Method::get, "/api/database/check",
      {.id = "checkDatabase",
       .summary = "Look for what should not be there, now",
       .tags = {"Database"},
       .responses = {{200, "DatabaseCheck"}, {400, kErrors}, {401, kErrors}, {503, kErrors}}},
      parts.gate.guard([&backend](auto& request, auto& slot) { return backend->database.check(request, slot); }));
  router.add(
      Method::post, "/api/database/retention",
      {.id = "applyRetention",
       .summary = "Remove what is older than R8R_RETENTION_DAYS, or its workflow's retention_days, now instead of "
                  "within the hour",
       .tags = {"Database"},
       .request_schema = "RetentionRequest",
       .responses = {{200, "RetentionReport"}, {400, kErrors}, {401, kErrors}, {409, kErrors}, {503, kErrors}},
       .example = {{"dry_run", true}}},
      parts.gate.guard([&backend](auto& request, auto& slot) { return backend->database.retain(request, slot); }));

  const Json count = type("integer");
  const Json names = {{"type", "array"}, {"items", type("string")}};
  router.add_schema(
      "DatabaseCheck",
      {{"type", "object"},
       {"properties",
        {{"healthy", type("boolean")},
         {"foreign_keys_enabled", type("boolean")},
         {"integrity_check", type("string", "ok, or the first problem")},
         {"foreign_key_violations", count},
         {"orphans",
          {{"type", "object"},
           {"properties",
            {{"executions", count}, {"node_executions", count}, {"workflow_versions", count}, {"timers", count}}}}}}},
       {"required", {"healthy", "integrity_check"}}});
  router.add_schema("RetentionRequest",
                    {{"type", "object"}, {"properties", {{"dry_run", type("boolean", "Only say what would go")}}}});
  router.add_schema("RetentionReport",
                    {{"type", "object"},
                     {"properties",
                      {{"dry_run", type("boolean")},
                       {"retention_days", type("integer", "Of the server. 0: everything is kept")},
                       {"partitions", names},
                       {"postponed", names},
                       {"rows_carried_over", type("integer", "Of executions that still live, or ended late")},
                       {"rows", type("integer", "Old ones that were deleted one by one")},
                       {"idempotency_keys", count}}},
                     {"required", {"dry_run", "retention_days", "partitions", "rows", "idempotency_keys"}}});
}

void add_dead_letter_routes(http::Router& router, const RouteParts& parts) {
  const auto& backend = parts.backend;
  router.add_tag("Dead letters", "Failed executions that nobody has handled");
  router.add(
      Method::get, "/api/dead-letters",
      {.id = "listDeadLetters",
       .summary = "Failed executions, newest first",
       .tags = {"Dead letters"},
       .responses = {{200, "DeadLetterList"}, {400, kErrors}, {401, kErrors}, {503, kErrors}},
       .parameters = {{.name = "status",
                       .description = "pending (default), scheduled, resolved, discarded, acknowledged, all"},
                      {.name = "workflow"},
                      {.name = "error", .description = "Text in the error, in any case"},
                      {.name = "since", .description = "Only those that failed at this time or later"},
                      {.name = "limit", .type = "integer", .description = "50; at most 1000"},
                      {.name = "cursor", .description = "next_cursor of the page before"}}},
      parts.gate.guard([&backend](auto& request, auto& slot) { return backend->dead_letters.list(request, slot); }));
  router.add(
      Method::get, "/api/dead-letters/stats",
      {.id = "countDeadLetters",
       .summary = "How many there are of each status",
       .tags = {"Dead letters"},
       .responses = {{200, "DeadLetterStats"}, {401, kErrors}, {503, kErrors}}},
      parts.gate.guard([&backend](auto& request, auto& slot) { return backend->dead_letters.stats(request, slot); }));
  router.add(Method::post, "/api/dead-letters/retry",
             {.id = "retryDeadLetters",
              .summary = "Begin pending ones again, at most 200 at once",
              .tags = {"Dead letters"},
              .request_schema = "RetryDeadLettersRequest",
              .responses = {{202, "RetryDeadLettersAnswer"}, {400, kErrors}, {401, kErrors}, {503, kErrors}},
              .example = {{"workflow", "orders"}, {"error", "timed out"}}},
             parts.gate.guard(
                 [&backend](auto& request, auto& slot) { return backend->dead_letters.retry_many(request, slot); }));
  router.add(
      Method::get, "/api/dead-letters/{id}",
      {.id = "getDeadLetter",
       .summary = "One entry, by its id or its execution's",
       .tags = {"Dead letters"},
       .responses = {{200, "DeadLetter"}, {401, kErrors}, {404, kErrors}, {503, kErrors}}},
      parts.gate.guard([&backend](auto& request, auto& slot) { return backend->dead_letters.get(request, slot); }));
  router.add(
      Method::post, "/api/dead-letters/{id}/retry",
      {.id = "retryDeadLetter",
       .summary = "Begin the execution again, as its next run: what completed is kept",
       .tags = {"Dead letters"},
       .responses = {{202, "DeadLetter"}, {401, kErrors}, {404, kErrors}, {409, kErrors}, {503, kErrors}}},
      parts.gate.guard([&backend](auto& request, auto& slot) { return backend->dead_letters.retry(request, slot); }));
  router.add(
      Method::del, "/api/dead-letters/{id}",
      {.id = "discardDeadLetter",
       .summary = "Nobody wants it any more; the execution stays readable",
       .tags = {"Dead letters"},
       .responses = {{204, ""}, {401, kErrors}, {404, kErrors}, {409, kErrors}, {503, kErrors}}},
      parts.gate.guard([&backend](auto& request, auto& slot) { return backend->dead_letters.discard(request, slot); }));

  const Json text = type("string");
  const Json count = type("integer");
  const Json id = {{"type", "string"}, {"format", "uuid"}};
  const Json time = {{"type", "string"}, {"format", "date-time"}};
  const Json ids = {{"type", "array"}, {"items", id}};
  router.add_schema(
      "DeadLetter",
      {{"type", "object"},
       {"properties",
        {{"id", id},
         {"execution_id", id},
         {"workflow_id", id},
         {"workflow_name", text},
         {"trigger_type", text},
         {"input", {{"description", "Of the execution"}}},
         {"error", text},
         {"failed_node_id", {{"type", {"string", "null"}}}},
         {"retry_count", count},
         {"max_retries", type("integer", "Always 3; people may retry more often")},
         {"created_at", time},
         {"updated_at", time},
         {"next_retry_at", {{"type", {"string", "null"}}, {"format", "date-time"}}},
         {"status", {{"type", "string"}, {"enum", {"pending", "scheduled", "resolved", "discarded", "acknowledged"}}}},
         {"run", type("integer", "The run that failed last")}}},
       {"required", {"id", "execution_id", "status"}}});
  router.add_schema("DeadLetterList",
                    {{"type", "object"},
                     {"properties",
                      {{"dead_letters", {{"type", "array"}, {"items", {{"$ref", "#/components/schemas/DeadLetter"}}}}},
                       {"next_cursor", {{"type", {"string", "null"}}}}}},
                     {"required", {"dead_letters", "next_cursor"}}});
  router.add_schema("DeadLetterStats", {{"type", "object"},
                                        {"properties",
                                         {{"total", count},
                                          {"pending", count},
                                          {"scheduled", count},
                                          {"resolved", count},
                                          {"discarded", count},
                                          {"acknowledged", count}}}});
  router.add_schema(
      "RetryDeadLettersRequest",
      {{"type", "object"},
       {"properties",
        {{"workflow", text}, {"error", type("string", "Text in the error, in any case")}, {"since", time}}}});
  router.add_schema(
      "RetryDeadLettersAnswer",
      {{"type", "object"},
       {"properties",
        {{"matched", count},
         {"retried", ids},
         {"refused",
          {{"type", "array"},
           {"items", {{"type", "object"}, {"properties", {{"execution_id", id}, {"code", text}, {"message", text}}}}}}},
         {"more", type("boolean", "There are more than one request takes: ask again")}}},
       {"required", {"matched", "retried", "refused", "more"}}});
}

}  // namespace

void add_operations_routes(http::Router& router, const RouteParts& parts) {
  add_database_routes(router, parts);
  add_dead_letter_routes(router, parts);
}

}  // namespace r8r::api
