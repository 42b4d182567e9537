#include "services/scheduler/cron_triggers.hpp"

#include <fmt/format.h>

#include "common/base/log.hpp"
#include "common/bus/messages.hpp"
#include "common/bus/subjects.hpp"
#include "common/workflow/run_trigger.hpp"
#include "common/workflow/start_limit.hpp"

namespace r8r::scheduler {
namespace {

// Notices say what changed; a look at everything finds what a lost notice would have told.
constexpr auto kLookInterval = std::chrono::seconds(30);
constexpr auto kAfterFailure = std::chrono::seconds(1);
// The wall clock may jump while we wait.
constexpr auto kLongestWait = std::chrono::seconds(1);
constexpr std::size_t kBatch = 100;

metrics::Counter firings(const char* outcome) {
  return metrics::counter("r8r_cron_firings_total", "Times of cron triggers that were due, by what became of them",
                          {{"outcome", outcome}});
}

}  // namespace

CronTriggers::CronTriggers(Parts parts)
    : parts_(std::move(parts)),
      workflows_(parts_.pool),
      schedules_(parts_.pool),
      plan_(parts_.up_since, wall_now(), SteadyClock::now()),
      wake_(parts_.io),
      fired_(firings("fired")),
      failed_(firings("failed")),
      known_(firings("known")),
      missed_(metrics::counter("r8r_cron_missed_total", "Times of cron triggers that passed without firing")),
      accepted_(
          metrics::counter("r8r_executions_accepted_total", "Executions made durable", {{"trigger_type", "cron"}})),
      lag_(metrics::histogram("r8r_cron_lag_seconds", "From the time in the schedule to the record of its firing")),
      triggers_(metrics::gauge("r8r_cron_triggers", "Cron triggers that this scheduler fires")) {
  auto changes = parts_.bus.subscribe(std::string(bus::kWorkflowChanged), [this](std::vector<bus::Message> messages) {
    for (const bus::Message& message : messages) {
      auto items = bus::decode<bus::WorkflowChanged>(message.data);
      if (!items) continue;
      for (const bus::WorkflowChanged& item : *items) {
        if (is_ours(item.workflow_id)) changed_.insert(item.workflow_id);
      }
    }
    if (!changed_.empty()) wake_.notify_all();
  });
  if (changes) changes_ = std::move(*changes);
}

bool CronTriggers::is_ours(const Uuid& workflow) const {
  return parts_.owns(partition_of(workflow, parts_.partitions));
}

void CronTriggers::partitions_changed() {
  for (const Uuid& id : plan_.workflows()) {
    if (is_ours(id)) continue;
    plan_.remove(id);
    names_.erase(id);
  }
  look_at_all_ = true;
  wake_.notify_all();
}

awaitable<void> CronTriggers::run() {
  while (true) {
    co_await look();
    if (parts_.may_act()) {
      CronPlan::Decision decision = plan_.due(wall_now(), SteadyClock::now());
      co_await fire(std::move(decision));
    }
    if (look_at_all_ || !changed_.empty()) continue;
    SteadyClock::duration pause = kLongestWait;
    const auto next = plan_.next();
    if (next && parts_.may_act()) pause = std::min<SteadyClock::duration>(pause, *next - wall_now());
    if (pause > SteadyClock::duration::zero()) co_await wake_.wait_for(pause);
  }
}

// ---- what there is to fire

awaitable<void> CronTriggers::look() {
  const bool all = look_at_all_ || SteadyClock::now() - last_look_ >= kLookInterval;
  if (!all && changed_.empty()) co_return;
  std::optional<std::vector<Uuid>> ids;
  if (!all) ids.emplace(changed_.begin(), changed_.end());
  changed_.clear();
  look_at_all_ = false;
  const bool known = co_await reconcile(std::move(ids));
  if (known && all) last_look_ = SteadyClock::now();
  if (!known) {
    // What was to be looked at is not known any more; everything is.
    look_at_all_ = true;
    co_await wake_.wait_for(kAfterFailure);
  }
  triggers_.set(static_cast<double>(plan_.triggers()));
}

// Brings the plan up to date with the database, as a whole or for these workflows.
awaitable<bool> CronTriggers::reconcile(std::optional<std::vector<Uuid>> ids) {
  Result<std::vector<store::WorkflowRow>> rows = co_await workflows_.list_triggered(ids);
  if (!rows) co_return false;
  std::unordered_set<Uuid> there;
  for (const store::WorkflowRow& row : *rows) there.insert(row.id);
  for (const Uuid& id : ids ? *ids : plan_.workflows()) {
    if (there.contains(id)) continue;
    plan_.remove(id);
    names_.erase(id);
    unusable_.erase(id);
  }
  if (!ids) std::erase_if(unusable_, [&](const auto& known) { return !there.contains(known.first); });
  for (store::WorkflowRow& row : *rows) {
    if (!is_ours(row.id) || plan_.version_of(row.id) == row.version) continue;
    if (const auto found = unusable_.find(row.id); found != unusable_.end() && found->second == row.version) continue;
    const bool loaded = co_await load(std::move(row));
    if (!loaded) co_return false;
  }
  co_return true;
}

// False: not now.
awaitable<bool> CronTriggers::load(store::WorkflowRow row) {
  Result<Catalog::Entry> entry = co_await parts_.catalog.get({row.id, row.version});
  if (!entry) {
    if (entry.error().code == ErrorCode::service_unavailable) co_return false;
    log::warn("a workflow's cron triggers cannot fire", {{"workflow", row.name}, {"error", entry.error().message}});
  }
  std::vector<CronPlan::Trigger> triggers;
  if (entry) {
    for (auto& [place, key] : workflow::cron_triggers(**entry)) {
      const workflow::CronTrigger& cron = *(*entry)->triggers[place].cron;
      triggers.push_back({.place = place,
                          .key = std::move(key),
                          .schedule = cron.schedule,
                          .zone = cron.zone,
                          .catch_up = cron.catch_up,
                          .after = row.updated_at});
    }
  }
  if (triggers.empty()) {
    plan_.remove(row.id);
    names_.erase(row.id);
    unusable_[row.id] = row.version;
    co_return true;
  }
  // What has fired already; only the plan of a workflow that it does not know depends on it.
  if (!plan_.contains(row.id)) {
    std::vector<Uuid> only{row.id};
    Result<std::vector<store::ScheduleRow>> known = co_await schedules_.of(std::move(only));
    if (!known) co_return false;
    for (CronPlan::Trigger& trigger : triggers) {
      for (const store::ScheduleRow& schedule : *known) {
        if (schedule.trigger == trigger.key) trigger.after = std::max(trigger.after, schedule.last_scheduled_at);
      }
    }
  }
  if (!is_ours(row.id)) co_return true;  // given away meanwhile
  names_[row.id] = row.name;
  unusable_.erase(row.id);
  plan_.put(row.id, row.version, std::move(triggers), wall_now());
  co_return true;
}

// ---- firing

awaitable<void> CronTriggers::fire(CronPlan::Decision decision) {
  for (const CronPlan::Missed& missed : decision.missed) note_missed(missed);
  std::vector<ToFire> batch;
  for (CronPlan::Due& due : decision.due) {
    Result<store::Firing> firing = co_await firing_of(due);
    if (!firing) {
      settle(due, false);
      continue;
    }
    batch.push_back({std::move(due), std::move(*firing)});
    if (batch.size() < kBatch) continue;
    std::vector<ToFire> full = std::exchange(batch, {});
    co_await record(std::move(full));
  }
  if (!batch.empty()) co_await record(std::move(batch));
}

// Errors: the workflow cannot be had now.
awaitable<Result<store::Firing>> CronTriggers::firing_of(const CronPlan::Due& due) {
  Result<Catalog::Entry> entry = co_await parts_.catalog.get({due.workflow, due.version});
  if (!entry) co_return fail(std::move(entry.error()));
  const workflow::Workflow& workflow = **entry;
  store::Firing firing;
  firing.workflow_id = due.workflow;
  firing.workflow_version = due.version;
  firing.workflow_name = workflow.name;
  firing.trigger = due.key;
  firing.scheduled_at = due.scheduled_at;
  firing.missed = due.missed;
  firing.execution_id = Uuid::v7();
  firing.partition = partition_of(firing.execution_id, parts_.partitions);
  firing.accepted_at = wall_now();
  const std::uint64_t seed = std::hash<Uuid>()(firing.execution_id);
  const workflow::TriggerContext context{.env = parts_.env, .now = firing.accepted_at, .seed = seed};
  Result<std::string> input =
      workflow::cron_input(workflow, *workflow.triggers[due.place].cron, due.scheduled_at, context);
  if (input) {
    firing.input = std::move(*input);
    if (auto limit = workflow::start_limit(workflow, firing.input)) {
      firing.partition = workflow::limited_partition(due.workflow, limit->group, parts_.partitions);
      firing.limit_key = std::move(limit->key);
    }
  } else {
    firing.error = std::move(input.error().message);
  }
  // Others get their turn between two evaluations.
  co_await asio::post(parts_.io, asio::use_awaitable);
  co_return firing;
}

awaitable<void> CronTriggers::record(std::vector<ToFire> batch) {
  std::vector<store::Firing> firings;
  for (const ToFire& item : batch) firings.push_back(item.firing);
  if (!parts_.may_act()) {
    for (const ToFire& item : batch) settle(item.due, false);
    co_return;
  }
  Result<std::vector<store::FiringOutcome>> outcomes = co_await schedules_.fire(parts_.incarnation, std::move(firings));
  if (!outcomes) {
    log::warn("cron firings could not be recorded; they are tried again until the next time is due",
              {{"firings", batch.size()}, {"error", outcomes.error().message}});
    for (const ToFire& item : batch) settle(item.due, false);
    co_return;
  }
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const ToFire& item = batch[i];
    settle(item.due, (*outcomes)[i] != store::FiringOutcome::outdated);
    switch ((*outcomes)[i]) {
      case store::FiringOutcome::recorded:
        recorded(item);
        break;
      case store::FiringOutcome::known:
        known_.add();
        break;
      case store::FiringOutcome::outdated:
        // Looked at again before the next try.
        changed_.insert(item.due.workflow);
        break;
    }
  }
}

void CronTriggers::settle(const CronPlan::Due& due, bool recorded) {
  if (const auto given_up = plan_.settle(due, recorded, wall_now())) note_missed(*given_up);
}

void CronTriggers::recorded(const ToFire& fired) {
  const store::Firing& firing = fired.firing;
  lag_.observe(std::chrono::duration<double>(wall_now() - firing.scheduled_at).count());
  if (!firing.error.empty()) {
    failed_.add();
    log::warn("a cron trigger was due and its workflow could not start",
              {{"workflow", firing.workflow_name},
               {"schedule", firing.trigger},
               {"scheduled_at", to_rfc3339(firing.scheduled_at)},
               {"error", firing.error}});
    return;
  }
  fired_.add();
  accepted_.add();
  publish(firing);
}

void CronTriggers::publish(const store::Firing& firing) {
  bus::ExecRequest request;
  request.execution_id = firing.execution_id;
  request.partition = firing.partition;
  request.workflow_id = firing.workflow_id;
  request.workflow_version = firing.workflow_version;
  request.workflow_name = firing.workflow_name;
  request.trigger_type = "cron";
  request.correlation_id = firing.execution_id.to_string();
  if (firing.input.size() <= bus::kInlinePayloadLimit) request.input = firing.input;
  request.accepted_at = firing.accepted_at;
  request.limited = firing.limit_key.has_value();
  request.limit_key = firing.limit_key.value_or("");
  // When it is lost the owner's sweep finds the row.
  parts_.bus.publish(bus::exec_subject(firing.partition), bus::encode(request));
}

void CronTriggers::note_missed(const CronPlan::Missed& missed) {
  missed_.add(static_cast<double>(missed.count));
  const auto name = names_.find(missed.workflow);
  log::warn("times of a cron trigger passed and are not made up for",
            {{"workflow", name == names_.end() ? missed.workflow.to_string() : name->second},
             {"schedule", missed.key},
             {"times", missed.count == CronPlan::kMostCounted ? fmt::format("{} or more", missed.count)
                                                              : std::to_string(missed.count)},
             {"newest", to_rfc3339(missed.newest)}});
}

}  // namespace r8r::scheduler
