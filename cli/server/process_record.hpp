#pragma once
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

namespace r8r::server {

/// A file with the children that run now. A server that is killed leaves them behind for as long as they take to stop
/// (they are told by the kernel); the next server on the same data directory finds them here and waits, so that ports
/// and databases are free when it starts its own.
class ProcessRecord {
 public:
  explicit ProcessRecord(std::filesystem::path file) : file_(std::move(file)) {}

  void add(pid_t pid, const std::string& name, int stop_signal);
  void remove(pid_t pid);

  /// Ends what a former server left: asks, waits until `limit`, then kills. The number of processes that were found.
  std::size_t end_leftovers(std::chrono::milliseconds limit);

 private:
  struct Entry {
    std::uint64_t started = 0;  ///< ticks since boot: with the pid, the identity of a process
    int stop_signal = 0;
    std::string name;
  };
  void save() const;

  std::filesystem::path file_;
  std::map<pid_t, Entry> entries_;
};

/// When a process started, in ticks since boot; 0 when there is no such process (or only its remains).
std::uint64_t process_start(pid_t pid);

/// Asks with `stop_signal`, waits, kills after `limit`. Returns when the process is gone.
void end_process(pid_t pid, int stop_signal, std::chrono::milliseconds limit);

}  // namespace r8r::server
