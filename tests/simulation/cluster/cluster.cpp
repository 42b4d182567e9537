#include "tests/simulation/cluster/cluster.hpp"

#include <fmt/format.h>

#include "common/bus/subjects.hpp"
#include "tests/simulation/cluster/checks.hpp"
#include "tests/simulation/cluster/clients.hpp"
#include "tests/simulation/cluster/start_of_time.hpp"

namespace r8r::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Past this, with everything healed, whoever has not ended never will.
constexpr std::chrono::minutes kPatience{120};

class Cluster {
 public:
  Cluster(const Plan& plan, const std::vector<Sample>& samples)
      : plan_(plan),
        bugs_{plan.bug},
        events_(plan.seed),
        database_(events_, bugs_, plan.partitions),
        network_(events_),
        queue_(events_),
        effects_(events_, database_),
        world_{events_, database_, network_, queue_, workflows_, bugs_, plan.partitions},
        clients_(world_, samples),
        samples_(samples) {
    for (const Sample& sample : samples) {
      workflows_.emplace(sample.id, sample.workflow);
      database_.define(sample.name, sample.id, sample.workflow);
    }
  }

  Verdict run() {
    for (int i = 0; i < plan_.schedulers; ++i) start_scheduler();
    for (int i = 0; i < plan_.workers; ++i) start_worker();
    for (int i = 0; i < plan_.executions; ++i) {
      const Duration at = events_.between(Duration(0), plan_.storm);
      events_.after(at, [this] { clients_.accept(events_.pick(100) < plan_.steered); });
    }
    schedule_faults();
    events_.after(plan_.storm, [this] { heal(); });
    tend();
    while (!settled() && events_.now() < plan_.storm + kPatience) {
      if (!events_.step()) break;
    }
    return verdict();
  }

 private:
  template <class Fault>
  void plan_fault(int per_minute, Fault fault) {
    if (per_minute == 0) return;
    const Duration mean = seconds(60) / per_minute;
    events_.after(events_.between(milliseconds(10), mean * 2), [this, per_minute, fault] {
      if (healed_) return;
      fault();
      plan_fault(per_minute, fault);
    });
  }

  void schedule_faults() {
    const Faults& faults = plan_.faults;
    plan_fault(faults.kill_scheduler, [this] { kill(schedulers_); });
    plan_fault(faults.pause_scheduler, [this] { pause(schedulers_); });
    plan_fault(faults.freeze_commit, [this] {
      if (SchedulerProcess* one = any(schedulers_))
        one->freeze_at_commit(events_.between(milliseconds(5'000), milliseconds(40'000)));
    });
    plan_fault(faults.stop_scheduler, [this] {
      if (SchedulerProcess* one = any(schedulers_); one != nullptr && !one->paused()) one->stop();
    });
    plan_fault(faults.jump_clock, [this] {
      if (SchedulerProcess* one = any(schedulers_))
        one->jump_clock(events_.between(milliseconds(-30'000), milliseconds(30'000)));
    });
    plan_fault(faults.kill_worker, [this] { kill(workers_); });
    plan_fault(faults.pause_worker, [this] { pause(workers_); });
    plan_fault(faults.stop_worker, [this] {
      if (WorkerProcess* one = any(workers_)) one->drain();
    });
    plan_fault(faults.lose_database, [this] {
      database_.up = false;
      events_.after(events_.between(milliseconds(20), milliseconds(6'000)), [this] { database_.up = true; });
    });
    plan_fault(faults.break_connections, [this] {
      database_.answers_lost = events_.pick(300);
      events_.after(events_.between(milliseconds(100), milliseconds(5'000)), [this] { database_.answers_lost = 0; });
    });
    plan_fault(faults.restart_bus, [this] {
      network_.up = false;
      const bool loses_tasks = events_.chance(700);
      events_.after(events_.between(milliseconds(20), milliseconds(3'000)), [this, loses_tasks] {
        if (loses_tasks) queue_.wipe();
        ++network_.outages;
        network_.up = true;
        queue_.deliver();
      });
    });
    plan_fault(faults.lossy_bus, [this] {
      network_.lost = events_.pick(400);
      network_.doubled = events_.pick(300);
      network_.slow = events_.pick(300);
      network_.late = events_.pick(100);
      events_.after(events_.between(milliseconds(100), milliseconds(8'000)), [this] { calm_network(); });
    });
  }

  void calm_network() { network_.lost = network_.doubled = network_.slow = network_.late = 0; }

  template <class T>
  T* any(std::vector<std::unique_ptr<T>>& processes) {
    return processes.empty() ? nullptr : processes[index_of_any(processes)].get();
  }
  template <class T>
  std::size_t index_of_any(const std::vector<std::unique_ptr<T>>& processes) {
    return static_cast<std::size_t>(events_.pick(static_cast<int>(processes.size())));
  }
  template <class T>
  void kill(std::vector<std::unique_ptr<T>>& processes) {
    if (processes.empty()) return;
    ++kills_;
    processes.erase(processes.begin() + static_cast<std::ptrdiff_t>(index_of_any(processes)));
  }
  template <class T>
  void pause(std::vector<std::unique_ptr<T>>& processes) {
    T* one = any(processes);
    if (one == nullptr || one->paused()) return;
    one->pause_for(events_.chance(500) ? events_.between(milliseconds(10), milliseconds(2'000))
                                       : events_.between(milliseconds(2'000), milliseconds(60'000)));
  }

  void start_scheduler() {
    if (!database_.up) return;
    SchedulerProcess::Clocks clocks;
    clocks.wall_ahead = events_.between(milliseconds(-400), milliseconds(400));
    clocks.rate = 0.99 + 0.0001 * events_.pick(200);
    schedulers_.push_back(std::make_unique<SchedulerProcess>(world_, clocks));
  }
  void start_worker() {
    workers_.push_back(std::make_unique<WorkerProcess>(world_, effects_, fmt::format("w{}", ++worker_names_)));
  }

  // What supervises the processes: those that ended go, others come.
  void tend() {
    std::erase_if(schedulers_, [](const auto& one) { return one->over(); });
    std::erase_if(workers_, [](const auto& one) { return one->done(); });
    if (static_cast<int>(schedulers_.size()) < plan_.schedulers && (healed_ || events_.chance(300))) start_scheduler();
    if (static_cast<int>(workers_.size()) < plan_.workers && (healed_ || events_.chance(300))) start_worker();
    events_.after(milliseconds(500), [this] { tend(); });
  }

  void heal() {
    healed_ = true;
    database_.up = true;
    database_.answers_lost = 0;
    network_.up = true;
    calm_network();
    for (auto& one : schedulers_) one->go_on();
    for (auto& one : workers_) one->go_on();
    queue_.deliver();
  }

  bool settled() const { return healed_ && clients_.content() && database_.live_count() == 0; }

  Verdict verdict() {
    Verdict verdict;
    verdict.executions = database_.all().size();
    verdict.steps = events_.steps();
    verdict.effect_calls = effects_.calls();
    verdict.repeated_calls = effects_.repeated();
    verdict.kills = kills_;
    verdict.took = events_.now();
    verdict.broken = database_.broken();
    const auto add = [&](const std::vector<std::string>& more) {
      verdict.broken.insert(verdict.broken.end(), more.begin(), more.end());
    };
    add(effects_.broken());
    add(clients_.broken());
    add(check_executions(database_, clients_.stories(), samples_));
    return verdict;
  }

  const Plan& plan_;
  Bugs bugs_;
  Events events_;
  Database database_;
  Network network_;
  WorkQueue queue_;
  Effects effects_;
  Workflows workflows_;
  SchedulerProcess::World world_;
  Clients clients_;
  const std::vector<Sample>& samples_;
  std::vector<std::unique_ptr<SchedulerProcess>> schedulers_;
  std::vector<std::unique_ptr<WorkerProcess>> workers_;
  int worker_names_ = 0;
  bool healed_ = false;
  std::size_t kills_ = 0;
};

}  // namespace

Verdict play(const Plan& plan, const std::vector<Sample>& samples) {
  return Cluster(plan, samples).run();
}

}  // namespace r8r::sim
