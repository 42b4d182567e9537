#pragma once
#include <sys/types.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.hpp"

namespace r8r::server {

/// The user that a child runs as instead of ours.
struct User {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
};

/// What to start and how to stop it.
struct ChildSpec {
  std::string name;                                ///< for people: "api", "worker 2"
  std::vector<std::string> command;                ///< the program's absolute path first
  std::map<std::string, std::string> environment;  ///< on top of ours
  std::optional<User> user;
  std::filesystem::path directory;  ///< where it runs; empty: here
  std::filesystem::path log_file;   ///< takes both outputs; empty: our standard error takes both
  int stage = 0;                    ///< stopped from the highest stage to the lowest
  int stop_signal = SIGTERM;        ///< ends it in order; also what it gets when we die
  int hurry_signal = SIGKILL;       ///< ends it at once
  std::chrono::milliseconds stop_limit{5'000};
};

/// Starts the program in its own process group (a terminal's Ctrl-C reaches only us), without our descriptors, with
/// default signal handling, and bound to us: when we die, however that happens, it gets its stop_signal.
Result<pid_t> spawn(const ChildSpec& spec);

/// Starts it and waits for its end: its exit code, or 128 + the signal that ended it.
Result<int> run_to_end(const ChildSpec& spec);

/// "exited with code 1", "was killed by signal 9".
std::string describe_end(int wait_status);

/// Whether `user` may enter `path`: asked of the kernel, as that user.
bool can_enter(const User& user, const std::filesystem::path& path);

}  // namespace r8r::server
