// What people do to executions, and ask of them: cancel, pause, resume, decide, why.
#include <fmt/format.h>

#include "common/base/log.hpp"
#include "services/scheduler/execution_host.hpp"
#include "services/scheduler/waiting_answer.hpp"

namespace r8r::scheduler {
namespace {

constexpr std::string_view kResume = "resume";
constexpr std::string_view kWhy = "why";
constexpr std::string_view kRunning = "running";

bool can_begin_again(const std::string& status) {
  return status == "failed" || status == "cancelled";
}

// Only of one that has ended, or of which nothing is known.
Error why_not(const bus::ControlRequest& request, const Result<std::optional<store::ExecutionRow>>& row) {
  if (!row) return row.error();
  if (!*row) return {ErrorCode::not_found, fmt::format("Execution '{}' not found", request.execution_id.to_string())};
  // Whoever asks asks again: somebody else has brought it back meanwhile.
  if ((*row)->live || (request.action == kResume && can_begin_again((*row)->status)))
    return {ErrorCode::service_unavailable, "the execution is being brought back to life"};
  return {ErrorCode::invalid_state, fmt::format("the execution has ended: it is {}", (*row)->status)};
}

Error not_started(const bus::ControlRequest& request) {
  if (request.action == "decide") return {ErrorCode::conflict_error, "the execution does not wait for a decision"};
  return {
      ErrorCode::invalid_state,
      fmt::format("the execution has not started: it waits for the limits of its workflow; it can be cancelled now, "
                  "and {}d once it runs",
                  request.action)};
}

std::string_view code_name(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_state:
      return "INVALID_STATE";
    case ErrorCode::not_found:
      return "EXECUTION_NOT_FOUND";
    case ErrorCode::conflict_error:
      return "CONFLICT_ERROR";
    case ErrorCode::invalid_request:
      return "INVALID_REQUEST";
    default:
      return "SERVICE_UNAVAILABLE";  // the database could not be asked
  }
}

std::string refusal(const bus::ControlRequest& request, const Error& why, std::string_view status) {
  return bus::encode(bus::ControlReply{.execution_id = request.execution_id,
                                       .status = std::string(status),
                                       .error_code = std::string(code_name(why.code)),
                                       .error = why.message});
}

}  // namespace

void ExecutionHost::on_control(bus::ControlRequest request, std::string reply) {
  const auto partition = partitions_.find(request.partition);
  if (fenced_ || partition == partitions_.end() || partition->second.taking) return;
  if (ActiveExecution* execution = find(request.execution_id)) {
    apply_control(*execution, request, std::move(reply));
    return;
  }
  tasks_.spawn("control an execution", control(std::move(request), std::move(reply)));
}

// It is not in memory: set aside, ended, unknown, or its request has not been heard of yet.
awaitable<void> ExecutionHost::control(bus::ControlRequest request, std::string reply) {
  const auto read_since = clock().steady_now();
  std::vector<Uuid> ids(1, request.execution_id);
  Result<std::vector<store::LiveExecution>> live = co_await ports_.executions.load_live(std::move(ids));
  if (!live) {
    refuse_control(request, reply, live.error(), "");
    co_return;
  }
  if (live->empty()) {
    Result<std::optional<store::ExecutionRow>> row = co_await ports_.executions.find(request.execution_id);
    co_await control_ended(std::move(request), std::move(reply), std::move(row));
    co_return;
  }
  if (request.action == kWhy && must_wait(live->front())) {
    const store::ExecutionRow& row = live->front().row;
    auto workflow = co_await ports_.workflows.get({row.workflow_id, row.workflow_version});
    const auto place = partitions_.find(request.partition);
    const std::size_t running = place == partitions_.end() ? 0 : place->second.gate.running(row.workflow_id);
    bus::ControlReply answer{.execution_id = request.execution_id, .status = live->front().row.status};
    answer.answer = limited_answer(live->front(), workflow ? (*workflow)->settings : workflow::Settings{}, running,
                                   dispatch_ids_.epoch());
    ports_.bus.publish(reply, bus::encode(answer));
    co_return;
  }
  if (request.action == kWhy && !has_capacity()) {
    bus::ControlReply answer{.execution_id = request.execution_id, .status = live->front().row.status};
    answer.answer = full_scheduler_answer(live->front(), dispatch_ids_.epoch(), active());
    ports_.bus.publish(reply, bus::encode(answer));
    co_return;
  }
  Instead instead;
  if (must_wait(live->front())) {
    if (request.action != "cancel") {
      refuse_control(request, reply, not_started(request), live->front().row.status);
      co_return;
    }
    // It ends without having begun.
    instead = [this, request, reply](ActiveExecution& execution) { apply_control(execution, request, reply); };
  }
  const bool taken = co_await take_over(std::move(live->front()), read_since, instead);
  if (taken && instead) co_return;
  ActiveExecution* execution = find(request.execution_id);
  if (execution == nullptr) co_return;
  apply_control(*execution, request, std::move(reply));
  if (request.action == kWhy) maybe_park(request.execution_id);
}

// One that has ended comes back to life as its next run, or stays as it is.
awaitable<void> ExecutionHost::control_ended(bus::ControlRequest request, std::string reply,
                                             Result<std::optional<store::ExecutionRow>> row) {
  const std::string status = row && *row ? (*row)->status : std::string();
  if (request.action != kResume || !can_begin_again(status)) {
    refuse_control(request, reply, why_not(request, row), status);
    co_return;
  }
  Result<bool> begun = co_await ports_.executions.begin_again(request.execution_id, request.partition);
  if (!begun || !*begun) {
    refuse_control(request, reply, begun ? why_not(request, row) : begun.error(), "");
    co_return;
  }
  // The row is the record: what follows can be lost.
  bus::ControlReply answer;
  answer.execution_id = request.execution_id;
  answer.status = kRunning;
  ports_.bus.publish(reply, bus::encode(answer));
  const auto read_since = clock().steady_now();
  std::vector<Uuid> ids(1, request.execution_id);
  Result<std::vector<store::LiveExecution>> live = co_await ports_.executions.load_live(std::move(ids));
  if (!live || live->empty()) co_return;
  co_await take_over(std::move(live->front()), read_since);
  if (ActiveExecution* execution = find(request.execution_id)) execution->reply_to = std::move(request.reply_to);
}

Result<engine::Decision> ExecutionHost::decide(ActiveExecution& execution, const bus::ControlRequest& request,
                                               Timestamp now) {
  const std::optional<Uuid> approval = Uuid::parse(request.approval_id);
  const bool approved = request.decision == "approve";
  if (!approval || (!approved && request.decision != "reject"))
    return fail(ErrorCode::invalid_request, fmt::format("unknown decision '{}'", request.decision));
  return execution.machine.decide(
      *approval, {.approved = approved, .comment = request.reason, .decided_by = request.decided_by}, now);
}

void ExecutionHost::apply_control(ActiveExecution& execution, const bus::ControlRequest& request, std::string reply) {
  if (request.action == kWhy) {
    say_why(execution, reply);
    return;
  }
  const Timestamp now = clock().wall_now();
  Result<engine::Decision> decision =
      fail(ErrorCode::invalid_request, fmt::format("unknown action '{}'", request.action));
  if (request.action == "cancel") decision = execution.machine.cancel(request.reason, now);
  if (request.action == "pause") decision = execution.machine.pause(request.reason, now);
  if (request.action == "resume") decision = execution.machine.unpause(now);
  if (request.action == "decide") decision = decide(execution, request, now);
  if (!decision) {
    // What it is now is recorded only when its commits under way are; nobody hears of it before.
    const std::string_view status = execution.machine.ended() ? "" : execution.machine.status();
    if (execution.commits_pending > 0) {
      execution.answers.push_back({std::move(reply), refusal(request, decision.error(), status), true});
    } else {
      refuse_control(request, reply, decision.error(), status);
    }
    return;
  }
  bus::ControlReply answer{.execution_id = execution.id};
  answer.status = decision->end ? decision->end->status : execution.machine.status();
  execution.answers.push_back({std::move(reply), bus::encode(answer), true});
  if (!request.reply_to.empty()) execution.reply_to = request.reply_to;
  carry_out(execution, std::move(*decision));
}

void ExecutionHost::say_why(const ActiveExecution& execution, const std::string& reply) {
  bus::ControlReply answer{.execution_id = execution.id, .status = std::string(execution.machine.status())};
  answer.answer = waiting_answer(execution, dispatch_ids_.epoch(), clock().steady_now(),
                                 [this](const std::string& pool) { return ports_.tasks.known_empty(pool); });
  ports_.bus.publish(reply, bus::encode(answer));
}

void ExecutionHost::refuse_control(const bus::ControlRequest& request, const std::string& reply, const Error& why,
                                   std::string_view status) {
  ports_.bus.publish(reply, refusal(request, why, status));
}

}  // namespace r8r::scheduler
