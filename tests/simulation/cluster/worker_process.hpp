#pragma once
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "services/worker/effect_runner.hpp"
#include "tests/simulation/cluster/effects.hpp"
#include "tests/simulation/cluster/scheduler_process.hpp"

namespace r8r::sim {

/// A worker: the real running of nodes; its queueing, answering and giving up as services/worker does it.
class WorkerProcess : public Process, Puller {
 public:
  WorkerProcess(const SchedulerProcess::World& world, Effects& effects, std::string name);
  ~WorkerProcess() override;

  /// Gives back what has not begun, finishes the rest; it can be destroyed when done().
  void drain();
  bool done() const { return draining_ && attempts_.empty(); }

 private:
  struct Attempt {
    bus::Task task;
    std::vector<std::uint64_t> deliveries;
    std::string answer;  ///< encoded; empty while it runs
    int tries = 0;
    bool cancelled = false;
  };
  using Key = worker::AttemptKey;
  using AttemptPtr = std::shared_ptr<Attempt>;

  Process& process() override { return *this; }
  int room() const override { return draining_ ? 0 : kRoom - held_; }
  void take(Delivery delivery) override;

  void begin(const Delivery& delivery);
  void run_pure(const Delivery& delivery, const bus::Task& task);
  void run_effect(const AttemptPtr& attempt);
  std::string execute(const Attempt& attempt);
  void deliver(const AttemptPtr& attempt);
  void close(const AttemptPtr& attempt, bool answered);
  void finish(std::uint64_t delivery);
  void cancel(const Uuid& execution, std::int64_t dispatch);
  void beat();

  static constexpr int kRoom = 16;

  SchedulerProcess::World world_;
  Effects& effects_;
  std::string name_;
  std::string inbox_;
  int held_ = 0;
  bool draining_ = false;
  std::unordered_map<Key, AttemptPtr, Key::Hash> attempts_;
  std::unordered_set<Key, Key::Hash> answered_;
  bus::Subscription cancels_;
  bus::Subscription answers_;
};

}  // namespace r8r::sim
