#pragma once
#include <sys/types.h>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace r8r::test {

struct Command {
  std::string program;
  std::vector<std::string> arguments;
  std::map<std::string, std::string> environment;  ///< added to ours
  std::string log_file;                            ///< stdout and stderr are appended to it
};

/// A process that a test starts, and ends by its pid. It dies with the test.
class ChildProcess {
 public:
  ChildProcess() = default;
  explicit ChildProcess(Command command) : command_(std::move(command)) {}
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;
  ~ChildProcess();

  void start();
  void signal(int number);
  /// SIGKILL, and waits until it is gone.
  void kill();
  /// SIGTERM; the exit code when it ends in time (128 + signal when a signal ended it), else it is killed and the
  /// answer is nullopt.
  std::optional<int> stop(std::chrono::milliseconds limit);
  /// Waits for it to end by itself.
  std::optional<int> wait(std::chrono::milliseconds limit);
  bool running();
  pid_t pid() const { return pid_; }
  const Command& command() const { return command_; }

 private:
  Command command_;
  pid_t pid_ = -1;
  std::optional<int> exit_code_;
};

/// Runs a command to its end. Exit code and what it wrote to stdout and stderr.
struct Finished {
  int exit_code = -1;
  std::string out;
  std::string err;
};
Finished run(const std::string& program, const std::vector<std::string>& arguments,
             const std::map<std::string, std::string>& environment = {}, const std::string& input = "");

/// A loopback port that nobody uses at this moment.
int free_port();
/// A new directory below the system's temporary one.
std::string temporary_directory(const std::string& prefix);
/// Asks until `condition` holds (true) or `limit` has passed (false), giving way in between.
template <class Condition>
bool eventually(std::chrono::milliseconds limit, Condition condition);
void give_way(std::chrono::milliseconds pause);

template <class Condition>
bool eventually(std::chrono::milliseconds limit, Condition condition) {
  const auto give_up = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= give_up) return false;
    give_way(std::chrono::milliseconds(10));
  }
  return true;
}

}  // namespace r8r::test
