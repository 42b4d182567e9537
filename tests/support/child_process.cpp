#include "tests/support/child_process.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

extern char** environ;  // NOLINT: POSIX

namespace r8r::test {
namespace {

std::vector<std::string> environment_of(const std::map<std::string, std::string>& added) {
  std::vector<std::string> out;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text(*entry);
    // The settings of whoever runs the tests must not reach the services under test.
    if (text.starts_with("R8R_") || text.starts_with("DATABASE_URL=")) continue;
    if (added.contains(text.substr(0, text.find('=')))) continue;
    out.push_back(text);
  }
  for (const auto& [name, value] : added) out.push_back(name + "=" + value);
  return out;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

int code_of(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

pid_t fork_exec(const Command& command, int in, int out, int err) {
  std::vector<std::string> arguments = command.arguments;
  arguments.insert(arguments.begin(), command.program);
  std::vector<std::string> variables = environment_of(command.environment);
  const std::vector<char*> argv = pointers(arguments);
  const std::vector<char*> envp = pointers(variables);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid != 0) return pid;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);
  if (in >= 0) dup2(in, 0);
  dup2(out, 1);
  dup2(err, 2);
  execve(command.program.c_str(), argv.data(), envp.data());
  _exit(127);
}

std::string slurp(int fd) {
  lseek(fd, 0, SEEK_SET);
  std::string text;
  char buffer[8192];
  for (ssize_t count = 0; (count = read(fd, buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<std::size_t>(count));
  return text;
}

int temporary_file() {
  char name[] = "/tmp/r8r-output-XXXXXX";
  const int fd = mkostemp(name, O_CLOEXEC);
  unlink(name);
  return fd;
}

}  // namespace

void give_way(std::chrono::milliseconds pause) {
  poll(nullptr, 0, static_cast<int>(pause.count()));
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept {
  *this = std::move(other);
}
ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  if (this == &other) return *this;
  kill();
  command_ = std::move(other.command_);
  pid_ = std::exchange(other.pid_, -1);
  exit_code_ = other.exit_code_;
  return *this;
}
ChildProcess::~ChildProcess() {
  kill();
}

void ChildProcess::start() {
  if (running()) throw std::logic_error(command_.program + " runs already");
  const int log = open(command_.log_file.empty() ? "/dev/null" : command_.log_file.c_str(),
                       O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  const int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
  exit_code_.reset();
  pid_ = fork_exec(command_, in, log, log);
  close(log);
  close(in);
}

bool ChildProcess::running() {
  if (pid_ < 0) return false;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) != pid_) return true;
  exit_code_ = code_of(status);
  pid_ = -1;
  return false;
}

void ChildProcess::signal(int number) {
  if (pid_ > 0) ::kill(pid_, number);
}

void ChildProcess::kill() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  int status = 0;
  waitpid(pid_, &status, 0);
  exit_code_ = code_of(status);
  pid_ = -1;
}

std::optional<int> ChildProcess::wait(std::chrono::milliseconds limit) {
  if (!eventually(limit, [&] { return !running(); })) return std::nullopt;
  return exit_code_;
}

std::optional<int> ChildProcess::stop(std::chrono::milliseconds limit) {
  signal(SIGTERM);
  const std::optional<int> code = wait(limit);
  if (!code) kill();
  return code;
}

Finished run(const std::string& program, const std::vector<std::string>& arguments,
             const std::map<std::string, std::string>& environment, const std::string& input) {
  const int in = temporary_file();
  const int out = temporary_file();
  const int err = temporary_file();
  if (write(in, input.data(), input.size()) != static_cast<ssize_t>(input.size()))
    throw std::runtime_error("temporary file");
  lseek(in, 0, SEEK_SET);
  const pid_t pid = fork_exec({program, arguments, environment, ""}, in, out, err);
  int status = 0;
  waitpid(pid, &status, 0);
  Finished finished{code_of(status), slurp(out), slurp(err)};
  close(in);
  close(out);
  close(err);
  return finished;
}

int free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), length) != 0) throw std::runtime_error("no free port");
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
  close(fd);
  return ntohs(address.sin_port);
}

std::string temporary_directory(const std::string& prefix) {
  std::string name = (std::filesystem::temp_directory_path() / (prefix + "-XXXXXX")).string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary directory");
  return name;
}

}  // namespace r8r::test
