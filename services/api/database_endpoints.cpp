#include "services/api/database_endpoints.hpp"

#include <nlohmann/json.hpp>

#include "common/store/integrity.hpp"
#include "services/api/api_error.hpp"
#include "services/api/query.hpp"
#include "services/api/request_body.hpp"

namespace r8r::api {
namespace {

using Json = nlohmann::ordered_json;

// Of journals: the newest executions. What somebody asks for may take longer than what runs every minute.
constexpr std::int64_t kExecutionsChecked = 1'000'000;

}  // namespace

awaitable<http::Response> DatabaseEndpoints::check(http::Request& request, Admission::Slot&) {
  if (Result<void> known = check_query_names(request, {}); !known) co_return error_response(request, known.error());
  Result<store::Integrity> found = co_await store::check_integrity(pool_, kExecutionsChecked);
  if (!found) co_return error_response(request, std::move(found.error()));
  const Json orphans = {{"executions", found->orphaned_executions},
                        {"node_executions", found->orphaned_node_executions},
                        {"workflow_versions", found->orphaned_workflow_versions},
                        {"timers", found->orphaned_timers}};
  const Json answer = {{"healthy", found->sound()},
                       {"foreign_keys_enabled", true},
                       {"integrity_check", found->first_problem()},
                       {"foreign_key_violations", found->broken_workflows + found->ended_and_live},
                       {"orphans", orphans}};
  co_return http::Response::json(200, answer.dump());
}

awaitable<http::Response> DatabaseEndpoints::retain(http::Request& request, Admission::Slot&) {
  Result<RequestBody> body = RequestBody::parse(request);
  if (!body) co_return error_response(request, std::move(body.error()));
  Result<std::optional<bool>> dry_run = body->flag("dry_run");
  if (!dry_run) co_return error_response(request, std::move(dry_run.error()));
  const bool only_looks = dry_run->value_or(false);
  Result<store::RetentionReport> report = store::RetentionReport();
  if (only_looks) {
    report = co_await retention_.preview(rules_, wall_now());
  } else {
    report = co_await retention_.run(rules_, wall_now());
  }
  if (!report) co_return error_response(request, std::move(report.error()));
  if (report->busy) {
    co_return error_response(request, ApiError(ErrorCode::invalid_state,
                                               "Old executions are being removed at this moment; ask again later"));
  }
  const Json answer = {{"dry_run", only_looks},
                       {"retention_days", rules_.days},
                       {"partitions", report->partitions},
                       {"postponed", report->postponed},
                       {"rows_carried_over", report->carried_over},
                       {"rows", report->rows},
                       {"idempotency_keys", report->idempotency_keys}};
  co_return http::Response::json(200, answer.dump());
}

}  // namespace r8r::api
