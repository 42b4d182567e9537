#include "services/scheduler/live_ports.hpp"

namespace r8r::scheduler {
namespace {

store::CommitOptions commit_options(const Settings& settings, std::int64_t incarnation) {
  store::CommitOptions options;
  options.url = settings.common.database_url;
  options.application_name = store::Leases::writer_name(incarnation);
  return options;
}

class NatsPostbox : public Postbox {
 public:
  explicit NatsPostbox(bus::Connection& bus) : bus_(bus) {}

  bool publish(std::string_view subject, std::string_view data) override { return bus_.publish(subject, data); }
  Result<bus::Subscription> subscribe(const std::string& subject, bus::Connection::Handler handler) override {
    return bus_.subscribe(subject, std::move(handler));
  }
  std::uint64_t reconnects() const override { return bus_.reconnects(); }

 private:
  bus::Connection& bus_;
};

class QueuedProgress : public ProgressWriter {
 public:
  QueuedProgress(asio::io_context& io, store::CommitOptions options, std::int64_t incarnation)
      : queue_(io, std::move(options), incarnation) {}

  void commit(store::ExecutionProgress progress, store::ProgressQueue::Callback callback) override {
    queue_.commit(std::move(progress), std::move(callback));
  }
  awaitable<bool> drain(std::chrono::milliseconds limit) override { return queue_.drain(limit); }

 private:
  store::ProgressQueue queue_;
};

class PostgresExecutions : public ExecutionStore {
 public:
  explicit PostgresExecutions(store::Pool& pool) : executions_(pool) {}

  awaitable<Result<std::optional<store::ExecutionRow>>> find(Uuid id) override { return executions_.find(id); }
  awaitable<Result<std::vector<store::LiveExecution>>> load_live(std::vector<Uuid> ids) override {
    return executions_.load_live(std::move(ids));
  }
  awaitable<Result<std::vector<std::pair<Uuid, int>>>> live_ids(std::vector<int> partitions, Timestamp before,
                                                                Uuid after, int limit) override {
    return executions_.live_ids(std::move(partitions), before, after, limit);
  }
  awaitable<Result<std::vector<store::DueTimer>>> timers_before(std::vector<int> partitions, Timestamp before,
                                                                store::TimerPosition after, int limit) override {
    return executions_.timers_before(std::move(partitions), before, after, limit);
  }
  awaitable<Result<std::vector<store::LimitedRun>>> limited_runs(std::vector<int> partitions) override {
    return executions_.limited_runs(std::move(partitions));
  }
  awaitable<Result<std::vector<Timestamp>>> starts_since(Uuid workflow_id, std::string key, Timestamp since,
                                                         int limit) override {
    return executions_.starts_since(workflow_id, std::move(key), since, limit);
  }
  awaitable<Result<std::vector<std::string>>> whole_journal(Uuid id, int run) override {
    return executions_.whole_journal(id, run);
  }
  awaitable<Result<bool>> begin_again(Uuid id, int partition) override {
    return executions_.begin_again(id, partition);
  }

 private:
  store::Executions executions_;
};

class PostgresChildren : public ChildBook {
 public:
  explicit PostgresChildren(store::Pool& pool) : children_(pool) {}

  awaitable<Result<std::vector<store::ChildEnding>>> ended(std::vector<Uuid> ids) override {
    return children_.ended(std::move(ids));
  }
  awaitable<Result<std::vector<std::pair<Uuid, int>>>> living(std::vector<Uuid> ids) override {
    return children_.living(std::move(ids));
  }
  awaitable<Result<std::vector<Uuid>>> abandoned(std::vector<Uuid> ids) override {
    return children_.abandoned(std::move(ids));
  }
  awaitable<Result<std::vector<std::pair<Uuid, int>>>> overlooked(std::vector<int> partitions, int limit) override {
    return children_.overlooked(std::move(partitions), limit);
  }

 private:
  store::Children children_;
};

class PostgresLeases : public LeaseBook {
 public:
  explicit PostgresLeases(store::Pool& pool) : leases_(pool) {}

  awaitable<Result<bool>> renew(std::int64_t incarnation, std::chrono::milliseconds lease) override {
    return leases_.renew(incarnation, lease);
  }
  awaitable<Result<std::vector<store::Peer>>> peers() override { return leases_.peers(); }
  awaitable<Result<std::vector<store::PartitionOwner>>> partitions() override { return leases_.partitions(); }
  awaitable<Result<bool>> fence(std::int64_t expired) override { return leases_.fence(expired); }
  awaitable<Result<std::vector<int>>> claim(std::int64_t incarnation, int max) override {
    return leases_.claim(incarnation, max);
  }
  awaitable<Result<void>> release(std::int64_t incarnation, std::vector<int> partitions) override {
    return leases_.release(incarnation, std::move(partitions));
  }
  awaitable<Result<void>> end_incarnation(std::int64_t incarnation) override {
    return leases_.end_incarnation(incarnation);
  }

 private:
  store::Leases leases_;
};

class CatalogWorkflows : public WorkflowCatalog {
 public:
  explicit CatalogWorkflows(Catalog& catalog) : catalog_(catalog) {}

  Catalog::Entry find(WorkflowVersion key) override { return catalog_.find(key); }
  awaitable<Result<Catalog::Entry>> get(WorkflowVersion key) override { return catalog_.get(key); }

 private:
  Catalog& catalog_;
};

}  // namespace

struct LivePorts::Impl {
  asio::io_context& io;
  TaskOutlet& tasks;
  SystemClock clock;
  NatsPostbox bus;
  QueuedProgress progress;
  PostgresExecutions executions;
  PostgresChildren children;
  PostgresLeases leases;
  CatalogWorkflows workflows;
  const DependentsBook& dependents;
};

LivePorts::LivePorts(asio::io_context& io, bus::Connection& bus, store::Pool& pool, Catalog& catalog, TaskOutlet& tasks,
                     const DependentsBook& dependents, const Settings& settings, std::int64_t incarnation)
    : impl_(new Impl{io, tasks, SystemClock(io), NatsPostbox(bus),
                     QueuedProgress(io, commit_options(settings, incarnation), incarnation), PostgresExecutions(pool),
                     PostgresChildren(pool), PostgresLeases(pool), CatalogWorkflows(catalog), dependents}) {}

LivePorts::~LivePorts() = default;

Ports LivePorts::ports() {
  return {.io = impl_->io,
          .clock = impl_->clock,
          .bus = impl_->bus,
          .tasks = impl_->tasks,
          .progress = impl_->progress,
          .executions = impl_->executions,
          .children = impl_->children,
          .leases = impl_->leases,
          .workflows = impl_->workflows,
          .dependents = impl_->dependents};
}

}  // namespace r8r::scheduler
