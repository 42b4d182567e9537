#pragma once
#include <sys/types.h>

#include <filesystem>
#include <string>

namespace r8r::test {

/// A PostgreSQL cluster of its own for tests: in a temporary directory, on a unix socket there and a free loopback
/// port, with fsync on. PostgreSQL refuses to run as root, so root starts it as `postgres`, or else as `nobody`.
class PostgresServer {
 public:
  enum class Stop {
    fast,       ///< sessions end, everything is written: as an administrator does it
    immediate,  ///< as a crash: the next start recovers from the log
  };

  /// Makes the cluster and starts it. Throws std::runtime_error with the server's own words.
  PostgresServer();
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  void start();
  void stop(Stop how);
  /// A new empty database; the answer is its URL, over the loopback port.
  std::string create_database();
  /// The URL of the database `postgres`.
  std::string url() const { return url("postgres"); }
  int port() const { return port_; }

  /// One for the whole test program.
  static PostgresServer& shared();
  /// Another one, for tests that stop it: with few databases it is quick to stop and to recover.
  static PostgresServer& to_be_restarted();

 private:
  std::string url(const std::string& database) const;
  std::string log_text() const;

  std::filesystem::path directory_;
  std::filesystem::path programs_;
  uid_t user_ = 0;  // 0: our own
  gid_t group_ = 0;
  int port_ = 0;
  int databases_ = 0;
  pid_t pid_ = -1;
};

}  // namespace r8r::test
