#include "services/api/workflow_directory.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "common/base/log.hpp"

namespace r8r::api {
namespace {

constexpr auto kFresh = std::chrono::seconds(2);
constexpr std::size_t kMostCached = 10'000;

// Runs a function when it goes out of scope.
template <class F>
class AtEnd {
 public:
  explicit AtEnd(F function) : function_(std::move(function)) {}
  ~AtEnd() { function_(); }
  AtEnd(const AtEnd&) = delete;
  AtEnd& operator=(const AtEnd&) = delete;

 private:
  F function_;
};

}  // namespace

bool is_workflow_name(std::string_view name) {
  return !name.empty() && name.size() <= 128 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

WorkflowDirectory::WorkflowDirectory(asio::io_context& io, store::Pool& pool, Catalog& catalog)
    : io_(io), store_(pool), catalog_(catalog) {}

DirectoryEntryPtr WorkflowDirectory::find_now(const std::string& name) const {
  const auto found = cache_.find(name);
  if (found == cache_.end() || SteadyClock::now() - found->second.read_at > kFresh) return nullptr;
  return found->second.entry;
}

awaitable<Result<DirectoryEntryPtr>> WorkflowDirectory::find(std::string name) {
  if (!is_workflow_name(name))
    co_return fail(ErrorCode::workflow_not_found, fmt::format("Workflow '{}' not found", name));
  while (true) {
    if (DirectoryEntryPtr entry = find_now(name)) co_return entry;
    const auto other = loading_.find(name);
    if (other == loading_.end()) break;
    const std::shared_ptr<Notifier> loaded = other->second;
    co_await loaded->wait_for(std::chrono::seconds(10));
  }
  const auto done = std::make_shared<Notifier>(io_);
  loading_.emplace(name, done);
  const AtEnd wake([this, &name, &done] {
    loading_.erase(name);
    done->notify_all();
  });
  co_return co_await load(name);
}

awaitable<Result<DirectoryEntryPtr>> WorkflowDirectory::load(std::string name) {
  const std::uint64_t changes = changes_;
  Result<std::optional<store::WorkflowWithDefinition>> found = co_await store_.find(name);
  if (!found) co_return fail(std::move(found.error()));
  if (!*found) {
    cache_.erase(name);
    co_return fail(ErrorCode::workflow_not_found, fmt::format("Workflow '{}' not found", name));
  }
  store::WorkflowWithDefinition& stored = **found;
  const WorkflowVersion key{stored.row.id, stored.row.version};

  auto entry = std::make_shared<DirectoryEntry>();
  entry->row = stored.row;
  entry->workflow = catalog_.find(key);
  if (!entry->workflow) {
    // The text of a version never changes: one that did not load will not load now.
    const auto known = cache_.find(name);
    const bool same = known != cache_.end() && known->second.entry->row.id == key.workflow_id &&
                      known->second.entry->row.version == key.version;
    if (same && known->second.entry->problem) {
      entry->problem = known->second.entry->problem;
    } else {
      workflow::LoadResult loaded = workflow::load_to_run(stored.definition);
      entry->workflow = loaded.workflow;
      if (loaded.workflow) {
        catalog_.put(key, loaded.workflow);
      } else {
        entry->problem =
            Error{ErrorCode::invalid_workflow_definition,
                  fmt::format("The stored definition of workflow '{}' is not valid: {}", name,
                              loaded.problems.empty() ? "it cannot be read" : loaded.problems.front().message),
                  workflow::problems_json(loaded.problems)};
      }
    }
  }
  if (changes == changes_) {
    make_room();
    cache_[name] = Cached{entry, SteadyClock::now()};
  }
  co_return entry;
}

void WorkflowDirectory::make_room() {
  if (cache_.size() < kMostCached) return;
  const auto now = SteadyClock::now();
  std::erase_if(cache_, [&](const auto& item) { return now - item.second.read_at > kFresh; });
  if (cache_.size() >= kMostCached) cache_.clear();
}

void WorkflowDirectory::invalidate(const std::string& name) {
  ++changes_;
  cache_.erase(name);
  webhooks_read_at_.reset();
}

bool WorkflowDirectory::webhooks_are_fresh() const {
  return webhooks_read_at_ && SteadyClock::now() - *webhooks_read_at_ <= kFresh;
}

awaitable<Result<std::vector<std::string>>> WorkflowDirectory::webhook_candidates(std::string path) {
  // A known path may be served from an older listing, because the caller checks what it finds; a notice drops the
  // listing.
  if (webhooks_read_at_) {
    const std::vector<std::string_view> names = webhooks_.candidates(path);
    if (!names.empty()) co_return std::vector<std::string>(names.begin(), names.end());
  }
  Result<void> refreshed = co_await refresh_webhooks();
  if (!refreshed) co_return fail(std::move(refreshed.error()));
  const std::vector<std::string_view> names = webhooks_.candidates(path);
  co_return std::vector<std::string>(names.begin(), names.end());
}

awaitable<Result<std::optional<std::pair<std::string, std::string>>>> WorkflowDirectory::webhook_conflict(
    Catalog::Entry workflow) {
  const auto has_path = [](const workflow::Trigger& trigger) {
    return trigger.webhook && !trigger.webhook->path.empty();
  };
  if (std::none_of(workflow->triggers.begin(), workflow->triggers.end(), has_path)) co_return std::nullopt;
  webhooks_read_at_.reset();
  Result<void> refreshed = co_await refresh_webhooks();
  if (!refreshed) co_return fail(std::move(refreshed.error()));
  co_return webhooks_.conflict(*workflow);
}

awaitable<Result<void>> WorkflowDirectory::refresh_webhooks() {
  while (!webhooks_are_fresh()) {
    if (const auto loading = webhooks_loading_) {
      co_await loading->wait_for(std::chrono::seconds(10));
      continue;
    }
    webhooks_loading_ = std::make_shared<Notifier>(io_);
    const AtEnd wake([this] { std::exchange(webhooks_loading_, nullptr)->notify_all(); });
    co_return co_await read_webhooks();
  }
  co_return Result<void>();
}

awaitable<Result<void>> WorkflowDirectory::read_webhooks() {
  const std::uint64_t changes = changes_;
  Result<std::vector<store::WorkflowRow>> rows = co_await store_.list();
  if (!rows) co_return fail(std::move(rows.error()));
  WebhookTable table;
  for (const store::WorkflowRow& row : *rows) {
    if (!row.enabled || row.trigger_count == 0) continue;
    Result<Catalog::Entry> workflow = co_await catalog_.get({row.id, row.version});
    if (!workflow) {
      if (workflow.error().code == ErrorCode::service_unavailable) co_return fail(std::move(workflow.error()));
      continue;  // one that does not load has no webhooks
    }
    table.add(**workflow);
  }
  webhooks_ = std::move(table);
  if (changes == changes_) {
    webhooks_read_at_ = SteadyClock::now();
  } else {
    webhooks_read_at_.reset();
  }
  co_return Result<void>();
}

}  // namespace r8r::api
