#include "services/api/event_subscribers.hpp"

#include <algorithm>

namespace r8r::api {
namespace {

constexpr auto kFresh = std::chrono::seconds(2);

bool listens(const workflow::Workflow& workflow) {
  return std::any_of(workflow.triggers.begin(), workflow.triggers.end(),
                     [](const workflow::Trigger& trigger) { return trigger.event.has_value(); });
}

}  // namespace

bool EventSubscribers::is_fresh() const {
  return read_at_ && SteadyClock::now() - *read_at_ <= kFresh && read_after_ == directory_.changes();
}

awaitable<Result<std::vector<EventSubscriber>>> EventSubscribers::of(std::string event) {
  while (!is_fresh()) {
    if (const auto loading = loading_) {
      co_await loading->wait_for(std::chrono::seconds(10));
      continue;
    }
    loading_ = std::make_shared<Notifier>(io_);
    Result<void> refreshed = co_await refresh();
    std::exchange(loading_, nullptr)->notify_all();
    if (!refreshed) co_return fail(std::move(refreshed.error()));
    // Changed while it was read? Then the next who asks reads it anew; for us it was current when we asked.
    break;
  }
  List found;
  for (const EventSubscriber& subscriber : all_) {
    if (subscriber.trigger().matches(event)) found.push_back(subscriber);
  }
  co_return found;
}

awaitable<Result<void>> EventSubscribers::refresh() {
  const std::uint64_t changes = directory_.changes();
  Result<std::vector<store::WorkflowRow>> rows = co_await store_.list_triggered();
  if (!rows) co_return fail(std::move(rows.error()));
  List all;
  std::unordered_map<Uuid, Known> known;
  for (store::WorkflowRow& row : *rows) {
    const auto before = known_.find(row.id);
    Known& now = known[row.id];
    if (before != known_.end() && before->second.version == row.version) {
      now = before->second;
    } else {
      Result<Catalog::Entry> workflow = co_await catalog_.get({row.id, row.version});
      if (!workflow && workflow.error().code == ErrorCode::service_unavailable)
        co_return fail(std::move(workflow.error()));
      now.version = row.version;
      // One that does not load listens to nothing.
      if (workflow && listens(**workflow)) now.workflow = std::move(*workflow);
    }
    if (!now.workflow) continue;
    for (std::size_t place = 0; place < now.workflow->triggers.size(); ++place) {
      if (now.workflow->triggers[place].event) all.push_back({row, now.workflow, place});
    }
  }
  known_ = std::move(known);
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.row.name < b.row.name; });
  all_ = std::move(all);
  read_at_ = SteadyClock::now();
  read_after_ = changes;
  co_return Result<void>();
}

}  // namespace r8r::api
