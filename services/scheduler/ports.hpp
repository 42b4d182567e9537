#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/async.hpp"
#include "common/bus/connection.hpp"
#include "common/bus/messages.hpp"
#include "common/catalog/catalog.hpp"
#include "common/store/children.hpp"
#include "common/store/executions.hpp"
#include "common/store/leases.hpp"
#include "common/store/progress_queue.hpp"
#include "services/scheduler/clock.hpp"

/// What an incarnation needs of the world, as narrow interfaces. Behind them stand NATS and PostgreSQL
/// (live_ports.hpp), and in tests/simulation a model of both. Each function means what the function of the same name in
/// common/ says.
namespace r8r::scheduler {

/// bus::Connection, core NATS: anything may get lost.
class Postbox {
 public:
  virtual ~Postbox() = default;
  virtual bool publish(std::string_view subject, std::string_view data) = 0;
  virtual Result<bus::Subscription> subscribe(const std::string& subject, bus::Connection::Handler handler) = 0;
  virtual std::uint64_t reconnects() const = 0;
};

/// The scheduler's end of the work queue: TaskQueue.
class TaskOutlet {
 public:
  virtual ~TaskOutlet() = default;
  virtual void send_pure(const bus::Task& task, const std::string& pool) = 0;
  virtual void send_effect(const bus::Task& task, const std::string& pool) = 0;
  virtual bool ready() const = 0;
  virtual std::int64_t generation() const = 0;
  virtual bool known_empty(const std::string& pool) = 0;
};

/// store::ProgressQueue.
class ProgressWriter {
 public:
  virtual ~ProgressWriter() = default;
  virtual void commit(store::ExecutionProgress progress, store::ProgressQueue::Callback callback) = 0;
  virtual awaitable<bool> drain(std::chrono::milliseconds limit) = 0;
};

/// store::Executions.
class ExecutionStore {
 public:
  virtual ~ExecutionStore() = default;
  virtual awaitable<Result<std::optional<store::ExecutionRow>>> find(Uuid id) = 0;
  virtual awaitable<Result<std::vector<store::LiveExecution>>> load_live(std::vector<Uuid> ids) = 0;
  virtual awaitable<Result<std::vector<std::pair<Uuid, int>>>> live_ids(std::vector<int> partitions, Timestamp before,
                                                                        Uuid after, int limit) = 0;
  virtual awaitable<Result<std::vector<store::DueTimer>>> timers_before(std::vector<int> partitions, Timestamp before,
                                                                        store::TimerPosition after, int limit) = 0;
  virtual awaitable<Result<std::vector<store::LimitedRun>>> limited_runs(std::vector<int> partitions) = 0;
  virtual awaitable<Result<std::vector<Timestamp>>> starts_since(Uuid workflow_id, std::string key, Timestamp since,
                                                                 int limit) = 0;
  virtual awaitable<Result<std::vector<std::string>>> whole_journal(Uuid id, int run) = 0;
  virtual awaitable<Result<bool>> begin_again(Uuid id, int partition) = 0;
};

/// store::Children.
class ChildBook {
 public:
  virtual ~ChildBook() = default;
  virtual awaitable<Result<std::vector<store::ChildEnding>>> ended(std::vector<Uuid> ids) = 0;
  virtual awaitable<Result<std::vector<std::pair<Uuid, int>>>> living(std::vector<Uuid> ids) = 0;
  virtual awaitable<Result<std::vector<Uuid>>> abandoned(std::vector<Uuid> ids) = 0;
  virtual awaitable<Result<std::vector<std::pair<Uuid, int>>>> overlooked(std::vector<int> partitions, int limit) = 0;
};

/// store::Leases, for one who has begun.
class LeaseBook {
 public:
  virtual ~LeaseBook() = default;
  virtual awaitable<Result<bool>> renew(std::int64_t incarnation, std::chrono::milliseconds lease) = 0;
  virtual awaitable<Result<std::vector<store::Peer>>> peers() = 0;
  virtual awaitable<Result<std::vector<store::PartitionOwner>>> partitions() = 0;
  virtual awaitable<Result<bool>> fence(std::int64_t expired) = 0;
  virtual awaitable<Result<std::vector<int>>> claim(std::int64_t incarnation, int max) = 0;
  virtual awaitable<Result<void>> release(std::int64_t incarnation, std::vector<int> partitions) = 0;
  virtual awaitable<Result<void>> end_incarnation(std::int64_t incarnation) = 0;
};

/// Catalog.
class WorkflowCatalog {
 public:
  virtual ~WorkflowCatalog() = default;
  virtual Catalog::Entry find(WorkflowVersion key) = 0;
  virtual awaitable<Result<Catalog::Entry>> get(WorkflowVersion key) = 0;
};

/// UpstreamNames.
class DependentsBook {
 public:
  virtual ~DependentsBook() = default;
  virtual bool has_dependents(const std::string& workflow) const = 0;
};

/// All of them, for one incarnation; each must outlive it.
struct Ports {
  asio::io_context& io;
  Clock& clock;
  Postbox& bus;
  TaskOutlet& tasks;
  ProgressWriter& progress;
  ExecutionStore& executions;
  ChildBook& children;
  LeaseBook& leases;
  WorkflowCatalog& workflows;
  const DependentsBook& dependents;
};

}  // namespace r8r::scheduler
