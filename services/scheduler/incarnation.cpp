#include "services/scheduler/incarnation.hpp"

#include <fmt/format.h>

#include "common/base/log.hpp"
#include "common/bus/messages.hpp"
#include "common/bus/subjects.hpp"

namespace r8r::scheduler {
namespace {

// For so long after a claim whose answer was lost one looks for what it took: it may be carried out late.
constexpr auto kClaimMayAct = std::chrono::seconds(60);
// Rows that one look reads at once.
constexpr int kPage = 500;
// Work stops so long before the lease can have run out: what is under way must be sent by then.
constexpr auto kLeaseMargin = std::chrono::milliseconds(1'500);

}  // namespace

Incarnation::Incarnation(const Ports& ports, const Terms& terms, std::int64_t id, SteadyClock::time_point began)
    : ports_(ports),
      lease_(terms.lease),
      partitions_(terms.partitions),
      id_(id),
      host_(ports, id, terms.partitions, [this] { over("fenced by another scheduler"); }),
      lease_valid_until_(began + lease_),
      ended_(ports.io),
      partitions_changed_(ports.io),
      sweep_soon_(ports.io),
      wake_soon_(ports.io),
      held_gauge_(metrics::gauge("r8r_partitions_held", "Partitions that this scheduler owns")),
      lease_losses_(metrics::counter("r8r_lease_losses_total", "Times that this scheduler lost its ownership")),
      tasks_(ports.io) {
  host_.set_max_output_bytes(terms.max_output_bytes);
  auto results = ports_.bus.subscribe(bus::result_subject(id_), [this](std::vector<bus::Message> messages) {
    for (const bus::Message& message : messages) {
      auto items = bus::decode<bus::TaskResult>(message.data);
      if (!items) {
        log::warn("a result cannot be read", {{"error", items.error().message}});
        continue;
      }
      for (bus::TaskResult& item : *items) host_.on_result(std::move(item), "");
    }
  });
  if (results) results_ = std::move(*results);
  auto changes = ports_.bus.subscribe(std::string(bus::kPartitionsChanged), [this](std::vector<bus::Message>) {
    look_again_ = true;
    partitions_changed_.notify_all();
  });
  if (changes) changes_ = std::move(*changes);
}

Incarnation::~Incarnation() {
  held_gauge_.set(0);
}

bool Incarnation::holds_lease() const {
  return !over_ && ports_.clock.steady_now() < lease_valid_until_ - kLeaseMargin;
}

std::vector<int> Incarnation::owned() const {
  std::vector<int> partitions;
  for (const auto& [partition, subscriptions] : held_) partitions.push_back(partition);
  return partitions;
}

std::vector<int> Incarnation::loaded() const {
  std::vector<int> partitions;
  for (const auto& [partition, subscriptions] : held_) {
    if (!host_.taking(partition)) partitions.push_back(partition);
  }
  return partitions;
}

void Incarnation::over(const char* why) {
  if (over_) return;
  over_ = true;
  if (!stopping_) {
    lease_losses_.add();
    log::warn("ownership lost; everything is handed back", {{"incarnation", id_}, {"reason", why}});
  }
  ended_.notify_all();
}

void Incarnation::stop() {
  stopping_ = true;
  ended_.notify_all();
}

awaitable<void> Incarnation::run() {
  ports_.bus.publish(bus::kPartitionsChanged, "");
  tasks_.spawn("lease", keep_lease());
  tasks_.spawn("partitions", balance_partitions());
  tasks_.spawn("sweep", sweep_partitions());
  tasks_.spawn("wake parked", wake_parked());
  tasks_.spawn("overlooked children", find_overlooked());
  tasks_.spawn("watch tasks", watch_tasks());
  while (!over_ && !stopping_) co_await ended_.wait();

  co_await tasks_.close();
  std::vector<int> all;
  for (const auto& [partition, subscriptions] : held_) all.push_back(partition);
  if (over_) {
    held_.clear();
    for (const int partition : all) host_.drop(partition);
    co_await host_.close();
    co_return;
  }
  co_await give_away(all);
  Result<void> ended = co_await ports_.leases.end_incarnation(id_);
  if (!ended)
    log::warn("the clean end could not be recorded; others take over when the lease runs out",
              {{"error", ended.error().message}});
  ports_.bus.publish(bus::kPartitionsChanged, "");
  over_ = true;
  co_await host_.close();
}

// ---- lease

awaitable<void> Incarnation::keep_lease() {
  const auto period = std::chrono::duration_cast<std::chrono::milliseconds>(lease_) / 3;
  auto pause = period;
  while (!over_) {
    const auto left = lease_valid_until_ - kLeaseMargin - ports_.clock.steady_now();
    if (left <= SteadyClock::duration::zero()) {
      over("the lease could not be renewed in time");
      co_return;
    }
    const bool slept = co_await ports_.clock.sleep_for(std::min<SteadyClock::duration>(pause, left));
    if (!slept) co_return;
    // The database counts from when it sees the renewal, which is later than this.
    const auto asked = ports_.clock.steady_now();
    if (asked >= lease_valid_until_ - kLeaseMargin) continue;
    Result<bool> renewed = co_await ports_.leases.renew(id_, lease_);
    if (renewed && !*renewed) {
      over("fenced by another scheduler");
      co_return;
    }
    if (renewed) lease_valid_until_ = asked + lease_;
    pause = renewed ? period : std::chrono::milliseconds(300);
  }
}

// ---- partitions

awaitable<void> Incarnation::balance_partitions() {
  while (!over_) {
    look_again_ = false;
    co_await balance_once();
    if (look_again_) {
      // A burst of notices (several schedulers starting) is one reason to look.
      const bool slept = co_await ports_.clock.sleep_for(std::chrono::milliseconds(50));
      if (!slept) co_return;
      continue;
    }
    co_await ports_.clock.wait_for(partitions_changed_, lease_ / 3);
  }
}

awaitable<void> Incarnation::balance_once() {
  Result<std::vector<store::Peer>> peers = co_await ports_.leases.peers();
  if (!peers) co_return;
  int alive = 0;
  for (const store::Peer& peer : *peers) {
    if (peer.fenced) continue;
    if (peer.lease_left > std::chrono::milliseconds(0)) {
      ++alive;
      continue;
    }
    Result<bool> fenced = co_await ports_.leases.fence(peer.incarnation);
    if (fenced && *fenced)
      log::info("fenced a scheduler whose lease ran out", {{"incarnation", peer.incarnation}, {"name", peer.name}});
  }
  const int share = (partitions_ + std::max(alive, 1) - 1) / std::max(alive, 1);
  if (ports_.clock.steady_now() < claims_unclear_until_) co_await find_claimed();
  const int mine = static_cast<int>(held_.size());
  if (mine < share) {
    Result<std::vector<int>> claimed = co_await ports_.leases.claim(id_, share - mine);
    if (!claimed) claims_unclear_until_ = ports_.clock.steady_now() + kClaimMayAct;
    if (claimed && !claimed->empty()) co_await take(std::move(*claimed));
  } else if (mine > share) {
    std::vector<int> surplus;
    for (auto it = held_.rbegin(); it != held_.rend() && static_cast<int>(surplus.size()) < mine - share; ++it)
      surplus.push_back(it->first);
    co_await give_away(std::move(surplus));
    ports_.bus.publish(bus::kPartitionsChanged, "");
  }
  settled_ = true;
}

// What the database says is ours and we do not know of: nobody else would ever serve it.
awaitable<void> Incarnation::find_claimed() {
  Result<std::vector<store::PartitionOwner>> partitions = co_await ports_.leases.partitions();
  if (!partitions) co_return;
  std::vector<int> unknown;
  for (const store::PartitionOwner& partition : *partitions) {
    if (partition.owner == id_ && !held_.contains(partition.partition)) unknown.push_back(partition.partition);
  }
  if (!unknown.empty()) co_await take(std::move(unknown));
}

Incarnation::Subscriptions Incarnation::subscribe(int partition) {
  Subscriptions subscriptions;
  auto requests = ports_.bus.subscribe(bus::exec_subject(partition), [this](std::vector<bus::Message> messages) {
    for (const bus::Message& message : messages) {
      auto items = bus::decode<bus::ExecRequest>(message.data);
      if (!items) {
        log::warn("an execution request cannot be read", {{"error", items.error().message}});
        continue;
      }
      for (bus::ExecRequest& item : *items) host_.on_request(std::move(item));
    }
  });
  if (requests) subscriptions.requests = std::move(*requests);
  auto effects =
      ports_.bus.subscribe(bus::effect_result_subject(partition), [this](std::vector<bus::Message> messages) {
        for (const bus::Message& message : messages) {
          auto items = bus::decode<bus::TaskResult>(message.data);
          if (!items) {
            log::warn("a result cannot be read", {{"error", items.error().message}});
            continue;
          }
          for (bus::TaskResult& item : *items) host_.on_result(std::move(item), message.reply);
        }
      });
  if (effects) subscriptions.effects = std::move(*effects);
  auto progress = ports_.bus.subscribe(bus::progress_subject(partition), [this](std::vector<bus::Message> messages) {
    for (const bus::Message& message : messages) {
      auto items = bus::decode<bus::Progress>(message.data);
      if (!items) continue;
      for (const bus::Progress& item : *items) host_.on_progress(item);
    }
  });
  if (progress) subscriptions.progress = std::move(*progress);
  auto control = ports_.bus.subscribe(bus::control_subject(partition), [this](std::vector<bus::Message> messages) {
    for (const bus::Message& message : messages) {
      auto items = bus::decode<bus::ControlRequest>(message.data);
      if (!items) {
        log::warn("a control request cannot be read", {{"error", items.error().message}});
        continue;
      }
      for (bus::ControlRequest& item : *items) host_.on_control(std::move(item), message.reply);
    }
  });
  if (control) subscriptions.control = std::move(*control);
  auto notices = ports_.bus.subscribe(bus::notice_subject(partition), [this](std::vector<bus::Message> messages) {
    for (const bus::Message& message : messages) {
      auto items = bus::decode<bus::ExecutionNotice>(message.data);
      if (!items) {
        log::warn("a notice cannot be read", {{"error", items.error().message}});
        continue;
      }
      for (const bus::ExecutionNotice& item : *items) host_.on_notice(item);
    }
  });
  if (notices) subscriptions.notices = std::move(*notices);
  return subscriptions;
}

awaitable<void> Incarnation::take(std::vector<int> partitions) {
  for (const int partition : partitions) {
    host_.begin_taking(partition);
    held_.emplace(partition, subscribe(partition));
  }
  held_gauge_.set(static_cast<double>(held_.size()));
  log::info("took partitions", {{"incarnation", id_}, {"taken", partitions.size()}, {"held", held_.size()}});
  // The limits count on knowing all that run, also those for which there is no room in memory. Before the first of them
  // is loaded: one that ended while the answer was on its way would be counted for ever.
  while (!over_) {
    std::vector<int> those = partitions;
    Result<void> learned = co_await host_.learn_limited(std::move(those));
    if (learned) break;
    const bool slept = co_await ports_.clock.sleep_for(std::chrono::milliseconds(500));
    if (!slept) co_return;
  }
  // Twice if need be: a request that arrives while we look is either in the second look or in memory.
  co_await sweep(partitions, ports_.clock.wall_now() + std::chrono::hours(1));
  for (const int partition : partitions) host_.finish_taking(partition);
  wake_again_ = true;
  wake_soon_.notify_all();
  tell_of_partitions_();
}

awaitable<void> Incarnation::give_away(std::vector<int> partitions) {
  if (partitions.empty()) co_return;
  for (const int partition : partitions) held_.erase(partition);
  tell_of_partitions_();
  held_gauge_.set(static_cast<double>(held_.size()));
  // Our own commits first: after the release the next owner reads what they wrote, and what follows from them (events,
  // completions) is still ours to send.
  for (const int partition : partitions) host_.record_all(partition);
  const auto committing = [this, &partitions] {
    return std::any_of(partitions.begin(), partitions.end(),
                       [this](int partition) { return host_.has_commits(partition); });
  };
  const auto patience = ports_.clock.steady_now() + std::chrono::seconds(2);
  while (committing() && ports_.clock.steady_now() < patience)
    co_await ports_.progress.drain(std::chrono::milliseconds(20));
  for (const int partition : partitions) host_.drop(partition);
  if (committing()) co_await ports_.progress.drain(std::chrono::seconds(3));
  for (const int partition : partitions) {
    if (!host_.has_commits(partition)) continue;
    // Not released: whoever fences us waits for these commits instead.
    over("commits did not end in time for a hand-over");
    co_return;
  }
  Result<void> released = co_await ports_.leases.release(id_, partitions);
  if (!released) {
    over("partitions could not be released");
    co_return;
  }
  log::info("gave partitions away", {{"incarnation", id_}, {"given", partitions.size()}, {"held", held_.size()}});
}

// ---- executions that no message brought

// Loads what is live in `partitions` and not in memory. The answer: how many.
awaitable<std::size_t> Incarnation::sweep(std::vector<int> partitions, Timestamp before) {
  std::size_t loaded = 0;
  Uuid after;
  while (!over_ && !partitions.empty()) {
    Result<std::vector<std::pair<Uuid, int>>> ids =
        co_await ports_.executions.live_ids(partitions, before, after, kPage);
    if (!ids) {
      const bool slept = co_await ports_.clock.sleep_for(std::chrono::milliseconds(500));
      if (!slept) co_return loaded;
      continue;
    }
    std::vector<Uuid> missing;
    for (const auto& [id, partition] : *ids) {
      if (!host_.knows(id)) missing.push_back(id);
    }
    if (!missing.empty() && host_.has_capacity()) {
      const auto read_since = ports_.clock.steady_now();
      Result<std::vector<store::LiveExecution>> rows = co_await ports_.executions.load_live(std::move(missing));
      if (rows) {
        for (store::LiveExecution& row : *rows) co_await host_.adopt(std::move(row), read_since);
        loaded += rows->size();
      }
    }
    if (ids->size() < kPage) break;
    after = ids->back().first;
  }
  co_return loaded;
}

awaitable<void> Incarnation::sweep_partitions() {
  auto pause = std::chrono::milliseconds(1'000);
  while (!over_) {
    const bool hurried = co_await ports_.clock.wait_for(sweep_soon_, pause);
    std::vector<int> partitions = loaded();
    const std::size_t found = co_await sweep(std::move(partitions), ports_.clock.wall_now() - std::chrono::seconds(2));
    if (found > 0) log::info("the sweep found executions whose messages were lost", {{"found", found}});
    pause = found > 0 || hurried ? std::chrono::milliseconds(1'000)
                                 : std::min(pause * 2, std::chrono::milliseconds(30'000));
  }
}

awaitable<void> Incarnation::wake_parked() {
  while (!over_) {
    if (!std::exchange(wake_again_, false)) co_await ports_.clock.wait_for(wake_soon_, std::chrono::seconds(15));
    wake_again_ = false;
    const Timestamp before = ports_.clock.wall_now() + std::chrono::seconds(40);
    store::TimerPosition after;
    // What there is no room for comes with the next look.
    while (!over_ && host_.has_capacity()) {
      std::vector<int> partitions = loaded();
      if (partitions.empty()) break;
      Result<std::vector<store::DueTimer>> timers =
          co_await ports_.executions.timers_before(std::move(partitions), before, after, kPage);
      if (!timers || timers->empty()) break;
      after = {timers->back().fire_at, timers->back().execution_id};
      const bool last = timers->size() < kPage;
      std::vector<Uuid> ids;
      for (const store::DueTimer& timer : *timers) {
        if (!host_.knows(timer.execution_id) || host_.parked(timer.execution_id)) ids.push_back(timer.execution_id);
      }
      co_await wake(std::move(ids));
      if (last) break;
    }
  }
}

awaitable<void> Incarnation::wake(std::vector<Uuid> ids) {
  if (ids.empty()) co_return;
  const auto read_since = ports_.clock.steady_now();
  Result<std::vector<store::LiveExecution>> rows = co_await ports_.executions.load_live(std::move(ids));
  if (!rows) co_return;
  for (store::LiveExecution& row : *rows) co_await host_.adopt(std::move(row), read_since);
}

// Ends of children, and of their parents, whose notices were lost.
awaitable<void> Incarnation::find_overlooked() {
  while (!over_) {
    const bool slept = co_await ports_.clock.sleep_for(std::chrono::seconds(10));
    if (!slept) co_return;
    std::vector<int> partitions;
    for (const auto& [partition, subscriptions] : held_) partitions.push_back(partition);
    if (partitions.empty()) continue;
    Result<std::vector<std::pair<Uuid, int>>> found = co_await ports_.children.overlooked(std::move(partitions), 1'000);
    if (!found) continue;
    for (const auto& [id, partition] : *found) host_.on_notice({.execution_id = id, .partition = partition});
  }
}

awaitable<void> Incarnation::watch_tasks() {
  std::uint64_t reconnects = ports_.bus.reconnects();
  while (!over_) {
    const bool slept = co_await ports_.clock.sleep_for(std::chrono::seconds(1));
    if (!slept) co_return;
    host_.watch();
    if (const std::uint64_t now = ports_.bus.reconnects(); now != reconnects) {
      // Requests may have been lost while the bus was away.
      reconnects = now;
      sweep_soon_.notify_all();
    }
  }
}

}  // namespace r8r::scheduler
