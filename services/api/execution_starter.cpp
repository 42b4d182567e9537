#include "services/api/execution_starter.hpp"

#include "common/base/metrics.hpp"
#include "common/bus/messages.hpp"
#include "common/bus/subjects.hpp"
#include "common/workflow/start_limit.hpp"

namespace r8r::api {
namespace {

void count_accepted(const std::string& trigger_type) {
  constexpr const char* kName = "r8r_executions_accepted_total";
  constexpr const char* kHelp = "Executions made durable";
  static metrics::Counter api = metrics::counter(kName, kHelp, {{"trigger_type", "api"}});
  static metrics::Counter webhook = metrics::counter(kName, kHelp, {{"trigger_type", "webhook"}});
  static metrics::Counter replay = metrics::counter(kName, kHelp, {{"trigger_type", "replay"}});
  (trigger_type == "webhook" ? webhook : trigger_type == "replay" ? replay : api).add();
}

}  // namespace

ExecutionStarter::ExecutionStarter(bus::Connection& bus, store::AcceptQueue& queue, ExecPublisher& publisher,
                                   Backlog& backlog, CompletionWaiter& waiter, std::string reply_subject)
    : bus_(bus),
      queue_(queue),
      publisher_(publisher),
      backlog_(backlog),
      waiter_(waiter),
      reply_subject_(std::move(reply_subject)) {}

awaitable<Result<StartedRun>> ExecutionStarter::start(NewRun run) {
  if (!bus_.connected()) co_return fail(ErrorCode::service_unavailable, "The message bus is away; try again shortly");
  if (Result<void> room = backlog_.admit(); !room) co_return fail(std::move(room.error()));

  StartedRun started;
  started.id = Uuid::v7();
  bus::ExecRequest request;
  request.execution_id = started.id;
  const auto limit = run.workflow ? workflow::start_limit(*run.workflow, run.input) : std::nullopt;
  request.partition =
      limit ? publisher_.limited_partition(run.workflow_id, limit->group) : publisher_.partition_of(started.id);
  request.limited = limit.has_value();
  if (limit) request.limit_key = limit->key;
  request.workflow_id = run.workflow_id;
  request.workflow_version = run.workflow_version;
  request.workflow_name = run.workflow_name;
  request.trigger_type = run.trigger_type;
  request.correlation_id = run.correlation_id.empty() ? started.id.to_string() : run.correlation_id;
  request.webhook = run.webhook;
  request.event = run.event;
  request.accepted_at = wall_now();
  if (run.input.size() <= bus::kInlinePayloadLimit) request.input = run.input;
  if (run.wanted) {
    request.reply_to = reply_subject_;
    started.ticket = waiter_.expect(started.id);
  }

  store::NewExecution row;
  row.id = started.id;
  row.partition = request.partition;
  row.workflow_id = run.workflow_id;
  row.workflow_version = run.workflow_version;
  row.workflow_name = std::move(run.workflow_name);
  row.origin = run.trigger_type;
  row.trigger_type = std::move(run.trigger_type);
  row.input = std::move(run.input);
  row.webhook = std::move(run.webhook);
  row.event = std::move(run.event);
  row.correlation_id = request.correlation_id;
  row.idempotency_key = std::move(run.idempotency_key);
  row.fingerprint = std::move(run.fingerprint);
  row.traceparent = std::move(run.traceparent);
  row.accepted_at = request.accepted_at;
  row.replayed_from = run.replayed_from;
  const bool begins_with_journal = !run.journal.empty();
  row.journal = std::move(run.journal);
  row.payload_keys = std::move(run.payload_keys);
  if (limit) row.limit_key = limit->key;
  Result<store::Accepted> accepted = co_await queue_.accept(std::move(row));
  if (!accepted) co_return fail(std::move(accepted.error()));

  started.accepted = std::move(*accepted);
  if (started.accepted.created) {
    count_accepted(request.trigger_type);
    backlog_.accepted();
    if (begins_with_journal && !limit) {
      // Only the database knows all of it. (With limits the row is read anyway when they let it start.)
      const bus::ExecutionNotice notice{
          .execution_id = started.id, .partition = request.partition, .reply_to = request.reply_to};
      bus_.publish(bus::notice_subject(request.partition), bus::encode(notice));
    } else {
      publisher_.publish(request);
    }
  } else {
    started.ticket.reset();
  }
  co_return started;
}

}  // namespace r8r::api
