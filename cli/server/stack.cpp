#include "cli/server/stack.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <optional>

#include "cli/client/api_client.hpp"
#include "cli/console/text.hpp"
#include "cli/server/ports.hpp"
#include "cli/server/private_nats.hpp"
#include "cli/server/private_postgres.hpp"
#include "cli/server/supervisor.hpp"
#include "cli/server/workflow_folders.hpp"
#include "common/base/log.hpp"

namespace r8r::server {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kReadyLimit{60'000};
constexpr std::chrono::milliseconds kDatabaseLimit{300'000};  // it may have to replay its log after a crash
constexpr std::chrono::milliseconds kProbeLimit{300};
constexpr std::chrono::milliseconds kLeftoverLimit{10'000};
constexpr int kDrainSeconds = 3;  // what the services may take to finish, unless the environment says otherwise
constexpr std::chrono::milliseconds kStopMargin{2'000};

/// A service that runs as a child, and where it says whether it is ready.
struct Service {
  ChildSpec spec;
  std::string url;
  bool ready = false;
  std::string reason;  ///< why it was not ready when last asked
};

class Stack {
 public:
  explicit Stack(const ServerOptions& options) : options_(options), began_(Clock::now()) {}
  Result<int> run();

 private:
  std::string variable(const char* name) const {
    const auto found = options_.environment.find(name);
    return found == options_.environment.end() ? std::string() : found->second;
  }
  /// Error when the wait did not end well; a request to stop is no error.
  Result<> check(Supervisor& supervisor, Supervisor::Wait wait, const std::string& what, const std::string& see) const;
  Result<> start_database(Supervisor& supervisor, const DataDir& data);
  Result<> start_bus(Supervisor& supervisor, const DataDir& data);
  Result<> start_services(Supervisor& supervisor);
  Result<> wait_for_services(Supervisor& supervisor);
  Result<> start_all(Supervisor& supervisor, const DataDir& data);
  Service service(const std::string& program, const std::string& name, int stage) const;
  std::map<std::string, std::string> service_environment() const;

  const ServerOptions& options_;
  Clock::time_point began_;
  int port_ = 0;
  std::string database_url_;  ///< ours; empty when the environment names one
  std::string nats_url_;
  std::optional<PrivatePostgres> postgres_;
  std::optional<PrivateNats> nats_;
  std::vector<Service> services_;
};

Result<> Stack::check(Supervisor& supervisor, Supervisor::Wait wait, const std::string& what,
                      const std::string& see) const {
  switch (wait) {
    case Supervisor::Wait::met:
    case Supervisor::Wait::stopping:
      return {};
    case Supervisor::Wait::broken:
      return fail(ErrorCode::internal_error, fmt::format("{}; {}", supervisor.broken_child(), see));
    case Supervisor::Wait::timed_out:
      break;
  }
  return fail(ErrorCode::timeout, fmt::format("{} was not ready in time; {}", what, see));
}

Result<> Stack::start_database(Supervisor& supervisor, const DataDir& data) {
  if (!options_.own_database) return {};
  const int connections = std::max(100, 40 + 12 * (options_.schedulers + options_.workers));
  auto postgres = PrivatePostgres::prepare(data, connections);
  if (!postgres) return fail(postgres.error());
  postgres_.emplace(std::move(*postgres));
  if (auto started = supervisor.start(postgres_->spec()); !started) return started;
  const auto wait = supervisor.wait_until([this] { return postgres_->ready(); }, kDatabaseLimit);
  const std::string see = fmt::format("its log is {}", data.file("postgres.log").string());
  if (auto checked = check(supervisor, wait, "the database", see); !checked || supervisor.stopping()) return checked;
  if (auto made = postgres_->create_database(); !made) return made;
  database_url_ = postgres_->url();
  return {};
}

Result<> Stack::start_bus(Supervisor& supervisor, const DataDir& data) {
  if (!options_.own_bus) return {};
  auto nats = PrivateNats::prepare(data);
  if (!nats) return fail(nats.error());
  nats_.emplace(std::move(*nats));
  if (auto started = supervisor.start(nats_->spec()); !started) return started;
  const auto wait = supervisor.wait_until([this] { return nats_->ready(); }, kReadyLimit);
  nats_url_ = nats_->url();
  return check(supervisor, wait, "nats-server", fmt::format("its log is {}", data.file("nats.log").string()));
}

std::map<std::string, std::string> Stack::service_environment() const {
  std::map<std::string, std::string> environment;
  if (!database_url_.empty()) environment["R8R_DATABASE_URL"] = database_url_;
  if (!nats_url_.empty()) environment["R8R_NATS_URL"] = nats_url_;
  // The console belongs to the supervisor; services speak up when something is wrong.
  if (variable("R8R_LOG_LEVEL").empty()) environment["R8R_LOG_LEVEL"] = "warn";
  if (variable("R8R_ACCESS_LOG").empty()) environment["R8R_ACCESS_LOG"] = "false";
  if (variable("R8R_SHUTDOWN_TIMEOUT_SECONDS").empty())
    environment["R8R_SHUTDOWN_TIMEOUT_SECONDS"] = std::to_string(kDrainSeconds);
  return environment;
}

Service Stack::service(const std::string& program, const std::string& name, int stage) const {
  Service service;
  service.spec.name = name;
  service.spec.command = {(fs::read_symlink("/proc/self/exe").parent_path() / program).string()};
  service.spec.environment = service_environment();
  service.spec.stage = stage;
  const auto seconds = [this](const char* variable_name, int fallback) {
    const std::string text = variable(variable_name);
    return std::chrono::seconds(text.empty() ? fallback : std::atoi(text.c_str()));
  };
  service.spec.stop_limit =
      seconds("R8R_SHUTDOWN_TIMEOUT_SECONDS", kDrainSeconds) + seconds("R8R_SHUTDOWN_DELAY_SECONDS", 0) + kStopMargin;
  return service;
}

Result<> Stack::start_services(Supervisor& supervisor) {
  const std::size_t others = static_cast<std::size_t>(options_.schedulers) + static_cast<std::size_t>(options_.workers);
  auto ports = free_ports(others);
  if (!ports) return fail(ports.error());

  Service& api = services_.emplace_back(service("r8r-api", "api", 3));
  api.spec.environment["R8R_SERVER_HOST"] = options_.host;
  api.spec.environment["R8R_SERVER_PORT"] = std::to_string(port_);
  api.url = local_url(options_.host, port_);
  const auto add = [&](const char* program, const char* kind, int count) {
    for (int i = 1; i <= count; ++i) {
      const int metrics_port = ports->back();
      ports->pop_back();
      Service& one = services_.emplace_back(service(program, count == 1 ? kind : fmt::format("{} {}", kind, i), 2));
      one.spec.environment["R8R_METRICS_HOST"] = "127.0.0.1";
      one.spec.environment["R8R_METRICS_PORT"] = std::to_string(metrics_port);
      one.url = local_url("127.0.0.1", metrics_port);
    }
  };
  add("r8r-scheduler", "scheduler", options_.schedulers);
  add("r8r-worker", "worker", options_.workers);
  for (const Service& one : services_)
    if (auto started = supervisor.start(one.spec); !started) return started;
  return {};
}

Result<> Stack::wait_for_services(Supervisor& supervisor) {
  const auto all_ready = [this] {
    bool all = true;
    for (Service& one : services_) {
      if (one.ready) continue;
      const cli::Reply reply = cli::ApiClient(one.url, "").probe("/readyz", kProbeLimit);
      one.ready = reply.status == 200;
      one.reason = reply.status == 0 ? "it does not answer" : reply.text;
      all = all && one.ready;
    }
    return all;
  };
  const auto wait = supervisor.wait_until(all_ready, kReadyLimit);
  std::string late;
  for (const Service& one : services_)
    if (!one.ready) late += fmt::format("{}{}: {}", late.empty() ? "" : "; ", one.spec.name, one.reason);
  return check(supervisor, wait, "the stack", wait == Supervisor::Wait::broken ? "what it said is above" : late);
}

Result<> Stack::start_all(Supervisor& supervisor, const DataDir& data) {
  using Step = Result<> (Stack::*)(Supervisor&, const DataDir&);
  for (const Step step : {&Stack::start_database, &Stack::start_bus}) {
    if (supervisor.stopping()) return {};
    if (auto done = (this->*step)(supervisor, data); !done) return done;
  }
  if (supervisor.stopping()) return {};
  if (auto started = start_services(supervisor); !started) return started;
  return wait_for_services(supervisor);
}

Result<int> Stack::run() {
  for (const std::string& folder : options_.workflow_folders)
    if (!fs::is_directory(folder))
      return fail(ErrorCode::config_error, fmt::format("--workflows: there is no folder '{}'", folder));
  const auto path = choose_data_dir(options_.data_dir, options_.environment, ::geteuid() == 0);
  if (!path) return fail(path.error());
  const auto data = DataDir::open(*path);
  if (!data) return fail(data.error());
  ProcessRecord record(data->file("processes"));
  record.end_leftovers(kLeftoverLimit);
  port_ = options_.port;
  if (port_ == 0) {
    auto ports = free_ports(1);
    if (!ports) return fail(ports.error());
    port_ = ports->front();
  }
  if (auto free = check_listen(options_.host, port_); !free) return fail(free.error());

  Supervisor supervisor(record);
  log::info("starting", {{"data_directory", data->path().string()}});
  if (auto started = start_all(supervisor, *data); !started) {
    supervisor.stop();
    return fail(started.error());
  }

  const std::string url = local_url(options_.host, port_);
  cli::ApiClient api(url, options_.api_key);
  WorkflowFolders folders({options_.workflow_folders.begin(), options_.workflow_folders.end()}, api,
                          [](const std::string& text) { fmt::print(stderr, "{}\n", cli::printable(text)); });
  if (!supervisor.stopping()) {
    const auto count = folders.refresh();
    if (count.loaded + count.broken > 0)
      log::info("workflow files read", {{"loaded", count.loaded}, {"broken", count.broken}});
    fmt::print("r8r is ready at {}\n", url);
    std::fflush(stdout);
    log::info("ready", {{"url", url}, {"seconds", std::chrono::duration<double>(Clock::now() - began_).count()}});
  }
  supervisor.run([&folders] {
    const auto count = folders.refresh();
    if (count.loaded > 0) log::info("workflow files read again", {{"loaded", count.loaded}, {"broken", count.broken}});
  });
  log::info("stopping");
  const int code = supervisor.stop();
  log::info("stopped");
  return code;
}

}  // namespace

Result<int> run_stack(const ServerOptions& options) {
  Stack stack(options);
  return stack.run();
}

}  // namespace r8r::server
