#include "cli/server/private_postgres.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <utility>

#include "cli/server/process_record.hpp"
#include "common/base/log.hpp"

namespace r8r::server {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds kStopLimit{15'000};  // a fast shutdown writes a checkpoint
constexpr std::size_t kSocketPathLimit = 107;            // sizeof sockaddr_un::sun_path, less the terminating zero
constexpr const char* kSocketName = ".s.PGSQL.5432";

// Written once, when the cluster is made; what must hold at every start is on the command line instead.
constexpr const char* kSettings = R"(
# r8r: for one machine. Change what you like, r8r does not touch this file again.
shared_buffers = 128MB
max_wal_size = 1GB
checkpoint_timeout = 15min
random_page_cost = 1.1
jit = off
log_checkpoints = off
log_min_messages = warning
log_line_prefix = '%m [%p] %a '
)";

std::string first_line(const fs::path& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

std::string last_lines(const fs::path& file) {
  std::ifstream in(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);)
    if (!line.empty()) lines.push_back(line);
  std::string text;
  for (std::size_t i = lines.size() > 3 ? lines.size() - 3 : 0; i < lines.size(); ++i) text += "\n  " + lines[i];
  return text;
}

bool has_programs(const fs::path& folder) {
  return ::access((folder / "initdb").c_str(), X_OK) == 0 && ::access((folder / "postgres").c_str(), X_OK) == 0;
}

// The programs of this major version; without one, the newest. Debian keeps them out of the PATH.
Result<fs::path> find_programs(const std::string& major) {
  std::vector<std::pair<int, fs::path>> found;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", ignored))
    if (has_programs(entry.path() / "bin"))
      found.emplace_back(std::atoi(entry.path().filename().c_str()), entry.path() / "bin");
  std::sort(found.rbegin(), found.rend());
  for (const auto& [version, folder] : found)
    if (major.empty() || major == std::to_string(version)) return folder;
  const char* path = std::getenv("PATH");
  std::string_view rest = path == nullptr ? "" : path;
  while (!rest.empty()) {
    const auto colon = rest.find(':');
    const fs::path folder(rest.substr(0, colon));
    rest = colon == std::string_view::npos ? "" : rest.substr(colon + 1);
    // initdb finds postgres next to its real place.
    if (has_programs(folder)) return fs::canonical(folder / "initdb", ignored).parent_path();
  }
  if (!found.empty())
    return fail(ErrorCode::config_error,
                fmt::format("the data was made by PostgreSQL {}, which is not installed: apt install postgresql-{}",
                            major, major));
  return fail(
      ErrorCode::config_error,
      "PostgreSQL is not installed: apt install postgresql-15, or set R8R_DATABASE_URL to a database of your own");
}

Result<std::optional<User>> database_user() {
  if (::geteuid() != 0) return std::optional<User>();
  for (const char* name : {"postgres", "nobody"})
    if (const passwd* entry = ::getpwnam(name); entry != nullptr)
      return std::optional<User>(User{name, entry->pw_uid, entry->pw_gid});
  return fail(ErrorCode::config_error,
              "PostgreSQL does not run as root, and there is neither a user postgres nor a user nobody to run it as");
}

Result<> own_folder(const fs::path& folder, const std::optional<User>& user) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error || ::chmod(folder.c_str(), 0700) != 0 || (user && ::chown(folder.c_str(), user->uid, user->gid) != 0))
    return fail(ErrorCode::config_error, fmt::format("cannot prepare {}: {}", folder.string(), std::strerror(errno)));
  return {};
}

std::string percent_encoded(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '/' || c == '-' || c == '_' || c == '.') {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

}  // namespace

bool fits_socket(const fs::path& folder) {
  const std::string path = folder.string();
  const bool plain = std::all_of(path.begin(), path.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '/' || c == '-' || c == '_' || c == '.';
  });
  return plain && path.size() + 1 + std::strlen(kSocketName) <= kSocketPathLimit;
}

Result<PrivatePostgres> PrivatePostgres::prepare(const DataDir& data, int connections) {
  PrivatePostgres postgres;
  postgres.cluster_ = data.file("postgres");
  postgres.log_file_ = data.file("postgres.log");
  postgres.connections_ = connections;
  auto programs = find_programs(first_line(postgres.cluster_ / "PG_VERSION"));
  if (!programs) return fail(programs.error());
  postgres.programs_ = *programs;
  auto user = database_user();
  if (!user) return fail(user.error());
  postgres.user_ = *user;
  if (postgres.user_ && !can_enter(*postgres.user_, data.path()))
    return fail(
        ErrorCode::config_error,
        fmt::format("PostgreSQL does not run as root, and user {} cannot enter {}: choose --data-dir under a path that "
                    "it can enter, or make this one enterable (chmod o+x)",
                    postgres.user_->name, data.path().string()));
  if (auto made = postgres.make_cluster(); !made) return fail(made.error());
  postgres.end_orphan();
  if (auto chosen = postgres.choose_socket_folder(data); !chosen) return fail(chosen.error());
  return postgres;
}

Result<> PrivatePostgres::make_cluster() const {
  if (fs::exists(cluster_ / "PG_VERSION")) return {};
  log::info("making the database cluster", {{"directory", cluster_.string()}});
  // Made under another name, so that a cluster that is there is always a whole one.
  const fs::path fresh = cluster_.string() + ".new";
  std::error_code error;
  fs::remove_all(fresh, error);
  if (auto owned = own_folder(fresh, user_); !owned) return owned;
  ChildSpec initdb;
  initdb.name = "initdb";
  initdb.command = {(programs_ / "initdb").string(),
                    "-D",
                    fresh.string(),
                    "-U",
                    "r8r",
                    "-E",
                    "UTF8",
                    "--locale=C.UTF-8",
                    "--auth-local=trust",
                    "--auth-host=reject",
                    "--no-instructions"};
  initdb.environment = {{"LC_ALL", "C.UTF-8"}};
  initdb.user = user_;
  initdb.directory = fresh;
  initdb.log_file = log_file_;
  const auto code = run_to_end(initdb);
  if (!code) return fail(code.error());
  if (*code != 0)
    return fail(ErrorCode::config_error, fmt::format("initdb could not make the database cluster in {} (code {}):{}",
                                                     cluster_.string(), *code, last_lines(log_file_)));
  {
    std::ofstream settings(fresh / "postgresql.conf", std::ios::app);
    settings << kSettings;
    if (!settings.flush())
      return fail(ErrorCode::config_error, fmt::format("cannot write {}", (fresh / "postgresql.conf").string()));
  }
  fs::rename(fresh, cluster_, error);
  if (error)
    return fail(ErrorCode::config_error,
                fmt::format("cannot put the database cluster in place at {}: {}", cluster_.string(), error.message()));
  return {};
}

void PrivatePostgres::end_orphan() const {
  const pid_t pid = std::atoi(first_line(cluster_ / "postmaster.pid").c_str());
  if (pid <= 1) return;
  // The file outlives a crash, and its number may belong to anybody now: a server of this cluster works in its folder.
  std::error_code error;
  const fs::path folder = fs::read_symlink(fmt::format("/proc/{}/cwd", pid), error);
  if (error || !fs::equivalent(folder, cluster_, error) || error) return;
  log::warn("stopping the database server that a former run left behind", {{"pid", pid}});
  end_process(pid, SIGINT, kStopLimit);
}

Result<> PrivatePostgres::choose_socket_folder(const DataDir& data) {
  // A server that was killed could not tidy up in /tmp.
  const fs::path note = data.file("socket_folder");
  std::error_code ignored;
  if (const std::string left = first_line(note); left.starts_with("/tmp/r8r-")) fs::remove_all(left, ignored);
  fs::remove(note, ignored);
  socket_folder_ = data.file("run");
  if (!fits_socket(socket_folder_)) {
    char pattern[] = "/tmp/r8r-XXXXXX";
    if (::mkdtemp(pattern) == nullptr)
      return fail(ErrorCode::config_error,
                  fmt::format("cannot make a folder for the database's socket in /tmp: {}", std::strerror(errno)));
    socket_folder_ = pattern;
    socket_folder_is_temporary_ = true;
    std::ofstream(note) << pattern << '\n';
  }
  return own_folder(socket_folder_, user_);
}

PrivatePostgres::PrivatePostgres(PrivatePostgres&& other) noexcept
    : programs_(std::move(other.programs_)),
      cluster_(std::move(other.cluster_)),
      socket_folder_(std::move(other.socket_folder_)),
      socket_folder_is_temporary_(std::exchange(other.socket_folder_is_temporary_, false)),
      log_file_(std::move(other.log_file_)),
      user_(std::move(other.user_)),
      connections_(other.connections_) {}

PrivatePostgres::~PrivatePostgres() {
  std::error_code ignored;
  if (socket_folder_is_temporary_) fs::remove_all(socket_folder_, ignored);
}

ChildSpec PrivatePostgres::spec() const {
  ChildSpec spec;
  spec.name = "postgres";
  spec.command = {(programs_ / "postgres").string(),
                  "-D",
                  cluster_.string(),
                  "-c",
                  "listen_addresses=",
                  "-c",
                  "port=5432",
                  "-c",
                  "unix_socket_directories=" + socket_folder_.string(),
                  "-c",
                  "logging_collector=off",
                  "-c",
                  "log_destination=stderr",
                  "-c",
                  fmt::format("max_connections={}", connections_)};
  spec.environment = {{"LC_ALL", "C.UTF-8"}};
  spec.user = user_;
  spec.directory = cluster_;
  spec.log_file = log_file_;
  spec.stage = 0;
  spec.stop_signal = SIGINT;    // fast shutdown: ends sessions, writes a checkpoint
  spec.hurry_signal = SIGQUIT;  // immediate shutdown: its own processes end with it
  spec.stop_limit = kStopLimit;
  return spec;
}

std::string PrivatePostgres::url_of(const std::string& database) const {
  return fmt::format("postgresql:///{}?host={}&port=5432&user=r8r", database, percent_encoded(socket_folder_.string()));
}

bool PrivatePostgres::ready() const {
  return PQping((url_of("postgres") + "&connect_timeout=2").c_str()) == PQPING_OK;
}

Result<> PrivatePostgres::create_database() const {
  PGconn* connection = PQconnectdb(url_of("postgres").c_str());
  std::string problem;
  if (PQstatus(connection) != CONNECTION_OK) {
    problem = PQerrorMessage(connection);
  } else {
    PGresult* found = PQexec(connection, "SELECT 1 FROM pg_database WHERE datname = 'r8r'");
    if (PQresultStatus(found) != PGRES_TUPLES_OK) {
      problem = PQerrorMessage(connection);
    } else if (PQntuples(found) == 0) {
      PGresult* made = PQexec(connection, "CREATE DATABASE r8r");
      if (PQresultStatus(made) != PGRES_COMMAND_OK) problem = PQerrorMessage(connection);
      PQclear(made);
    }
    PQclear(found);
  }
  PQfinish(connection);
  if (problem.empty()) return {};
  return fail(ErrorCode::storage_error, fmt::format("the database r8r could not be made: {}", problem));
}

}  // namespace r8r::server
