#pragma once
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/base/async.hpp"
#include "common/catalog/catalog.hpp"
#include "common/store/workflows.hpp"
#include "services/api/workflow_directory.hpp"

namespace r8r::api {

/// An event trigger of an enabled workflow.
struct EventSubscriber {
  store::WorkflowRow row;
  Catalog::Entry workflow;
  std::size_t place = 0;  ///< in Workflow::triggers

  const workflow::EventTrigger& trigger() const { return *workflow->triggers[place].event; }
};

/// Who listens to which event. What it remembers is at most two seconds old, and dropped when the directory hears that
/// a workflow changed.
class EventSubscribers {
 public:
  EventSubscribers(asio::io_context& io, store::Pool& pool, Catalog& catalog, const WorkflowDirectory& directory)
      : io_(io), store_(pool), catalog_(catalog), directory_(directory) {}

  /// The triggers that wait for events of this name, by workflow name. Errors: service_unavailable, storage_error.
  awaitable<Result<std::vector<EventSubscriber>>> of(std::string event);

 private:
  using List = std::vector<EventSubscriber>;
  /// A version that was looked at.
  struct Known {
    int version = 0;
    Catalog::Entry workflow;  ///< null: it listens to nothing
  };

  bool is_fresh() const;
  awaitable<Result<void>> refresh();

  asio::io_context& io_;
  store::Workflows store_;
  Catalog& catalog_;
  const WorkflowDirectory& directory_;
  List all_;
  std::unordered_map<Uuid, Known> known_;
  std::optional<SteadyClock::time_point> read_at_;
  std::uint64_t read_after_ = 0;  // changes that the directory had counted when it was read
  std::shared_ptr<Notifier> loading_;
};

}  // namespace r8r::api
