#include "common/catalog/catalog.hpp"

#include <fmt/format.h>

namespace r8r {

Catalog::Entry Catalog::find(WorkflowVersion key) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return nullptr;
  recent_.splice(recent_.begin(), recent_, found->second.used);
  return found->second.entry;
}

void Catalog::put(WorkflowVersion key, Entry entry) {
  if (const auto found = entries_.find(key); found != entries_.end()) {
    found->second.entry = std::move(entry);
    return;
  }
  recent_.push_front(key);
  entries_.emplace(key, Slot{std::move(entry), recent_.begin()});
  if (entries_.size() > capacity_) {
    entries_.erase(recent_.back());
    recent_.pop_back();
  }
}

awaitable<Result<Catalog::Entry>> Catalog::get(WorkflowVersion key) {
  while (true) {
    if (Entry entry = find(key)) co_return entry;
    const auto other = loading_.find(key);
    if (other == loading_.end()) break;
    const std::shared_ptr<Notifier> loaded = other->second;
    co_await loaded->wait_for(std::chrono::seconds(10));
  }

  // From here on this coroutine loads; whatever happens, those who wait must be woken.
  const auto done = std::make_shared<Notifier>(io_);
  loading_.emplace(key, done);
  const std::shared_ptr<void> wake(nullptr, [this, key, done](void*) {
    loading_.erase(key);
    done->notify_all();
  });

  Result<std::optional<std::string>> text = co_await store_.definition(key.workflow_id, key.version);
  if (!text) co_return fail(std::move(text.error()));
  if (!text->has_value()) {
    co_return fail(ErrorCode::workflow_not_found,
                   fmt::format("version {} of workflow {} does not exist", key.version, key.workflow_id.to_string()));
  }
  workflow::LoadResult loaded = workflow::load_to_run(**text);
  if (!loaded.workflow) {
    co_return fail(ErrorCode::invalid_workflow_definition,
                   fmt::format("the stored definition is not valid any more: {}",
                               loaded.problems.empty() ? "unknown problem" : loaded.problems.front().message),
                   workflow::problems_json(loaded.problems));
  }
  put(key, loaded.workflow);
  co_return loaded.workflow;
}

}  // namespace r8r
