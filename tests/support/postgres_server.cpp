#include "tests/support/postgres_server.hpp"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <vector>

#include "tests/support/child_process.hpp"

namespace r8r::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

/// The folder with initdb and postgres: Debian's newest, else the first on PATH.
fs::path find_programs() {
  fs::path best;
  int newest = 0;
  std::error_code ignored;
  for (const auto& version : fs::directory_iterator("/usr/lib/postgresql", ignored)) {
    const int number = std::atoi(version.path().filename().c_str());
    if (number > newest && fs::exists(version.path() / "bin/initdb")) {
      newest = number;
      best = version.path() / "bin";
    }
  }
  if (!best.empty()) return best;
  const char* path = std::getenv("PATH");
  std::istringstream folders(path != nullptr ? path : "");
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (fs::exists(fs::path(folder) / "initdb") && fs::exists(fs::path(folder) / "postgres")) return folder;
  }
  throw std::runtime_error(
      "PostgreSQL's programs were not found in /usr/lib/postgresql/*/bin or PATH; install postgresql");
}

std::string read_file(const fs::path& file) {
  std::ifstream in(file);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

/// Starts a program as this user with its output in `log`. The strings are made before fork: afterwards only calls that
/// are safe in the child of a threaded process.
pid_t start_as(uid_t user, gid_t group, std::vector<std::string> command, const std::string& log,
               const std::string& home) {
  std::vector<char*> arguments;
  for (std::string& part : command) arguments.push_back(part.data());
  arguments.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid < 0) throw std::runtime_error("fork failed");
  if (pid > 0) return pid;
  if (user != 0 && (::setgroups(0, nullptr) != 0 || ::setgid(group) != 0 || ::setuid(user) != 0)) ::_exit(126);
  // After setuid, which clears it. SIGQUIT makes the server stop at once, with its own children.
  ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
  const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  const int in = ::open("/dev/null", O_RDONLY);
  if (out < 0 || in < 0 || ::chdir(home.c_str()) != 0) ::_exit(126);
  ::dup2(in, 0);
  ::dup2(out, 1);
  ::dup2(out, 2);
  ::setsid();
  ::execv(arguments[0], arguments.data());
  ::_exit(127);
}

bool ended(pid_t pid, int& status) {
  return ::waitpid(pid, &status, WNOHANG) == pid;
}

}  // namespace

PostgresServer& PostgresServer::shared() {
  static PostgresServer server;
  return server;
}

PostgresServer& PostgresServer::to_be_restarted() {
  static PostgresServer server;
  return server;
}

PostgresServer::PostgresServer() : directory_(temporary_directory("r8r-postgres")), programs_(find_programs()) {
  if (::geteuid() == 0) {
    const passwd* user = ::getpwnam("postgres");
    if (user == nullptr) user = ::getpwnam("nobody");
    if (user == nullptr) throw std::runtime_error("neither a user postgres nor nobody exists to run the server");
    user_ = user->pw_uid;
    group_ = user->pw_gid;
    if (::chown(directory_.c_str(), user_, group_) != 0)
      throw std::runtime_error("chown of " + directory_.string() + " failed");
  }
  const std::string log = directory_ / "log";
  const std::vector<std::string> initdb = {
      programs_ / "initdb", "-D",       directory_ / "data", "-U", "r8r", "-A", "trust", "-E", "UTF8",
      "--locale=C.UTF-8",   "--no-sync"};
  const pid_t pid = start_as(user_, group_, initdb, log, directory_);
  int status = 0;
  if (!eventually(60s, [&] { return ended(pid, status); }) || status != 0) {
    throw std::runtime_error("initdb failed: " + log_text());
  }
  port_ = free_port();
  start();
}

PostgresServer::~PostgresServer() {
  stop(Stop::immediate);
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
}

void PostgresServer::start() {
  const std::vector<std::string> command = {programs_ / "postgres",
                                            "-D",
                                            directory_ / "data",
                                            "-k",
                                            directory_,
                                            "-h",
                                            "127.0.0.1",
                                            "-p",
                                            std::to_string(port_),
                                            "-c",
                                            "max_connections=200",
                                            "-c",
                                            "shared_buffers=64MB",
                                            "-c",
                                            "log_checkpoints=off"};
  pid_ = start_as(user_, group_, command, directory_ / "log", directory_);
  const bool ready = eventually(60s, [&] {
    int status = 0;
    if (ended(pid_, status)) {
      pid_ = -1;
      throw std::runtime_error("postgres ended at once: " + log_text());
    }
    return run(programs_ / "pg_isready", {"-q", "-h", "127.0.0.1", "-p", std::to_string(port_)}).exit_code == 0;
  });
  if (!ready) throw std::runtime_error("postgres does not accept connections: " + log_text());
}

void PostgresServer::stop(Stop how) {
  if (pid_ <= 0) return;
  ::kill(pid_, how == Stop::fast ? SIGINT : SIGQUIT);
  int status = 0;
  // A fast stop writes everything that is still in memory; on a busy disk that takes its time.
  if (!eventually(120s, [&] { return ended(pid_, status); })) {
    // It leads a session of its own: its children are of the same process group or end with it.
    ::kill(-pid_, SIGKILL);
    ::waitpid(pid_, &status, 0);
  }
  pid_ = -1;
}

std::string PostgresServer::create_database() {
  const std::string name = "test_" + std::to_string(++databases_);
  const Finished made = run(programs_ / "createdb",
                            {"-h", "127.0.0.1", "-p", std::to_string(port_), "-U", "r8r", "-T", "template0", name});
  if (made.exit_code != 0) throw std::runtime_error("createdb failed: " + made.err);
  return url(name);
}

std::string PostgresServer::url(const std::string& database) const {
  return "postgres://r8r@127.0.0.1:" + std::to_string(port_) + "/" + database;
}

std::string PostgresServer::log_text() const {
  return read_file(directory_ / "log");
}

}  // namespace r8r::test
