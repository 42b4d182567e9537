#pragma once
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "tests/simulation/cluster/scheduler_process.hpp"
#include "tests/simulation/cluster/worker_process.hpp"

namespace r8r::sim {

/// A workflow and what an execution of it comes to when nothing goes wrong.
struct Sample {
  std::string name;
  Uuid id;
  std::string yaml;
  std::shared_ptr<const workflow::Workflow> workflow;
  std::string status;
  std::string output;
  std::string error;
};

/// Which faults come, and how many in a minute.
struct Faults {
  int kill_scheduler = 6;
  int pause_scheduler = 4;
  int freeze_commit = 2;
  int stop_scheduler = 3;
  int jump_clock = 2;
  int kill_worker = 6;
  int pause_worker = 4;
  int stop_worker = 3;
  int lose_database = 3;
  int break_connections = 3;
  int restart_bus = 3;
  int lossy_bus = 4;

  static Faults none() { return {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}; }
};

struct Plan {
  std::uint64_t seed = 1;
  int schedulers = 3;
  int workers = 3;
  int partitions = 8;
  int executions = 100;
  /// Executions are accepted, and faults happen, for so long; then everything heals.
  std::chrono::seconds storm{60};
  Faults faults;
  /// Of a hundred executions, how many somebody pauses and resumes, cancels, or resumes when they failed.
  int steered = 10;
  Bug bug = Bug::none;
};

struct Verdict {
  /// Empty: everything was as it must be.
  std::vector<std::string> broken;
  std::size_t executions = 0;
  std::size_t steps = 0;
  std::size_t effect_calls = 0;
  std::size_t repeated_calls = 0;
  std::size_t kills = 0;
  std::chrono::microseconds took{0};  ///< of the world's time
};

/// Plays a whole cluster: accepts executions, lets faults happen, heals, waits until all have ended, and checks.
/// `samples`: what is run.
Verdict play(const Plan& plan, const std::vector<Sample>& samples);

}  // namespace r8r::sim
