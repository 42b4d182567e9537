#include "cli/server/data_dir.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

namespace r8r::server {

namespace fs = std::filesystem;

Result<fs::path> choose_data_dir(const std::string& flag, const std::map<std::string, std::string>& environment,
                                 bool root) {
  const auto value = [&environment](const char* name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::string() : found->second;
  };
  if (!flag.empty()) return fs::absolute(flag).lexically_normal();
  if (const std::string named = value("R8R_DATA_DIR"); !named.empty()) return fs::absolute(named).lexically_normal();
  if (root) return fs::path("/var/lib/r8r");
  // The XDG rules: a relative path is ignored.
  if (const std::string xdg = value("XDG_DATA_HOME"); xdg.starts_with('/')) return fs::path(xdg) / "r8r";
  if (const std::string home = value("HOME"); home.starts_with('/')) return fs::path(home) / ".local/share/r8r";
  return fail(ErrorCode::config_error,
              "there is no home folder to keep data in (HOME is not set): give one with --data-dir");
}

Result<DataDir> DataDir::open(fs::path path) {
  std::error_code error;
  // Another user (PostgreSQL's, when we are root) must be able to enter; only its own folder below opens to it.
  const bool existed = fs::exists(path, error);
  fs::create_directories(path, error);
  if (error)
    return fail(ErrorCode::config_error,
                fmt::format("cannot make the data directory {}: {}; choose another with --data-dir", path.string(),
                            error.message()));
  if (!existed) ::chmod(path.c_str(), ::geteuid() == 0 ? 0711 : 0700);

  const fs::path lock_file = path / "lock";
  const int lock = ::open(lock_file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0)
    return fail(ErrorCode::config_error,
                fmt::format("cannot write to the data directory {}: {}; choose another with --data-dir", path.string(),
                            std::strerror(errno)));
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    ::close(lock);
    long owner = 0;
    std::ifstream(lock_file) >> owner;
    return fail(
        ErrorCode::config_error,
        fmt::format("the data directory {} is already in use by r8r server (pid {}); stop it, or choose another with "
                    "--data-dir",
                    path.string(), owner));
  }
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(lock, 0) != 0 || ::pwrite(lock, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    const std::string reason = std::strerror(errno);
    ::close(lock);
    return fail(ErrorCode::config_error, fmt::format("cannot write {}: {}", lock_file.string(), reason));
  }
  return DataDir(std::move(path), lock);
}

DataDir::DataDir(DataDir&& other) noexcept : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}

DataDir::~DataDir() {
  if (lock_ < 0) return;
  // Nobody is named when nobody holds it; the file itself stays, or two servers could lock two files of this name.
  (void)!::ftruncate(lock_, 0);
  ::close(lock_);
}

}  // namespace r8r::server
