#pragma once
#include <chrono>
#include <functional>
#include <list>
#include <string>

#include "cli/server/backoff.hpp"
#include "cli/server/child.hpp"
#include "cli/server/process_record.hpp"

namespace r8r::server {

/// Keeps children running, and stops them in order. One thread: signals are read from a descriptor, so a handler never
/// interrupts anything. While it exists SIGINT, SIGTERM, SIGHUP and SIGCHLD are its own.
class Supervisor {
 public:
  explicit Supervisor(ProcessRecord& record);
  ~Supervisor();
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  /// Starts it; from now on it is started again, with back-off, whenever it dies.
  Result<> start(ChildSpec spec);

  enum class Wait { met, timed_out, stopping, broken };
  /// Looks after the children until `condition` holds. `broken`: a child ended with the code for wrong settings (2), or
  /// died five times since it was started here: see broken_child().
  Wait wait_until(const std::function<bool()>& condition, std::chrono::milliseconds limit);
  const std::string& broken_child() const { return broken_; }

  /// Looks after the children until someone asks to stop; calls `each_second` in between.
  void run(const std::function<void()>& each_second);

  /// Stops all children, highest stage first, each stage together; what does not end within its limit is killed. A
  /// second request to stop kills everything at once. Returns the exit code for the process: 0, or 130 after a second
  /// request.
  int stop();

  bool stopping() const { return requests_ > 0; }

 private:
  using Clock = std::chrono::steady_clock;
  struct Child {
    ChildSpec spec;
    pid_t pid = 0;  ///< 0: not running
    Clock::time_point started;
    Clock::time_point start_again = Clock::time_point::max();
    Backoff backoff;
    int deaths = 0;
  };

  Result<> launch(Child& child);
  /// Handles what has happened, and waits for more until `until` at the longest.
  void pump(Clock::time_point until);
  void reap();
  void on_death(Child& child, int wait_status);
  bool any_running(int stage) const;

  ProcessRecord& record_;
  std::list<Child> children_;
  int signals_ = -1;
  int requests_ = 0;  ///< how often we were asked to stop
  bool closing_ = false;
  std::string broken_;
};

}  // namespace r8r::server
