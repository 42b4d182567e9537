#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "common/bus/connection.hpp"
#include "common/bus/messages.hpp"
#include "common/catalog/catalog.hpp"
#include "common/store/workflows.hpp"
#include "services/api/webhook_table.hpp"

namespace r8r::api {

/// A workflow as callers address it: its row and the current version, compiled.
struct DirectoryEntry {
  store::WorkflowRow row;
  Catalog::Entry workflow;       ///< null when the stored definition does not load
  std::optional<Error> problem;  ///< then why
};
using DirectoryEntryPtr = std::shared_ptr<const DirectoryEntry>;

/// Whether a name can be a workflow's at all; others are never looked up.
bool is_workflow_name(std::string_view name);

/// Workflows by name and by webhook path. What it remembers is at most two seconds old, and dropped at once when a
/// notice says that a workflow changed.
class WorkflowDirectory {
 public:
  WorkflowDirectory(asio::io_context& io, store::Pool& pool, Catalog& catalog);

  /// The entry if it is known and fresh; never waits.
  DirectoryEntryPtr find_now(const std::string& name) const;
  /// Errors: workflow_not_found, service_unavailable, storage_error.
  awaitable<Result<DirectoryEntryPtr>> find(std::string name);

  /// Workflows that may serve a path (decoded), newest listing first; see WebhookTable. Reads the listing anew when
  /// nothing fits and it is older than the usual two seconds.
  awaitable<Result<std::vector<std::string>>> webhook_candidates(std::string path);
  /// Another workflow that has a webhook address of `workflow`: its name and the address.
  awaitable<Result<std::optional<std::pair<std::string, std::string>>>> webhook_conflict(Catalog::Entry workflow);

  /// Forgets what it knows of a workflow.
  void invalidate(const std::string& name);
  /// Goes up with every invalidation.
  std::uint64_t changes() const { return changes_; }

 private:
  struct Cached {
    DirectoryEntryPtr entry;
    SteadyClock::time_point read_at;
  };

  awaitable<Result<DirectoryEntryPtr>> load(std::string name);
  awaitable<Result<void>> refresh_webhooks();
  awaitable<Result<void>> read_webhooks();
  bool webhooks_are_fresh() const;
  void make_room();

  asio::io_context& io_;
  store::Workflows store_;
  Catalog& catalog_;
  std::unordered_map<std::string, Cached> cache_;
  std::unordered_map<std::string, std::shared_ptr<Notifier>> loading_;
  std::uint64_t changes_ = 0;  // counts invalidations: a load that one overtook is not kept

  WebhookTable webhooks_;
  std::optional<SteadyClock::time_point> webhooks_read_at_;
  std::shared_ptr<Notifier> webhooks_loading_;
};

}  // namespace r8r::api
