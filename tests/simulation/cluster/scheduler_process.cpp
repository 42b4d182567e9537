#include "tests/simulation/cluster/scheduler_process.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "tests/simulation/cluster/start_of_time.hpp"

namespace r8r::sim {

using std::chrono::microseconds;
using std::chrono::milliseconds;

namespace {

template <class T>
struct IsResult : std::false_type {};
template <class T>
struct IsResult<Result<T>> : std::true_type {};

Error away() {
  return {ErrorCode::service_unavailable, "the database is not reachable", {}};
}

}  // namespace

SchedulerProcess::SchedulerProcess(const World& world, Clocks clocks)
    : Process(world.events), world_(world), clocks_(clocks), id_(world.database.begin_incarnation(kLease)) {
  incarnation_ = std::make_unique<scheduler::Incarnation>(
      scheduler::Ports{io_, *this, *this, *this, *this, *this, *this, *this, *this, *this},
      scheduler::Incarnation::Terms{.lease = kLease, .partitions = world.partitions}, id_, steady_now());
  asio::co_spawn(io_, incarnation_->run(), [this](std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
    over_ = true;
  });
  later(microseconds(1), [] {});
}

SchedulerProcess::~SchedulerProcess() {
  // The coroutines' frames go with the io_context, after what they refer to; nothing of them runs any more.
  incarnation_.reset();
}

void SchedulerProcess::turn() {
  io_.restart();
  io_.poll();
}

// ---- time

Duration SchedulerProcess::own(SteadyClock::duration duration) const {
  const double us = static_cast<double>(std::chrono::duration_cast<microseconds>(duration).count()) / clocks_.rate;
  return microseconds(std::max<std::int64_t>(0, static_cast<std::int64_t>(us) + 1));
}

Timestamp SchedulerProcess::wall_now() const {
  return kStartOfTime + events_.now() + clocks_.wall_ahead;
}

SteadyClock::time_point SchedulerProcess::steady_now() const {
  const double us = static_cast<double>(events_.now().count()) * clocks_.rate;
  return SteadyClock::time_point(microseconds(1'000'000'000 + static_cast<std::int64_t>(us)));
}

// The timer belongs to the coroutine that waits: events may outlive the io_context.
awaitable<bool> SchedulerProcess::suspended(std::shared_ptr<asio::steady_timer> timer, std::shared_ptr<bool> woken) {
  if (!*woken) co_await timer->async_wait(asio::as_tuple(asio::use_awaitable));
  co_return *woken;
}

awaitable<bool> SchedulerProcess::sleep_for(SteadyClock::duration duration) {
  auto timer = std::make_shared<asio::steady_timer>(io_, SteadyClock::time_point::max());
  auto woken = std::make_shared<bool>(false);
  later(own(duration), [weak = std::weak_ptr(timer), woken] {
    *woken = true;
    if (const auto waits = weak.lock()) waits->cancel();
  });
  co_return co_await suspended(std::move(timer), std::move(woken));
}

awaitable<bool> SchedulerProcess::wait_for(Notifier& notifier, SteadyClock::duration limit) {
  enum class State { waits, late, ended };
  auto state = std::make_shared<State>(State::waits);
  later(own(limit), [state, &notifier] {
    if (*state != State::waits) return;
    *state = State::late;
    notifier.notify_all();
  });
  co_await notifier.wait();
  const bool in_time = *state == State::waits;
  *state = State::ended;
  const auto cancellation = co_await asio::this_coro::cancellation_state;
  co_return in_time&& cancellation.cancelled() == asio::cancellation_type::none;
}

namespace {

class ModelAlarm : public scheduler::Alarm {
 public:
  ModelAlarm(Process& process, double rate, std::function<void()> callback)
      : process_(process), rate_(rate), callback_(std::make_shared<std::function<void()>>(std::move(callback))) {}

  void set(SteadyClock::duration pause) override {
    const std::uint64_t mine = ++*setting_;
    const double us = static_cast<double>(std::chrono::duration_cast<microseconds>(pause).count()) / rate_;
    process_.later(microseconds(static_cast<std::int64_t>(us) + 1),
                   [weak = std::weak_ptr(callback_), setting = setting_, mine] {
                     const auto callback = weak.lock();
                     if (callback != nullptr && *setting == mine) (*callback)();
                   });
  }

 private:
  Process& process_;
  double rate_;
  std::shared_ptr<std::function<void()>> callback_;
  std::shared_ptr<std::uint64_t> setting_ = std::make_shared<std::uint64_t>(0);
};

}  // namespace

std::unique_ptr<scheduler::Alarm> SchedulerProcess::make_alarm(std::function<void()> callback) {
  return std::make_unique<ModelAlarm>(*this, clocks_.rate, std::move(callback));
}

// ---- bus and work queue

bool SchedulerProcess::publish(std::string_view subject, std::string_view data) {
  world_.network.publish(subject, data);
  return true;
}

Result<bus::Subscription> SchedulerProcess::subscribe(const std::string& subject, bus::Connection::Handler handler) {
  if (!world_.bugs.has(Bug::results_without_token) || !subject.starts_with("r8r.effect."))
    return world_.network.subscribe(*this, subject, std::move(handler));
  // Every result says that it is of the attempt that the journal knows last.
  return world_.network.subscribe(*this, subject, [this, handler](std::vector<bus::Message> messages) {
    for (bus::Message& message : messages) {
      auto results = bus::decode<bus::TaskResult>(message.data);
      for (bus::TaskResult& result : *results) {
        const auto [dispatch, attempt] =
            world_.database.last_started(result.execution_id, result.nodes.empty() ? "" : result.nodes.front().node_id);
        if (dispatch == 0) continue;
        result.dispatch_id = dispatch;
        result.attempt = attempt;
        message.data = bus::encode(result);
      }
    }
    handler(std::move(messages));
  });
}

void SchedulerProcess::send_pure(const bus::Task& task, const std::string&) {
  later(microseconds(1), [this, message = bus::encode(task)]() mutable {
    events_.after(travel(), [&queue = world_.queue, &network = world_.network, message = std::move(message)]() mutable {
      if (network.up) queue.add(std::move(message), "");
    });
  });
  empty_ = false;
}

// Until the server has it, while we live.
void SchedulerProcess::send_effect(const bus::Task& task, const std::string& pool) {
  empty_ = false;
  later(travel(), [this, task, pool] {
    if (!world_.network.up) {
      later(milliseconds(200), [this, task, pool] { send_effect(task, pool); });
      return;
    }
    world_.queue.add(bus::encode(task), fmt::format("{}:{}", task.execution_id.to_string(), task.dispatch_id));
  });
}

bool SchedulerProcess::known_empty(const std::string&) {
  if (events_.now() - asked_empty_ > milliseconds(1'000)) {
    asked_empty_ = events_.now();
    later(travel(), [this] { empty_ = world_.network.up && world_.queue.empty(); });
  }
  return empty_;
}

// ---- database

Duration SchedulerProcess::travel() {
  return events_.chance(10) ? events_.between(milliseconds(1), milliseconds(300))
                            : events_.between(microseconds(30), microseconds(800));
}

// A statement that was sent happens even when we are dead by then; its answer may be lost.
template <class Query>
awaitable<std::invoke_result_t<Query, Database&>> SchedulerProcess::ask(Query query) {
  using Answer = std::invoke_result_t<Query, Database&>;
  static_assert(IsResult<Answer>::value);
  auto timer = std::make_shared<asio::steady_timer>(io_, SteadyClock::time_point::max());
  auto woken = std::make_shared<bool>(false);
  auto answer = std::make_shared<std::optional<Answer>>();
  events_.after(travel(), [this, life = life(), &database = world_.database, query = std::move(query),
                           weak = std::weak_ptr(timer), woken, answer] {
    *answer = database.up ? query(database) : Answer(fail(away()));
    if (life.expired()) return;
    const bool lost = events_.chance(database.answers_lost);
    later(travel(), [&database, weak, woken, answer, lost] {
      if (!database.up || lost) *answer = Answer(fail(away()));
      *woken = true;
      if (const auto waits = weak.lock()) waits->cancel();
    });
  });
  const bool answered = co_await suspended(std::move(timer), std::move(woken));
  if (!answered) co_return Answer(fail(away()));
  co_return std::move(**answer);
}

void SchedulerProcess::commit(store::ExecutionProgress progress, store::ProgressQueue::Callback callback) {
  ++pending_;
  commits_.push_back({std::move(progress), std::move(callback)});
  const Bug early = commits_.back().progress.ending ? Bug::answer_before_commit : Bug::effects_before_commit;
  if (world_.bugs.has(early)) {
    // Told at once; the transaction follows.
    later(microseconds(1),
          [callback = std::move(commits_.back().callback)] { callback(store::ProgressOutcome::committed); });
    commits_.back().callback = nullptr;
  }
  later(microseconds(1), [this] { pump(); });
}

void SchedulerProcess::pump() {
  if (writing_ || commits_.empty()) return;
  writing_ = true;
  auto batch = std::make_shared<std::vector<Commit>>();
  while (!commits_.empty() && batch->size() < 64) {
    batch->push_back(std::move(commits_.front()));
    commits_.pop_front();
  }
  const bool stood = !world_.database.fenced(id_);
  if (freeze_ > Duration(0) && !paused()) {
    later(travel(), [this, batch, stood] { send(batch, stood); });
    pause_for(std::exchange(freeze_, Duration(0)));
  } else if (events_.chance(500)) {
    send(batch, stood);
  } else {
    // Stopped for a while, or for good, before it was sent.
    later(travel(), [this, batch, stood] { send(batch, stood); });
  }
}

// Sent whole it happens, whatever becomes of us.
void SchedulerProcess::send(const Batch& batch, bool stood) {
  events_.after(travel(), [this, life = life(), &database = world_.database, id = id_, batch, stood] {
    if (database.up) {
      for (Commit& commit : *batch) commit.outcome = database.write(id, commit.progress, stood);
    }
    if (life.expired()) return;
    if (database.up) {
      later(travel(), [this, batch] { settle(batch); });
    } else {
      // Again over a new connection. What is there already counts as written.
      later(milliseconds(250), [this, batch] { send(batch, !world_.database.fenced(id_)); });
    }
  });
}

void SchedulerProcess::settle(const Batch& batch) {
  pending_ -= batch->size();
  writing_ = false;
  for (Commit& commit : *batch) {
    if (commit.callback) commit.callback(std::move(commit.outcome));
  }
  pump();
}

awaitable<bool> SchedulerProcess::drain(milliseconds limit) {
  const auto deadline = steady_now() + limit;
  while (pending_ > 0 && steady_now() < deadline) co_await sleep_for(milliseconds(1));
  co_return pending_ == 0;
}

awaitable<Result<std::optional<store::ExecutionRow>>> SchedulerProcess::find(Uuid id) {
  return ask([id](Database& database) -> Result<std::optional<store::ExecutionRow>> { return database.find(id); });
}
awaitable<Result<std::vector<store::LiveExecution>>> SchedulerProcess::load_live(std::vector<Uuid> ids) {
  return ask([ids = std::move(ids)](Database& database) -> Result<std::vector<store::LiveExecution>> {
    return database.load_live(ids);
  });
}
awaitable<Result<std::vector<std::pair<Uuid, int>>>> SchedulerProcess::live_ids(std::vector<int> partitions,
                                                                                Timestamp before, Uuid after,
                                                                                int limit) {
  return ask([partitions = std::move(partitions), before, after,
              limit](Database& database) -> Result<std::vector<std::pair<Uuid, int>>> {
    return database.live_ids(partitions, before, after, limit);
  });
}
awaitable<Result<std::vector<store::DueTimer>>> SchedulerProcess::timers_before(std::vector<int> partitions,
                                                                                Timestamp before,
                                                                                store::TimerPosition after, int limit) {
  return ask([partitions = std::move(partitions), before, after,
              limit](Database& database) -> Result<std::vector<store::DueTimer>> {
    return database.timers_before(partitions, before, after, limit);
  });
}
awaitable<Result<std::vector<std::string>>> SchedulerProcess::whole_journal(Uuid id, int run) {
  return ask(
      [id, run](Database& database) -> Result<std::vector<std::string>> { return database.whole_journal(id, run); });
}
awaitable<Result<bool>> SchedulerProcess::begin_again(Uuid id, int partition) {
  return ask([id, partition](Database& database) -> Result<bool> { return database.begin_again(id, partition); });
}

awaitable<Result<std::vector<store::LimitedRun>>> SchedulerProcess::limited_runs(std::vector<int> partitions) {
  return ask([partitions = std::move(partitions)](Database& database) -> Result<std::vector<store::LimitedRun>> {
    return database.limited_runs(partitions);
  });
}
awaitable<Result<std::vector<Timestamp>>> SchedulerProcess::starts_since(Uuid workflow_id, std::string key,
                                                                         Timestamp since, int limit) {
  return ask([workflow_id, key = std::move(key), since, limit](Database& database) -> Result<std::vector<Timestamp>> {
    return database.starts_since(workflow_id, key, since, limit);
  });
}

awaitable<Result<std::vector<store::ChildEnding>>> SchedulerProcess::ended(std::vector<Uuid> ids) {
  return ask([ids = std::move(ids)](Database& database) -> Result<std::vector<store::ChildEnding>> {
    return database.ended_children(ids);
  });
}
awaitable<Result<std::vector<std::pair<Uuid, int>>>> SchedulerProcess::living(std::vector<Uuid> ids) {
  return ask([ids = std::move(ids)](Database& database) -> Result<std::vector<std::pair<Uuid, int>>> {
    return database.living(ids);
  });
}
awaitable<Result<std::vector<Uuid>>> SchedulerProcess::abandoned(std::vector<Uuid> ids) {
  return ask(
      [ids = std::move(ids)](Database& database) -> Result<std::vector<Uuid>> { return database.abandoned(ids); });
}
awaitable<Result<std::vector<std::pair<Uuid, int>>>> SchedulerProcess::overlooked(std::vector<int> partitions,
                                                                                  int limit) {
  return ask(
      [partitions = std::move(partitions), limit](Database& database) -> Result<std::vector<std::pair<Uuid, int>>> {
        return database.overlooked(partitions, limit);
      });
}

awaitable<Result<bool>> SchedulerProcess::renew(std::int64_t incarnation, milliseconds lease) {
  return ask([incarnation, lease](Database& database) -> Result<bool> { return database.renew(incarnation, lease); });
}
awaitable<Result<std::vector<store::Peer>>> SchedulerProcess::peers() {
  return ask([](Database& database) -> Result<std::vector<store::Peer>> { return database.peers(); });
}
awaitable<Result<std::vector<store::PartitionOwner>>> SchedulerProcess::partitions() {
  return ask([](Database& database) -> Result<std::vector<store::PartitionOwner>> { return database.partitions(); });
}
awaitable<Result<bool>> SchedulerProcess::fence(std::int64_t expired) {
  return ask([expired](Database& database) -> Result<bool> { return database.fence(expired); });
}
awaitable<Result<std::vector<int>>> SchedulerProcess::claim(std::int64_t incarnation, int max) {
  return ask(
      [incarnation, max](Database& database) -> Result<std::vector<int>> { return database.claim(incarnation, max); });
}
awaitable<Result<void>> SchedulerProcess::release(std::int64_t incarnation, std::vector<int> partitions) {
  return ask([incarnation, partitions = std::move(partitions)](Database& database) -> Result<void> {
    database.release(incarnation, partitions);
    return {};
  });
}
awaitable<Result<void>> SchedulerProcess::end_incarnation(std::int64_t incarnation) {
  return ask([incarnation](Database& database) -> Result<void> {
    database.end_incarnation(incarnation);
    return {};
  });
}

// ---- workflows

Catalog::Entry SchedulerProcess::find(WorkflowVersion key) {
  const auto found = world_.workflows.find(key.workflow_id);
  return events_.chance(200) || found == world_.workflows.end() ? nullptr : found->second;
}

awaitable<Result<Catalog::Entry>> SchedulerProcess::get(WorkflowVersion key) {
  return ask([key, &workflows = world_.workflows](Database&) -> Result<Catalog::Entry> {
    const auto found = workflows.find(key.workflow_id);
    if (found == workflows.end()) return fail(ErrorCode::workflow_not_found, "no such workflow");
    return found->second;
  });
}

}  // namespace r8r::sim
