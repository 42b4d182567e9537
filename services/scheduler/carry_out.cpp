// How decisions become commits, tasks, events and answers. The order is the rule: pure segments may leave at once, all
// else only after the commit that it follows from.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "common/base/log.hpp"
#include "common/base/payload.hpp"
#include "common/bus/subjects.hpp"
#include "services/scheduler/execution_host.hpp"
#include "services/scheduler/task_message.hpp"

namespace r8r::scheduler {

using engine::Decision;

void ExecutionHost::carry_out(ActiveExecution& execution, Decision&& decision) {
  if (execution.machine.deadline() != execution.armed_deadline && !execution.machine.ended()) {
    execution.armed_deadline = execution.machine.deadline();
    timers_.add(execution.armed_deadline, execution.id, {TimerHeap::kDeadline});
  }
  execution.last_moved = clock().steady_now();
  std::move(decision.events.begin(), decision.events.end(), std::back_inserter(execution.held_events));
  decision.events.clear();

  auto run_now = std::move(decision.run_now);
  decision.run_now.clear();
  for (engine::Dispatch& segment : run_now) {
    // What travels by reference is read from the journal, so it must be there first.
    if (decision.must_commit() && carries_large_payload(execution, segment)) {
      decision.run_after_commit.push_back(std::move(segment));
    } else {
      dispatch(execution, segment);
    }
  }
  for (const engine::TimerChange& timer : decision.timers) {
    if (timer.fire_at) timers_.add(*timer.fire_at, execution.id, timer.unit);
  }
  if (decision.must_commit() && !may_hold_back(execution, decision)) {
    commit(execution, std::move(decision));
    return;
  }
  hold_back(execution, decision);
  // There is nothing new to record (a resumed execution), or it is recorded later.
  for (const engine::Dispatch& segment : decision.run_after_commit) dispatch(execution, segment);
  stop(execution.id, decision.stopped);
  if (execution.commits_pending == 0) send_answers(execution);
}

// Without checkpoints progress is recorded only where something durable comes of it: its end, a timer, a pause, another
// execution, a question. What lies between is lost with its scheduler, and done again.
bool ExecutionHost::may_hold_back(const ActiveExecution& execution, const Decision& decision) {
  if (execution.machine.workflow().settings.enable_checkpoints || decision.end || !decision.timers.empty() ||
      !decision.children.empty() || !decision.let_go.empty() || !decision.approvals.empty())
    return false;
  const std::string_view recorded = execution.recorded_status.empty() ? "running" : execution.recorded_status;
  if (recorded != execution.machine.status()) return false;
  return std::none_of(decision.run_after_commit.begin(), decision.run_after_commit.end(),
                      [&](const engine::Dispatch& segment) { return carries_large_payload(execution, segment); });
}

void ExecutionHost::hold_back(ActiveExecution& execution, Decision& decision) {
  if (!decision.entries.empty() && execution.recorded_status.empty()) {
    // That it runs is told all the same; and nothing goes out before it is known that nobody has begun it.
    Decision first;
    first.run_after_commit = std::move(decision.run_after_commit);
    decision.run_after_commit.clear();
    commit(execution, std::move(first));
  }
  std::move(decision.entries.begin(), decision.entries.end(), std::back_inserter(execution.unrecorded));
  decision.entries.clear();
}

void ExecutionHost::record_all(int partition) {
  std::vector<ActiveExecution*> behind;
  for (const auto& [id, execution] : active_) {
    if (execution->partition == partition && !execution->unrecorded.empty()) behind.push_back(execution.get());
  }
  for (ActiveExecution* execution : behind) commit(*execution, Decision{});
}

void ExecutionHost::commit(ActiveExecution& execution, Decision&& decision) {
  store::ExecutionProgress progress{.id = execution.id, .run = execution.run, .partition = execution.partition};
  decision.entries.insert(decision.entries.begin(), std::make_move_iterator(execution.unrecorded.begin()),
                          std::make_move_iterator(execution.unrecorded.end()));
  execution.unrecorded.clear();
  std::string entries = "[";
  const bool keep_outputs = !decision.end || execution.machine.workflow().settings.store_traces;
  for (journal::JournalEntry& entry : decision.entries) {
    if (entries.size() > 1) entries += ',';
    if (!keep_outputs) {
      entry.has_output = false;
      entry.items.clear();
      entry.items_at.clear();
      entry.logs.clear();
    }
    journal::append_entry(entries, entry);
  }
  entries += ']';

  for (const engine::TimerChange& timer : decision.timers) {
    // Node ids hold no '#'.
    std::string name = execution.machine.workflow().nodes[static_cast<std::size_t>(timer.unit.node)].id;
    if (timer.unit.item >= 0) name += fmt::format("#{}", timer.unit.item);
    progress.timers.push_back({std::move(name), timer.fire_at});
    if (timer.fire_at) execution.has_timers = true;
  }
  add_children(execution, decision, progress);
  add_approvals(execution, decision, progress);
  if (decision.end) {
    const engine::End& end = *decision.end;
    store::Ending ending{.status = std::string(end.status),
                         .trace = std::move(entries),
                         .started_at = execution.machine.started_at(),
                         .finished_at = clock().wall_now(),
                         .has_dependents = ports_.dependents.has_dependents(execution.subject.workflow_name)};
    // What tells the two apart is that these are one moment.
    if (!execution.begun) ending.started_at = ending.finished_at;
    if (end.output) ending.output = *end.output;
    if (!end.error.empty()) ending.error = end.error;
    if (end.error_node >= 0)
      ending.error_node = execution.machine.workflow().nodes[static_cast<std::size_t>(end.error_node)].id;
    progress.has_timers = execution.has_timers;
    progress.has_children = execution.has_children;
    progress.has_approvals = execution.has_approvals;
    start_error_workflow(execution, end, ending.finished_at, progress);
    progress.ending = std::move(ending);
  } else {
    if (!decision.entries.empty()) {
      progress.seq = execution.next_seq++;
      progress.journal = std::move(entries);
    }
    if (execution.recorded_status != execution.machine.status()) {
      if (execution.recorded_status.empty()) progress.started_at = execution.machine.started_at();
      execution.recorded_status = execution.machine.status();
      progress.status = execution.recorded_status;
    }
  }
  if (execution.recorded_as_parked && !progress.ending) progress.parked = execution.recorded_as_parked = false;
  if (!progress.ending) keep_deadline(execution, progress);
  decision.entries.clear();
  decision.events = std::move(execution.held_events);
  execution.held_events.clear();

  ++execution.commits_pending;
  ++commits_by_partition_[execution.partition];
  std::vector<bus::ExecutionNotice> news = news_of(execution, progress);
  const bool awaited = progress.ending && progress.ending->has_dependents;
  ports_.progress.commit(std::move(progress),
                         [this, alive = std::weak_ptr<bool>(alive_), id = execution.id, life = execution.life,
                          partition = execution.partition, news = std::move(news), awaited,
                          decision = std::move(decision)](Result<store::ProgressOutcome> outcome) mutable {
                           if (alive.expired()) return;
                           --commits_by_partition_[partition];
                           if (outcome && *outcome == store::ProgressOutcome::committed) {
                             send_news(news);
                             if (awaited) ports_.bus.publish(bus::kUpstreamEnded, "");
                             if (!decision.abandoned.empty())
                               tasks_.spawn("tell abandoned children", tell_abandoned(decision.abandoned));
                           }
                           committed(id, life, std::move(outcome), std::move(decision));
                         });
}

void ExecutionHost::committed(const Uuid& id, std::uint64_t life, Result<store::ProgressOutcome> outcome,
                              Decision&& decision) {
  if (!outcome && outcome.error().code == ErrorCode::fenced) {
    if (!fenced_) {
      fenced_ = true;
      on_fenced_();
    }
    return;
  }
  ActiveExecution* execution = find(id);
  if (execution == nullptr || execution->life != life || fenced_) return;
  --execution->commits_pending;

  if (!outcome && outcome.error().code == ErrorCode::conflict_error) {
    // It had begun long ago, and whoever asked us to begin it was late. Nothing of this life was recorded.
    log::warn("a late request for an execution that had begun already",
              {{"execution_id", execution->subject.execution_id}});
    forget(id);
    return;
  }
  if (!outcome) {
    log::error("the progress of an execution was refused",
               {{"execution_id", execution->subject.execution_id}, {"error", outcome.error().message}});
    if (outcome.error().code == ErrorCode::storage_error && !execution->machine.ended()) {
      // The same facts would be refused again: it ends here, with an entry that says why.
      const std::string reason = "its progress could not be recorded: " + outcome.error().message;
      store::ExecutionProgress last{
          .id = id, .run = execution->run, .partition = execution->partition, .has_timers = true};
      last.ending = store::Ending{.status = "failed",
                                  .error = reason,
                                  .trace = "[]",
                                  .started_at = execution->machine.started_at(),
                                  .finished_at = clock().wall_now(),
                                  .has_dependents = ports_.dependents.has_dependents(execution->subject.workflow_name)};
      const bool awaited = last.ending->has_dependents;
      start_error_workflow(*execution, {.status = "failed", .error = reason, .error_code = "STORAGE_ERROR"},
                           last.ending->finished_at, last);
      last.has_children = last.has_approvals = true;
      std::vector<bus::ExecutionNotice> news = news_of(*execution, last);
      ports_.progress.commit(std::move(last),
                             [this, alive = std::weak_ptr<bool>(alive_), id, partition = execution->partition,
                              news = std::move(news), awaited](Result<store::ProgressOutcome> outcome) {
                               if (alive.expired() || !outcome) return;
                               if (*outcome == store::ProgressOutcome::committed) {
                                 send_news(news);
                                 if (awaited) ports_.bus.publish(bus::kUpstreamEnded, "");
                               }
                               leave_gate(id, partition);
                             });
    }
    // In all other cases the row says what is true, and the sweep loads it again.
    forget(id);
    return;
  }
  if (*outcome == store::ProgressOutcome::gone) {
    log::warn("an execution had ended already", {{"execution_id", execution->subject.execution_id}});
    // Nothing of it was recorded. Who wanted something of it asks again, and hears how it is.
    std::erase_if(execution->answers, [](const ActiveExecution::Answer& answer) { return answer.to_person; });
    send_answers(*execution);
    const int partition = execution->partition;
    forget(id);
    leave_gate(id, partition);
    return;
  }

  publish_events(*execution, decision.events);
  for (const engine::Dispatch& segment : decision.run_after_commit) {
    // It may have failed meanwhile by another branch.
    if (execution->machine.find_dispatch(segment.id) != nullptr) dispatch(*execution, segment);
  }
  stop(id, decision.stopped);
  if (execution->commits_pending == 0) send_answers(*execution);
  if (decision.end) {
    const int partition = execution->partition;
    end(*execution, *decision.end);
    forget(id);
    leave_gate(id, partition);
  } else {
    tell_of_standstill(*execution);
    maybe_park(id);
  }
}

void ExecutionHost::stop(const Uuid& id, const std::vector<std::int64_t>& dispatches) {
  for (const std::int64_t dispatch : dispatches)
    ports_.bus.publish(bus::kCancel, bus::encode(bus::CancelNotice{.execution_id = id, .dispatch_id = dispatch}));
}

// Who waits for the end need not wait until somebody resumes it or decides.
void ExecutionHost::tell_of_standstill(ActiveExecution& execution) {
  const engine::Execution& machine = execution.machine;
  if (execution.reply_to.empty() || execution.commits_pending > 0 || machine.ended()) return;
  if (!machine.paused() && (!machine.stands_still() || !machine.only_waits() || machine.awaits_children())) return;
  const auto duration =
      std::chrono::duration_cast<std::chrono::milliseconds>(clock().wall_now() - execution.machine.started_at());
  bus::Completion told{.execution_id = execution.id,
                       .status = std::string(execution.machine.status()),
                       .output = "null",
                       .duration_ms = duration.count()};
  if (const engine::Payload question = execution.machine.open_question(); question && !execution.machine.paused())
    told.output = *question;
  completions_.send(execution.reply_to, told);
  execution.reply_to.clear();
}

void ExecutionHost::end(ActiveExecution& execution, const engine::End& how) {
  const auto duration =
      std::chrono::duration_cast<std::chrono::milliseconds>(clock().wall_now() - execution.machine.started_at());
  const std::string& trigger = execution.trigger_type;
  metrics::counter("r8r_workflows_executed_total", "Executions that ended",
                   {{"status", std::string(how.status)}, {"trigger_type", trigger}})
      .add();
  metrics::histogram("r8r_workflow_duration_seconds", "From start to end of an execution",
                     {{"workflow", metrics::workflow_label(execution.subject.workflow_name)}})
      .observe(static_cast<double>(duration.count()) / 1000.0);
  if (how.status != "completed") {
    // Whatever of it still runs should stop; nobody waits for it any more.
    ports_.bus.publish(bus::kCancel, bus::encode(bus::CancelNotice{.execution_id = execution.id}));
  }
  if (execution.reply_to.empty()) return;
  bus::Completion completion{.execution_id = execution.id,
                             .status = std::string(how.status),
                             .error = how.error,
                             .duration_ms = duration.count()};
  if (!how.output) {
    completion.output = "null";
  } else if (how.output->size() <= bus::kInlinePayloadLimit && !payload::is_reference(*how.output)) {
    completion.output = *how.output;
  }
  completions_.send(execution.reply_to, completion);
}

void ExecutionHost::publish_events(const ActiveExecution& execution, const std::vector<engine::Event>& events) {
  if (events.empty()) return;
  const std::string subject = bus::events_subject(execution.subject.workflow_name);
  for (const engine::Event& event : events) {
    events_.send(subject, {.execution_id = execution.id,
                           .type = std::string(event_type(event.kind)),
                           .body = event_body(event, execution.subject, execution.machine.workflow())});
  }
}

void ExecutionHost::send_answers(ActiveExecution& execution) {
  for (const ActiveExecution::Answer& answer : execution.answers) ports_.bus.publish(answer.subject, answer.text);
  execution.answers.clear();
}

void ExecutionHost::count_results(const ActiveExecution& execution, const Decision& decision) {
  for (const journal::JournalEntry& entry : decision.entries) {
    if (entry.kind == journal::EntryKind::failed && entry.wake_at != Timestamp{})
      metrics::counter("r8r_node_retries_total", "Attempts that failed and are tried again",
                       {{"node_type", entry.node_type}})
          .add();
  }
  (void)execution;
}

// ---- tasks

void ExecutionHost::dispatch(ActiveExecution& execution, const engine::Dispatch& segment) {
  const auto now = clock().steady_now();
  Watch& watch = execution.watches[segment.id];
  watch.sent = watch.heard = now;
  watch.queue_generation = ports_.tasks.generation();
  if (const auto limit = execution.machine.times_out_at(segment)) timers_.add(*limit, execution.id, segment.unit());
  const std::string& pool = execution.machine.workflow().nodes[static_cast<std::size_t>(segment.nodes.front())].pool;
  const bus::Task task = make_task(execution, segment, incarnation_);
  if (segment.effect) {
    ports_.tasks.send_effect(task, pool);
  } else {
    ports_.tasks.send_pure(task, pool);
  }
}

// Two reasons to send again. The queue lost its tasks (the server restarted): everything from before is sent again,
// effects only when no worker has said for ten seconds that it has them. Or the queue is empty and nobody answers: the
// result was lost.
void ExecutionHost::watch() {
  using std::chrono::seconds;
  count_stuck();
  forget_long_parked();
  if (fenced_ || !ports_.tasks.ready()) return;
  const auto now = clock().steady_now();
  std::vector<std::pair<Uuid, std::int64_t>> overdue;
  for (const auto& [id, execution] : active_) {
    for (const auto& [dispatch_id, watch] : execution->watches) {
      if (now - watch.heard > seconds(3)) overdue.emplace_back(id, dispatch_id);
    }
  }
  for (const auto& [id, dispatch_id] : overdue) {
    ActiveExecution* execution = find(id);
    if (execution == nullptr) continue;
    const engine::Dispatch* segment = execution->machine.find_dispatch(dispatch_id);
    if (segment == nullptr) {
      execution->watches.erase(dispatch_id);
      continue;
    }
    Watch& watch = execution->watches[dispatch_id];
    const std::string& pool =
        execution->machine.workflow().nodes[static_cast<std::size_t>(segment->nodes.front())].pool;
    const bool queue_lost = watch.queue_generation != ports_.tasks.generation();
    const auto silent = now - watch.heard;
    const bool empty = ports_.tasks.known_empty(pool);
    const engine::Dispatch copy = *segment;
    if (!copy.effect) {
      const auto patience = seconds(5) * (1 << std::min(watch.resends, 4));
      if (!queue_lost && !(silent > seconds(5) && empty) &&
          silent <= std::max<SteadyClock::duration>(patience, seconds(60)))
        continue;
      const int resends = watch.resends + 1;
      redispatched_.add();
      dispatch(*execution, copy);
      execution->watches[dispatch_id].resends = resends;
    } else {
      if (!(queue_lost && silent > seconds(10)) && !(silent > seconds(15) && empty) &&
          silent <= std::chrono::minutes(10))
        continue;
      redispatched_.add();
      log::warn("an effect task was lost; its attempt is sent again",
                {{"execution_id", execution->subject.execution_id}, {"dispatch", copy.id}});
      execution->watches.erase(dispatch_id);
      Decision decision = execution->machine.replace_lost(copy.id, clock().wall_now());
      carry_out(*execution, std::move(decision));
    }
  }
}

// Each of these would stay as it is for ever: a fault of ours, and never to be silent.
void ExecutionHost::count_stuck() {
  std::size_t stuck = 0;
  for (const auto& [id, execution] : active_) {
    if (execution->commits_pending > 0 || !execution->machine.waits_for_nothing()) continue;
    ++stuck;
    if (std::exchange(execution->reported_stuck, true)) continue;
    log::error("nothing moves an unfinished execution on; this is a fault of the scheduler",
               {{"execution_id", execution->subject.execution_id}, {"workflow", execution->subject.workflow_name}});
  }
  waiting_for_nothing_.set(static_cast<double>(stuck));
}

namespace {

// When one that only waits goes on by itself; never, when it stands still.
Timestamp first_timer(const engine::Execution& machine) {
  Timestamp first = machine.stands_still() ? Timestamp::max() : machine.deadline();
  for (const engine::TimerChange& timer : machine.timers()) first = std::min(first, *timer.fire_at);
  return first;
}

}  // namespace

// An execution that only waits, and for long, leaves memory; its durable timers, the ends of its children, or people,
// bring it back.
void ExecutionHost::maybe_park(const Uuid& id) {
  using std::chrono::seconds;
  ActiveExecution* execution = find(id);
  if (execution == nullptr || execution->commits_pending > 0 || !execution->machine.only_waits()) return;
  const Timestamp now = clock().wall_now();
  if (first_timer(execution->machine) - now < seconds(90)) return;
  // How long children take is not known, and whoever waits for an answer wants to hear of a pause: not at once.
  SteadyClock::duration patience{0};
  if (execution->machine.awaits_children()) patience = kPatienceWithChildren;
  if (!execution->reply_to.empty()) patience = kPatienceOfClients;
  const auto rest = execution->last_moved + patience - clock().steady_now();
  if (rest > SteadyClock::duration::zero()) {
    if (!std::exchange(execution->looks_at_parking, true))
      timers_.add(now + std::chrono::ceil<std::chrono::microseconds>(rest), id, {TimerHeap::kPark});
    return;
  }
  if (!execution->unrecorded.empty()) {
    commit(*execution, Decision{});
    return;
  }
  if (!execution->recorded_as_parked) {
    record_parked(*execution);
    return;
  }
  const auto now_steady = clock().steady_now();
  parked_.insert_or_assign(id, Parked{execution->partition, now_steady});
  parked_lately_.emplace_back(now_steady, id);
  forget(id);
}

// Nobody looks for it from then on. When it still only waits after this commit, it leaves memory.
void ExecutionHost::record_parked(ActiveExecution& execution) {
  execution.recorded_as_parked = execution.being_parked = true;
  store::ExecutionProgress progress{
      .id = execution.id, .run = execution.run, .partition = execution.partition, .parked = true};
  keep_deadline(execution, progress);
  ++execution.commits_pending;
  ++commits_by_partition_[execution.partition];
  ports_.progress.commit(std::move(progress),
                         [this, alive = std::weak_ptr<bool>(alive_), id = execution.id, life = execution.life,
                          partition = execution.partition](Result<store::ProgressOutcome> outcome) {
                           if (alive.expired()) return;
                           --commits_by_partition_[partition];
                           ActiveExecution* still = find(id);
                           if (still != nullptr && still->life != life) still = nullptr;
                           if (still != nullptr) still->being_parked = false;
                           if (still != nullptr && !outcome && outcome.error().code != ErrorCode::fenced) {
                             // Nothing of it gets lost: the row says how it is.
                             forget(id);
                             return;
                           }
                           committed(id, life, std::move(outcome), Decision{});
                         });
}

void ExecutionHost::forget_long_parked() {
  const auto long_ago = clock().steady_now() - kParkedRemembered;
  while (!parked_lately_.empty() && parked_lately_.front().first < long_ago) {
    const auto [at, id] = parked_lately_.front();
    parked_lately_.pop_front();
    if (const auto parked = parked_.find(id); parked != parked_.end() && parked->second.at == at) parked_.erase(parked);
  }
}

}  // namespace r8r::scheduler
