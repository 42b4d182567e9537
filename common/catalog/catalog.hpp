#pragma once
#include <chrono>
#include <cstddef>
#include <list>
#include <memory>
#include <unordered_map>

#include "common/base/async.hpp"
#include "common/base/result.hpp"
#include "common/base/uuid.hpp"
#include "common/store/workflows.hpp"
#include "common/workflow/workflow.hpp"

namespace r8r {

struct WorkflowVersion {
  Uuid workflow_id;
  int version = 0;

  bool operator==(const WorkflowVersion&) const = default;
};

/// Compiled workflow versions by id, loaded from the database when first asked for. Versions never change, so an entry
/// is good for ever; the least recently used ones are dropped past `capacity`. Two who ask for the same version at the
/// same time share one load.
class Catalog {
 public:
  using Entry = std::shared_ptr<const workflow::Workflow>;

  Catalog(asio::io_context& io, store::Pool& pool, std::size_t capacity = 2'000)
      : io_(io), store_(pool), capacity_(capacity) {}

  /// Errors: workflow_not_found, invalid_workflow_definition (the stored text no longer loads; problems in details),
  /// service_unavailable.
  awaitable<Result<Entry>> get(WorkflowVersion key);
  /// The entry if it is loaded; never waits.
  Entry find(WorkflowVersion key);
  /// Puts in what the caller has compiled already.
  void put(WorkflowVersion key, Entry entry);

 private:
  struct Hash {
    std::size_t operator()(const WorkflowVersion& key) const noexcept {
      return std::hash<Uuid>()(key.workflow_id) * 31 + static_cast<std::size_t>(key.version);
    }
  };
  struct Slot {
    Entry entry;
    std::list<WorkflowVersion>::iterator used;
  };

  asio::io_context& io_;
  store::Workflows store_;
  std::size_t capacity_;
  std::list<WorkflowVersion> recent_;  // most recently used first
  std::unordered_map<WorkflowVersion, Slot, Hash> entries_;
  std::unordered_map<WorkflowVersion, std::shared_ptr<Notifier>, Hash> loading_;
};

}  // namespace r8r
