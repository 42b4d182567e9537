// Executions of workflows with limits (max_concurrent_executions, rate_limit): they stay pending, known by their ids
// only, until the gate of their partition lets them start.
#include "common/base/log.hpp"
#include "common/workflow/start_limit.hpp"
#include "services/scheduler/execution_host.hpp"

namespace r8r::scheduler {
namespace {

StartGate::Limits limits_of(const workflow::Workflow& workflow) {
  StartGate::Limits limits;
  limits.at_once = workflow.settings.max_concurrent_executions.value_or(0);
  if (const auto& rate = workflow.settings.rate_limit) {
    limits.starts = rate->limit;
    limits.per = rate->per;
  }
  return limits;
}

}  // namespace

// A later run goes on where somebody wanted it to: it is not held up.
bool ExecutionHost::must_wait(const store::LiveExecution& live) {
  return live.limit_key && live.row.run == 1 && !live.row.started_at;
}

awaitable<Result<void>> ExecutionHost::learn_limited(std::vector<int> partitions) {
  Result<std::vector<store::LimitedRun>> runs = co_await ports_.executions.limited_runs(std::move(partitions));
  if (!runs) co_return fail(std::move(runs.error()));
  for (store::LimitedRun& run : *runs) {
    const auto partition = partitions_.find(run.partition);
    if (partition != partitions_.end())
      partition->second.gate.add_running(run.id, {run.workflow_id, std::move(run.key)});
  }
  co_return Result<void>();
}

// A child that waits to start, and that nobody waits for any more, ends without having begun. True: so it was.
awaitable<bool> ExecutionHost::end_unwanted(store::LiveExecution live, SteadyClock::time_point read_since) {
  std::vector<Uuid> ids(1, live.row.id);
  Result<std::vector<Uuid>> unwanted = co_await ports_.children.abandoned(std::move(ids));
  if (!unwanted || unwanted->empty()) co_return false;
  Instead cancel = [this](ActiveExecution& child) { cancel_unwanted(child); };
  co_await take_over(std::move(live), read_since, std::move(cancel));
  co_return true;
}

awaitable<void> ExecutionHost::hold(store::LiveExecution live, std::string reply_to) {
  const Uuid id = live.row.id;
  if (held_.size() >= kMaxHeld) co_return;  // the sweep comes back to it
  held_.emplace(id, Held{live.partition, std::move(reply_to)});
  Result<Catalog::Entry> workflow = co_await ports_.workflows.get({live.row.workflow_id, live.row.workflow_version});
  const auto partition = partitions_.find(live.partition);
  const auto held = held_.find(id);
  if (fenced_ || partition == partitions_.end() || held == held_.end()) co_return;
  if (!workflow) {
    // What cannot be loaded is refused as any other.
    const std::string waiting = std::move(held->second.reply_to);
    held_.erase(held);
    if (workflow.error().code == ErrorCode::service_unavailable || workflow.error().code == ErrorCode::storage_error)
      co_return;
    bus::ExecRequest request{.execution_id = id, .partition = live.partition, .reply_to = waiting};
    co_await refuse(std::move(request), workflow.error());
    co_return;
  }
  StartGate& gate = partition->second.gate;
  gate.add_waiting(id, {live.row.workflow_id, *live.limit_key}, limits_of(**workflow));
  if (!gate.waits(id)) {
    // It has started; the request was late.
    held_.erase(id);
    co_return;
  }
  open_gate(live.partition);
}

void ExecutionHost::open_gate(int number) {
  const auto partition = partitions_.find(number);
  // Before all of it is loaded nobody knows how many run.
  if (fenced_ || partition == partitions_.end() || partition->second.taking) return;
  const Timestamp now = clock().wall_now();
  StartGate::Admission admission = partition->second.gate.admit(now);
  for (const Uuid& id : admission.ids) {
    std::string reply_to;
    if (const auto held = held_.find(id); held != held_.end()) {
      reply_to = std::move(held->second.reply_to);
      held_.erase(held);
    }
    loading_.emplace(id, reply_to);
    tasks_.spawn("start an execution that waited", start_admitted(id, number, now));
  }
  for (StartGate::Question& question : admission.unknown)
    tasks_.spawn("starts of a rate limit", learn_starts(number, std::move(question)));
  if (admission.next) timers_.add(*admission.next, Uuid{}, {TimerHeap::kGate, number});
}

awaitable<void> ExecutionHost::start_admitted(Uuid id, int partition, Timestamp admitted) {
  const auto read_since = clock().steady_now();
  std::vector<Uuid> ids(1, id);
  Result<std::vector<store::LiveExecution>> live = co_await ports_.executions.load_live(std::move(ids));
  std::string reply_to;
  if (const auto loading = loading_.find(id); loading != loading_.end()) {
    reply_to = std::move(loading->second);
    loading_.erase(loading);
  }
  if (live && !live->empty() && live->front().parent_partition) {
    const bool ended = co_await end_unwanted(live->front(), read_since);
    if (ended) live->clear();
  }
  if (live && !live->empty()) {
    co_await take_over(std::move(live->front()), read_since);
    if (ActiveExecution* execution = find(id)) {
      if (const auto place = partitions_.find(partition); place != partitions_.end())
        place->second.gate.started(id, admitted, execution->machine.started_at());
      if (execution->reply_to.empty()) execution->reply_to = std::move(reply_to);
      co_return;
    }
  }
  // It is gone, or could not be loaded: then the sweep finds it, and it waits again.
  if (const auto place = partitions_.find(partition); place != partitions_.end())
    place->second.gate.take_back(id, admitted);
  leave_gate(id, partition);
}

// What started before this owner came counts as well.
awaitable<void> ExecutionHost::learn_starts(int number, StartGate::Question question) {
  const Timestamp since = clock().wall_now() - question.limits.per;
  std::string key = question.place.key;
  Result<std::vector<Timestamp>> starts = co_await ports_.executions.starts_since(
      question.place.workflow_id, std::move(key), since, question.limits.starts);
  const auto partition = partitions_.find(number);
  if (partition == partitions_.end()) co_return;
  if (starts) {
    partition->second.gate.tell_starts(question.place, *starts);
    open_gate(number);
  } else {
    partition->second.gate.forget_question(question.place);
    timers_.add(clock().wall_now() + std::chrono::seconds(1), Uuid{}, {TimerHeap::kGate, number});
  }
}

void ExecutionHost::leave_gate(const Uuid& id, int number) {
  const auto partition = partitions_.find(number);
  if (partition == partitions_.end() || partition->second.gate.empty()) return;
  partition->second.gate.remove(id);
  open_gate(number);
}

}  // namespace r8r::scheduler
