#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include "cli/server/child.hpp"
#include "cli/server/data_dir.hpp"

namespace r8r::server {

/// A PostgreSQL cluster of our own below the data directory, reachable over a unix socket only, and only by this user.
/// As root, which PostgreSQL refuses, it runs as user postgres (or nobody).
class PrivatePostgres {
 public:
  /// Finds the programs, makes the cluster once, and ends a server that a former run left on it. `connections`: how
  /// many it must be able to serve. Errors say what is missing and what to do.
  static Result<PrivatePostgres> prepare(const DataDir& data, int connections);
  ~PrivatePostgres();
  PrivatePostgres(PrivatePostgres&&) noexcept;
  PrivatePostgres(const PrivatePostgres&) = delete;

  ChildSpec spec() const;
  /// Whether it answers now.
  bool ready() const;
  /// Makes the database r8r when it is not there.
  Result<> create_database() const;
  /// For libpq: postgresql:///r8r?host=…
  std::string url() const { return url_of("r8r"); }

 private:
  PrivatePostgres() = default;
  std::string url_of(const std::string& database) const;
  Result<> make_cluster() const;
  Result<> choose_socket_folder(const DataDir& data);
  void end_orphan() const;

  std::filesystem::path programs_;  ///< folder with initdb and postgres
  std::filesystem::path cluster_;
  std::filesystem::path socket_folder_;
  bool socket_folder_is_temporary_ = false;
  std::filesystem::path log_file_;
  std::optional<User> user_;
  int connections_ = 0;
};

/// Whether PostgreSQL's socket can live in this folder: its whole path stays within the kernel's limit of 107 bytes
/// and needs no quoting in PostgreSQL's settings.
bool fits_socket(const std::filesystem::path& folder);

}  // namespace r8r::server
