#include "services/scheduler/execution_host.hpp"

#include <fmt/format.h>

#include "common/base/log.hpp"
#include "common/bus/subjects.hpp"
#include "services/scheduler/task_message.hpp"

namespace r8r::scheduler {

using engine::Decision;

namespace {

// As the machine spells it.
std::string_view recorded(const store::ExecutionRow& row) {
  for (const std::string_view status : {"paused", "waiting_for_approval"}) {
    if (row.status == status) return status;
  }
  return row.started_at ? "running" : "";
}

}  // namespace

ExecutionHost::ExecutionHost(const Ports& ports, std::int64_t incarnation, int partitions,
                             std::function<void()> on_fenced)
    : ports_(ports),
      incarnation_(incarnation),
      partition_count_(partitions),
      on_fenced_(std::move(on_fenced)),
      dispatch_ids_(incarnation_),
      completions_(ports_.io, ports_.bus),
      events_(ports_.io, ports_.bus),
      notices_(ports_.io, ports_.bus),
      timers_(
          ports_.clock, [this](Uuid id, engine::Unit unit) { on_timer(id, unit); },
          [this](const Uuid& id) { return active_.contains(id); }),
      alive_(std::make_shared<bool>(true)),
      tasks_(ports_.io),
      active_gauge_(metrics::gauge("r8r_active_executions", "Executions in the memory of this scheduler")),
      waiting_for_nothing_(metrics::gauge("r8r_executions_waiting_for_nothing",
                                          "Unfinished executions in memory that nothing moves on; must be 0")),
      superseded_(metrics::counter("r8r_results_superseded_total", "Results that nobody waited for any more")),
      redispatched_(
          metrics::counter("r8r_tasks_redispatched_total", "Tasks sent again because nothing was heard of them")) {}

ExecutionHost::~ExecutionHost() = default;

void ExecutionHost::begin_taking(int partition) {
  partitions_[partition].taking = true;
  partitions_[partition].since = clock().steady_now();
}

void ExecutionHost::finish_taking(int partition) {
  const auto found = partitions_.find(partition);
  if (found == partitions_.end()) return;
  found->second.taking = false;
  auto deferred = std::move(found->second.deferred);
  found->second.deferred.clear();
  for (auto& [id, request] : deferred) on_request(std::move(request));
  open_gate(partition);
}

void ExecutionHost::drop(int partition) {
  partitions_.erase(partition);
  std::erase_if(active_, [&](const auto& item) { return item.second->partition == partition; });
  std::erase_if(held_, [&](const auto& item) { return item.second.partition == partition; });
  // Others may wake these now; when the partition comes back they are read like all the rest.
  std::erase_if(parked_, [&](const auto& item) { return item.second.partition == partition; });
  active_gauge_.set(static_cast<double>(active_.size()));
}

bool ExecutionHost::has_commits(int partition) const {
  const auto found = commits_by_partition_.find(partition);
  return found != commits_by_partition_.end() && found->second > 0;
}

ActiveExecution* ExecutionHost::find(const Uuid& id) {
  const auto found = active_.find(id);
  return found == active_.end() ? nullptr : found->second.get();
}

bool ExecutionHost::knows(const Uuid& id) const {
  return active_.contains(id) || loading_.contains(id) || parked_.contains(id) || held_.contains(id);
}

bool ExecutionHost::taking(int partition) const {
  const auto found = partitions_.find(partition);
  return found != partitions_.end() && found->second.taking;
}

void ExecutionHost::forget(const Uuid& id) {
  active_.erase(id);
  active_gauge_.set(static_cast<double>(active_.size()));
}

// ---- new executions

void ExecutionHost::on_request(bus::ExecRequest request) {
  const auto partition = partitions_.find(request.partition);
  if (fenced_ || partition == partitions_.end()) return;
  if (ActiveExecution* known = find(request.execution_id)) {
    if (known->reply_to.empty()) known->reply_to = request.reply_to;
    return;
  }
  if (const auto loading = loading_.find(request.execution_id); loading != loading_.end()) {
    loading->second = request.reply_to;
    return;
  }
  if (parked_.contains(request.execution_id)) return;
  if (const auto held = held_.find(request.execution_id); held != held_.end()) {
    if (held->second.reply_to.empty()) held->second.reply_to = request.reply_to;
    return;
  }
  if (partition->second.taking) {
    // Until the partition is loaded nobody knows whether this execution has a journal already.
    if (partition->second.deferred.size() < kMaxDeferred)
      partition->second.deferred.emplace(request.execution_id, std::move(request));
    return;
  }
  const auto age = clock().wall_now() - request.accepted_at;
  if (age > kRequestAge || age < -kRequestAge) {
    // Much may have happened meanwhile: the row says what. Two clocks that differ cost no more than this.
    if (has_capacity()) tasks_.spawn("look at an old request", look(request.execution_id, std::move(request.reply_to)));
    return;
  }
  if (request.limited) {
    // Limits say when it may start; by then its row is read.
    store::LiveExecution live;
    live.row.id = request.execution_id;
    live.row.workflow_id = request.workflow_id;
    live.row.workflow_version = request.workflow_version;
    live.partition = request.partition;
    live.limit_key = std::move(request.limit_key);
    tasks_.spawn("hold an execution", hold(std::move(live), std::move(request.reply_to)));
    return;
  }
  // Over capacity the row waits in the database; the sweep finds it.
  if (!has_capacity()) return;
  if (auto workflow = ports_.workflows.find({request.workflow_id, request.workflow_version})) {
    begin(std::move(request), std::move(workflow));
    return;
  }
  loading_.emplace(request.execution_id, request.reply_to);
  tasks_.spawn("start execution", start(std::move(request)));
}

awaitable<void> ExecutionHost::start(bus::ExecRequest request) {
  auto workflow = co_await ports_.workflows.get({request.workflow_id, request.workflow_version});
  const auto loading = loading_.find(request.execution_id);
  if (loading != loading_.end()) {
    request.reply_to = loading->second;
    loading_.erase(loading);
  }
  if (fenced_ || !owns(request.partition)) co_return;
  if (workflow) {
    begin(std::move(request), *workflow);
  } else if (workflow.error().code != ErrorCode::service_unavailable &&
             workflow.error().code != ErrorCode::storage_error) {
    co_await refuse(std::move(request), workflow.error());
  }
}

void ExecutionHost::begin(bus::ExecRequest&& request, std::shared_ptr<const workflow::Workflow> workflow) {
  auto execution =
      std::make_unique<ActiveExecution>(std::move(workflow), request.execution_id, request.accepted_at, dispatch_ids_);
  ActiveExecution& active = *execution;
  active.life = ++lives_;
  active.partition = request.partition;
  active.workflow_id = request.workflow_id;
  active.workflow_version = request.workflow_version;
  active.trigger_type = request.trigger_type;
  active.correlation_id = std::move(request.correlation_id);
  active.webhook = std::move(request.webhook);
  active.event = std::move(request.event);
  if (!request.input.empty()) active.input = std::make_shared<const std::string>(std::move(request.input));
  active.reply_to = std::move(request.reply_to);
  active.subject = {request.execution_id.to_string(), std::move(request.workflow_name),
                    std::move(request.trigger_type)};
  active_.emplace(active.id, std::move(execution));
  active_gauge_.set(static_cast<double>(active_.size()));
  active.machine.set_max_output_bytes(max_output_bytes_);
  Decision decision = active.machine.start(clock().wall_now());
  carry_out(active, std::move(decision));
}

// Its definition is gone or does not load any more: it cannot run, and must not stay pending for ever.
awaitable<void> ExecutionHost::refuse(bus::ExecRequest request, Error reason, int run,
                                      std::optional<Timestamp> started_at) {
  const Timestamp now = clock().wall_now();
  store::ExecutionProgress progress{.id = request.execution_id, .run = run, .partition = request.partition};
  progress.has_timers = progress.has_children = progress.has_approvals = started_at.has_value();
  const bool awaited = ports_.dependents.has_dependents(request.workflow_name);
  progress.ending = store::Ending{.status = "failed",
                                  .error = reason.message,
                                  .trace = "[]",
                                  .started_at = started_at.value_or(now),
                                  .finished_at = now,
                                  .has_dependents = awaited};
  const bus::Completion completion{
      .execution_id = request.execution_id, .status = "failed", .output = "null", .error = reason.message};
  log::error("an execution cannot run",
             {{"execution_id", request.execution_id.to_string()}, {"error", reason.message}});
  ports_.progress.commit(std::move(progress),
                         [this, alive = std::weak_ptr<bool>(alive_), completion, partition = request.partition,
                          reply_to = request.reply_to, awaited](Result<store::ProgressOutcome> outcome) {
                           if (alive.expired() || !outcome) return;
                           if (awaited) ports_.bus.publish(bus::kUpstreamEnded, "");
                           leave_gate(completion.execution_id, partition);
                           if (!reply_to.empty()) completions_.send(reply_to, completion);
                         });
  co_return;
}

awaitable<void> ExecutionHost::adopt(store::LiveExecution live, SteadyClock::time_point read_since) {
  const Uuid id = live.row.id;
  if (must_wait(live)) {
    if (live.parent_partition) {
      const bool ended = co_await end_unwanted(live, read_since);
      if (ended) co_return;
    }
    // What was read long ago does no harm: the row is read again before it starts.
    if (!fenced_ && owns(live.partition) && !knows(id)) co_await hold(std::move(live), "");
    co_return;
  }
  // Whether anybody still waits for a child is looked up, and then it is parked.
  const bool is_child = live.parent_partition && !live.journal.empty();
  const bool taken = co_await take_over(std::move(live), read_since);
  if (taken && !is_child) maybe_park(id);
}

// True when it is in memory now and was not before.
awaitable<bool> ExecutionHost::take_over(store::LiveExecution live, SteadyClock::time_point read_since,
                                         Instead instead) {
  const Uuid id = live.row.id;
  if (fenced_ || !owns(live.partition) || active_.contains(id) || loading_.contains(id)) co_return false;
  // It may have been read before the partition was ours, or before what we did with it meanwhile.
  if (read_since < partitions_[live.partition].since) co_return false;
  if (const auto parked = parked_.find(id); parked != parked_.end()) {
    if (read_since <= parked->second.at) co_return false;
    parked_.erase(parked);
  }
  std::string waiting;
  if (const auto held = held_.find(id); held != held_.end()) {
    waiting = std::move(held->second.reply_to);
    held_.erase(held);
  }
  loading_.emplace(id, std::move(waiting));
  if (live.limit_key && live.row.run == 1 && !instead)
    partitions_[live.partition].gate.add_running(id, {live.row.workflow_id, *live.limit_key});
  auto workflow = co_await ports_.workflows.get({live.row.workflow_id, live.row.workflow_version});
  // A later run that has recorded nothing yet begins with what the one before completed.
  const bool begins_again = live.row.run > 1 && live.journal.empty();
  // It came with a journal and has not begun: what is in there was kept of another execution.
  const bool begins_with_kept = live.row.run == 1 && !live.journal.empty() && !live.row.started_at;
  Result<std::vector<std::string>> run_before = std::vector<std::string>();
  if (begins_again) run_before = co_await ports_.executions.whole_journal(id, live.row.run - 1);
  std::string reply_to;
  if (const auto loading = loading_.find(id); loading != loading_.end()) {
    reply_to = loading->second;
    loading_.erase(loading);
  }
  if (fenced_ || !owns(live.partition) || active_.contains(id) || !run_before) co_return false;
  if (!workflow) {
    if (workflow.error().code == ErrorCode::service_unavailable || workflow.error().code == ErrorCode::storage_error)
      co_return false;
    bus::ExecRequest request{.execution_id = id, .partition = live.partition, .reply_to = reply_to};
    co_await refuse(std::move(request), workflow.error(), live.row.run, live.row.started_at);
    co_return false;
  }

  auto execution = std::make_unique<ActiveExecution>(*workflow, id, live.row.accepted_at, dispatch_ids_);
  ActiveExecution& active = *execution;
  active.life = ++lives_;
  active.machine.set_max_output_bytes(max_output_bytes_);
  active.run = live.row.run;
  active.partition = live.partition;
  active.workflow_id = live.row.workflow_id;
  active.workflow_version = live.row.workflow_version;
  active.trigger_type = live.row.trigger_type;
  active.correlation_id = live.row.correlation_id;
  active.webhook = live.row.webhook;
  active.event = live.row.event;
  if (live.row.input.size() <= bus::kInlinePayloadLimit)
    active.input = std::make_shared<const std::string>(std::move(live.row.input));
  active.reply_to = std::move(reply_to);
  active.subject = {id.to_string(), live.row.workflow_name, live.row.trigger_type};
  active.recorded_status = recorded(live.row);
  active.parent_execution_id = live.row.parent_execution_id;
  active.parent_partition = live.parent_partition;
  active.depth = live.depth;
  active.has_timers = active.has_children = active.has_approvals = !live.journal.empty() || live.parked;
  active.next_seq = static_cast<int>(live.journal.size()) + 1;
  active.recorded_as_parked = live.parked;
  std::vector<journal::JournalEntry> before;
  for (const std::string& row : begins_again ? *run_before : live.journal) {
    Result<std::vector<journal::JournalEntry>> entries = journal::parse_entries(row);
    if (!entries) {
      log::error("a journal cannot be read; its execution is left alone",
                 {{"execution_id", active.subject.execution_id}, {"error", entries.error().message}});
      co_return false;
    }
    if (begins_again || begins_with_kept) {
      std::move(entries->begin(), entries->end(), std::back_inserter(before));
    } else {
      active.machine.replay(*entries);
    }
  }
  active_.emplace(id, std::move(execution));
  active_gauge_.set(static_cast<double>(active_.size()));
  if (instead) {
    active.begun = false;
    active.machine.set_started_at(clock().wall_now());
    instead(active);
    co_return true;
  }
  Decision decision = begins_again           ? active.machine.start_again(before, clock().wall_now())
                      : begins_with_kept     ? active.machine.start_from(before, clock().wall_now())
                      : live.journal.empty() ? active.machine.start(clock().wall_now())
                                             : active.machine.resume(clock().wall_now());
  if (live.row.started_at) active.machine.set_started_at(*live.row.started_at);
  arm_timers(active);
  if ((live.parked || active.machine.awaits_children()) && !active.machine.stands_still())
    active.deadline_timer = active.machine.deadline();
  carry_out(active, std::move(decision));
  // Not of one that only begins.
  if (!live.journal.empty()) look_at_family(active);
  co_return true;
}

void ExecutionHost::arm_timers(ActiveExecution& execution) {
  for (const engine::TimerChange& timer : execution.machine.timers())
    timers_.add(*timer.fire_at, execution.id, timer.unit);
}

// ---- what comes back

void ExecutionHost::on_result(bus::TaskResult result, const std::string& reply) {
  if (fenced_) return;
  ActiveExecution* execution = find(result.execution_id);
  if (execution == nullptr) {
    // Being loaded, set aside, or in a partition that is still being taken: the worker asks again. Else it has ended.
    if (!reply.empty() && !knows(result.execution_id)) {
      const int partition = result.partition;
      const auto owned = partitions_.find(partition);
      if (owned != partitions_.end() && !owned->second.taking) {
        superseded_.add();
        ports_.bus.publish(reply, "superseded");
      }
    }
    return;
  }
  execution->watches.erase(result.dispatch_id);
  engine::SegmentResult segment = to_segment_result(std::move(result), execution->machine.workflow());
  Decision decision = execution->machine.on_result(std::move(segment), clock().wall_now());
  if (!reply.empty()) execution->answers.push_back({reply, worker_reply_});
  if (decision.superseded) {
    superseded_.add();
    if (execution->commits_pending == 0) send_answers(*execution);
    return;
  }
  count_results(*execution, decision);
  carry_out(*execution, std::move(decision));
}

void ExecutionHost::on_progress(const bus::Progress& progress) {
  ActiveExecution* execution = find(progress.execution_id);
  if (execution == nullptr) return;
  const auto watch = execution->watches.find(progress.dispatch_id);
  if (watch == execution->watches.end()) return;
  watch->second.heard = clock().steady_now();
  watch->second.worker = progress.worker;
}

void ExecutionHost::on_timer(const Uuid& id, engine::Unit unit) {
  ActiveExecution* execution = find(id);
  if (unit.node == TimerHeap::kGate) {
    open_gate(unit.item);
    return;
  }
  if (fenced_ || execution == nullptr || execution->machine.ended()) return;
  if (unit.node == TimerHeap::kPark) {
    execution->looks_at_parking = false;
    maybe_park(id);
    return;
  }
  Decision decision = unit.node == TimerHeap::kDeadline ? execution->machine.on_deadline(clock().wall_now())
                                                        : execution->machine.on_timer(unit, clock().wall_now());
  carry_out(*execution, std::move(decision));
}

}  // namespace r8r::scheduler
