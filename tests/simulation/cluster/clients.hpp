#pragma once
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "tests/simulation/cluster/scheduler_process.hpp"

namespace r8r::sim {

struct Sample;

/// What is known of an execution from outside.
struct Story {
  const Sample* sample = nullptr;
  /// Somebody paused, resumed or cancelled it.
  bool steered = false;
  bool cancelled = false;  ///< the owner said so
};

/// The api and its users: they accept executions, wait for ends, pause, resume and cancel, and believe what they are
/// told only when the database says the same.
class Clients : public Process {
 public:
  Clients(const SchedulerProcess::World& world, const std::vector<Sample>& samples);

  /// One more execution. `steered`: somebody will interfere with it.
  void accept(bool steered);
  std::size_t accepted() const { return stories_.size(); }
  const std::unordered_map<Uuid, Story>& stories() const { return stories_; }
  /// Nobody is about to do anything any more.
  bool content() const { return busy_ == 0; }
  const std::vector<std::string>& broken() const { return broken_; }

 private:
  Uuid next_id();
  void insert(store::LiveExecution execution, bool waits, bool steered);
  void steer(const Uuid& id, int partition);
  void keep_going(const Uuid& id, int partition, Duration until);
  /// Looks now and then at what people are asked, and decides some of it.
  void decide();
  using Next = std::function<void(bool done)>;
  void ask(const Uuid& id, int partition, std::string action, int tries, Next next);
  /// Asks the owner until it answers, or `tries` are used up; then does `next`.
  void ask(bus::ControlRequest request, int tries, Next next);
  void check_answer(const bus::ControlRequest& request);
  void on_completion(const bus::Message& message);

  SchedulerProcess::World world_;
  const std::vector<Sample>& samples_;
  std::unordered_map<Uuid, Story> stories_;
  std::vector<std::string> broken_;
  int busy_ = 0;
  std::uint64_t requests_ = 0;
  bus::Subscription completions_;
};

}  // namespace r8r::sim
