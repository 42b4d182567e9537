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
       .summary = "Remove what is older than R8R_RETENTION_DAYS now instead of within the hour",
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
                       {"retention_days", type("integer", "0: everything is kept")},
                       {"partitions", names},
                       {"postponed", names},
                       {"rows_carried_over", type("integer", "Of executions that still live, or ended late")},
                       {"rows", type("integer", "Old ones outside of day partitions")},
                       {"idempotency_keys", count}}},
                     {"required", {"dry_run", "retention_days", "partitions", "rows", "idempotency_keys"}}});
}

}  // namespace

void add_operations_routes(http::Router& router, const RouteParts& parts) {
  add_database_routes(router, parts);
}

}  // namespace r8r::api
