#include "cli/server/child.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>

extern char** environ;  // NOLINT: POSIX

namespace r8r::server {
namespace {

constexpr off_t kLogLimit = 10 * 1024 * 1024;  // bytes; a longer log is set aside at the next start

// The environment of the child as execve() takes it. Made before the fork.
class EnvironmentBlock {
 public:
  explicit EnvironmentBlock(const std::map<std::string, std::string>& changes) {
    std::map<std::string, std::string> all;
    for (char** entry = environ; *entry != nullptr; ++entry) {
      const std::string text = *entry;
      const auto equals = text.find('=');
      if (equals != std::string::npos) all[text.substr(0, equals)] = text.substr(equals + 1);
    }
    for (const auto& [name, value] : changes) all[name] = value;
    for (const auto& [name, value] : all) lines_.push_back(name + "=" + value);
    for (std::string& line : lines_) pointers_.push_back(line.data());
    pointers_.push_back(nullptr);
  }
  char** data() { return pointers_.data(); }

 private:
  std::vector<std::string> lines_;
  std::vector<char*> pointers_;
};

int open_log(const std::filesystem::path& file) {
  struct stat found {};
  if (::stat(file.c_str(), &found) == 0 && found.st_size > kLogLimit) {
    std::error_code ignored;
    std::filesystem::rename(file, file.string() + ".1", ignored);
  }
  return ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

bool become(const User& user) {
  return ::initgroups(user.name.c_str(), user.gid) == 0 && ::setgid(user.gid) == 0 && ::setuid(user.uid) == 0;
}

// Runs in the child between fork and exec; returns only with errno set.
void exec_child(const ChildSpec& spec, pid_t parent, int output, char** arguments, char** environment) {
  ::setpgid(0, 0);
  if (spec.user && !become(*spec.user)) return;
  // After the change of user, which clears it. The parent may have died before this line.
  ::prctl(PR_SET_PDEATHSIG, spec.stop_signal);
  if (::getppid() != parent) ::_exit(1);
  if (!spec.directory.empty() && ::chdir(spec.directory.c_str()) != 0) return;
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (nothing < 0 || ::dup2(nothing, STDIN_FILENO) < 0) return;
  if (::dup2(output, STDOUT_FILENO) < 0 || ::dup2(output, STDERR_FILENO) < 0) return;
  ::close_range(3, UINT_MAX, CLOSE_RANGE_CLOEXEC);
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execve(arguments[0], arguments, environment);
}

}  // namespace

Result<pid_t> spawn(const ChildSpec& spec) {
  std::vector<std::string> command = spec.command;
  std::vector<char*> arguments;
  for (std::string& argument : command) arguments.push_back(argument.data());
  arguments.push_back(nullptr);
  EnvironmentBlock environment(spec.environment);

  const int log = spec.log_file.empty() ? -1 : open_log(spec.log_file);
  if (!spec.log_file.empty() && log < 0)
    return fail(ErrorCode::internal_error,
                fmt::format("cannot write {}: {}", spec.log_file.string(), std::strerror(errno)));

  // The child writes errno here when it cannot become the program; exec closes the pipe without a word.
  int pipe[2];
  if (::pipe2(pipe, O_CLOEXEC) != 0) {
    if (log >= 0) ::close(log);
    return fail(ErrorCode::internal_error, fmt::format("cannot start {}: {}", spec.name, std::strerror(errno)));
  }
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) {
    exec_child(spec, parent, log >= 0 ? log : STDERR_FILENO, arguments.data(), environment.data());
    const int error = errno;
    (void)!::write(pipe[1], &error, sizeof error);
    ::_exit(127);
  }
  const int fork_error = errno;
  ::close(pipe[1]);
  if (log >= 0) ::close(log);
  int error = pid < 0 ? fork_error : 0;
  if (pid > 0) {
    ssize_t got = 0;
    while ((got = ::read(pipe[0], &error, sizeof error)) < 0 && errno == EINTR) {
    }
    if (got > 0) {
      while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
      }
    } else {
      error = 0;
    }
  }
  ::close(pipe[0]);
  if (error != 0)
    return fail(ErrorCode::internal_error,
                fmt::format("cannot start {} ({}): {}", spec.name, spec.command.front(), std::strerror(error)));
  return pid;
}

Result<int> run_to_end(const ChildSpec& spec) {
  const auto pid = spawn(spec);
  if (!pid) return fail(pid.error());
  int status = 0;
  while (::waitpid(*pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::string describe_end(int wait_status) {
  if (WIFEXITED(wait_status)) return fmt::format("exited with code {}", WEXITSTATUS(wait_status));
  return fmt::format("was killed by signal {} ({})", WTERMSIG(wait_status), ::strsignal(WTERMSIG(wait_status)));
}

bool can_enter(const User& user, const std::filesystem::path& path) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(become(user) && ::access(path.c_str(), X_OK) == 0 ? 0 : 1);
  int status = 1;
  while (pid > 0 && ::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace r8r::server
