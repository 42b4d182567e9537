#include "services/scheduler/dependency_starts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "common/base/json_text.hpp"
#include "common/base/log.hpp"
#include "common/bus/subjects.hpp"
#include "common/workflow/start_limit.hpp"
#include "services/scheduler/start_notice.hpp"

namespace r8r::scheduler {
namespace {

// Notices tell of new endings; a look finds those whose notice was lost.
constexpr auto kLookInterval = std::chrono::seconds(30);
constexpr auto kAfterFailure = std::chrono::seconds(1);
// More than one workflow can wait with, so that each page moves something.
constexpr int kPage = 500;
constexpr std::size_t kBatch = 50;
constexpr std::size_t kBatchBytes = 16 * 1024 * 1024;
constexpr std::size_t kMaxInput = 8 * 1024 * 1024;

metrics::Counter dropped(const char* reason) {
  return metrics::counter("r8r_dependency_starts_dropped_total",
                          "Starts by the ends of other workflows that came to nothing", {{"reason", reason}});
}

std::string input_of(const std::vector<store::UpstreamEnding>& set, const std::vector<store::UpstreamOutput>& outputs) {
  std::string input = "{\"upstream\":{";
  for (std::size_t i = 0; i < set.size(); ++i) {
    if (i > 0) input += ',';
    append_json_string(input, set[i].upstream);
    input += ':';
    input += outputs[i].output ? *outputs[i].output : "null";
  }
  return input + "}}";
}

std::vector<std::int64_t> ids_of(const std::vector<store::UpstreamEnding>& set) {
  std::vector<std::int64_t> ids;
  for (const store::UpstreamEnding& ending : set) ids.push_back(ending.id);
  return ids;
}

}  // namespace

DependencyStarts::DependencyStarts(Parts parts)
    : parts_(std::move(parts)),
      dependencies_(parts_.pool),
      wake_(parts_.io),
      accepted_(
          metrics::counter("r8r_executions_accepted_total", "Executions made durable", {{"trigger_type", "workflow"}})),
      refused_(dropped("input")),
      not_enabled_(dropped("not_enabled")),
      lag_(metrics::histogram("r8r_dependency_start_lag_seconds",
                              "From the end of the last upstream workflow to the record of what it starts")) {
  auto notices = parts_.bus.subscribe(std::string(bus::kUpstreamEnded), [this](std::vector<bus::Message>) {
    look_again_ = true;
    wake_.notify_all();
  });
  if (notices) notices_ = std::move(*notices);
}

void DependencyStarts::partitions_changed() {
  look_again_ = true;
  wake_.notify_all();
}

awaitable<void> DependencyStarts::run() {
  while (true) {
    look_again_ = false;
    bool fine = parts_.may_act();
    if (fine) fine = co_await look();
    if (fine && look_again_) continue;
    SteadyClock::duration pause = kLookInterval;
    if (!fine) pause = kAfterFailure;
    co_await wake_.wait_for(pause);
  }
}

awaitable<bool> DependencyStarts::look() {
  std::vector<int> owned = parts_.owned();
  if (owned.empty()) co_return true;
  Result<std::vector<store::WaitingWorkflow>> waiting = co_await dependencies_.waiting(std::move(owned));
  if (!waiting) co_return false;
  bool fine = true;
  bool idle = false;
  std::unordered_map<Uuid, Seen> seen;
  for (const store::WaitingWorkflow& one : *waiting) {
    if (!one.enabled) {
      idle = true;
      continue;
    }
    const Uuid id = one.id;
    Seen now{one.last, one.count};
    if (const auto known = seen_.find(id); known == seen_.end() || known->second != now) {
      const bool played = co_await play(one, now);
      if (!played) {
        fine = false;
        continue;
      }
    }
    seen.insert_or_assign(id, now);
  }
  seen_ = std::move(seen);
  if (idle) {
    owned = parts_.owned();
    Result<std::int64_t> gone = co_await dependencies_.drop_idle(parts_.incarnation, std::move(owned));
    if (!gone) co_return false;
    not_enabled_.add(static_cast<double>(*gone));
  }
  co_return fine;
}

// All endings that one workflow waits with. False: something is left that has to be tried again.
awaitable<bool> DependencyStarts::play(const store::WaitingWorkflow& waiting, Seen& seen) {
  Result<Catalog::Entry> entry = co_await parts_.catalog.get({waiting.id, waiting.version});
  if (!entry) {
    if (entry.error().code == ErrorCode::service_unavailable) co_return false;
    log::warn("a workflow cannot start after those that it depends on",
              {{"workflow", waiting.name}, {"error", entry.error().message}});
  }
  const workflow::Workflow* workflow = entry ? entry->get() : nullptr;
  while (true) {
    const Progress progress = co_await play_page(waiting, workflow, seen);
    if (progress != Progress::more) co_return progress == Progress::done;
  }
}

awaitable<DependencyStarts::Progress> DependencyStarts::play_page(const store::WaitingWorkflow& waiting,
                                                                  const workflow::Workflow* workflow, Seen& seen) {
  static const std::vector<workflow::WorkflowDependency> kNone;
  const auto& on = workflow != nullptr ? workflow->depends_on_workflows : kNone;
  Result<std::vector<store::UpstreamEnding>> endings = co_await dependencies_.endings(waiting, on.size() > 1, kPage);
  // None: it was changed meanwhile, or others were here.
  if (!endings || endings->empty()) co_return Progress::not_now;
  const auto plan = std::make_unique<DependencyPlan>(plan_starts(on, *endings));
  const auto batch = std::make_unique<Batch>();
  for (const DependencyPlan::Start& start : plan->starts) {
    const bool added = co_await add(waiting, *workflow, start, *batch);
    if (!added) co_return Progress::not_now;
    if (batch->starts.size() < kBatch && batch->bytes < kBatchBytes) continue;
    const bool done = co_await carry_out(*batch);
    if (!done) co_return Progress::not_now;
  }
  batch->dropped.insert(batch->dropped.end(), plan->dropped.begin(), plan->dropped.end());
  const bool done = co_await carry_out(*batch);
  if (!done) co_return Progress::not_now;
  if (endings->size() == kPage && plan->kept.size() < kPage) co_return Progress::more;
  seen = {};
  seen.count = static_cast<std::int64_t>(plan->kept.size());
  for (const store::UpstreamEnding& kept : plan->kept) seen.last = std::max(seen.last, kept.id);
  co_return Progress::done;
}

// Makes the execution that a set of endings starts. False: not now.
awaitable<bool> DependencyStarts::add(const store::WaitingWorkflow& waiting, const workflow::Workflow& workflow,
                                      const DependencyPlan::Start& start, Batch& batch) {
  Result<std::vector<store::UpstreamOutput>> outputs = co_await dependencies_.outputs(start.set, kMaxInput);
  if (!outputs) co_return false;
  // Others get their turn between two large inputs.
  co_await asio::post(parts_.io, asio::use_awaitable);
  std::string input;
  if (outputs->front().bytes <= static_cast<std::int64_t>(kMaxInput)) input = input_of(start.set, *outputs);
  if (input.empty() || input.size() > kMaxInput) {
    refuse(waiting, start, fmt::format("the outputs are larger than {} MiB together", kMaxInput >> 20), batch);
    co_return true;
  }
  Result<std::string> checked = workflow::check_input(workflow, input);
  if (!checked) {
    refuse(waiting, start, checked.error().message, batch);
    co_return true;
  }
  const store::UpstreamOutput& last = (*outputs)[start.last];
  store::EventExecution execution;
  execution.id = Uuid::v7();
  execution.partition = partition_of(execution.id, parts_.partitions);
  if (auto limit = workflow::start_limit(workflow, *checked)) {
    execution.partition = workflow::limited_partition(waiting.id, limit->group, parts_.partitions);
    execution.limit_key = std::move(limit->key);
  }
  execution.workflow_id = waiting.id;
  execution.workflow_version = waiting.version;
  execution.workflow_name = waiting.name;
  execution.trigger_type = "workflow:" + start.set[start.last].upstream;
  execution.input = std::move(*checked);
  execution.correlation_id = last.correlation_id.empty() ? execution.id.to_string() : last.correlation_id;
  execution.traceparent = last.traceparent;
  batch.bytes += execution.input.size();
  batch.ended_at.push_back(start.set[start.last].ended_at);
  batch.starts.push_back({ids_of(start.set), std::move(execution)});
  co_return true;
}

void DependencyStarts::refuse(const store::WaitingWorkflow& waiting, const DependencyPlan::Start& start,
                              const std::string& why, Batch& batch) {
  const store::UpstreamEnding& last = start.set[start.last];
  log::warn("a workflow does not start after another one", {{"workflow", waiting.name},
                                                            {"upstream", last.upstream},
                                                            {"upstream_execution_id", last.execution_id.to_string()},
                                                            {"error", why}});
  refused_.add();
  const std::vector<std::int64_t> ids = ids_of(start.set);
  batch.dropped.insert(batch.dropped.end(), ids.begin(), ids.end());
}

// The batch is empty afterwards. False: it was not carried out as a whole.
awaitable<bool> DependencyStarts::carry_out(Batch& batch) {
  Batch now = std::exchange(batch, {});
  if (now.starts.empty() && now.dropped.empty()) co_return true;
  if (!parts_.may_act()) co_return false;
  const Timestamp accepted_at = wall_now();
  for (store::DependencyStart& start : now.starts) start.execution.time = accepted_at;
  Result<std::vector<store::StartOutcome>> outcomes =
      co_await dependencies_.start(parts_.incarnation, now.starts, std::move(now.dropped));
  if (!outcomes) {
    log::warn("what follows from the ends of workflows could not be started; trying again",
              {{"error", outcomes.error().message}});
    co_return false;
  }
  bool whole = true;
  for (std::size_t i = 0; i < now.starts.size(); ++i) {
    const store::EventExecution& execution = now.starts[i].execution;
    switch ((*outcomes)[i]) {
      case store::StartOutcome::started:
        accepted_.add();
        lag_.observe(std::chrono::duration<double>(accepted_at - now.ended_at[i]).count());
        tell_owner(parts_.bus, execution, accepted_at);
        break;
      case store::StartOutcome::not_enabled:
        not_enabled_.add();
        break;
      case store::StartOutcome::taken:
        whole = false;
        break;
    }
  }
  co_return whole;
}

}  // namespace r8r::scheduler
