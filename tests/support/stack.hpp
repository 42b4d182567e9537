#pragma once
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "tests/support/child_process.hpp"
#include "tests/support/postgres_server.hpp"

namespace r8r::test {

using Json = nlohmann::json;

struct HttpAnswer {
  int status = 0;  ///< 0: no answer at all
  std::string body;
  std::map<std::string, std::string> headers;  ///< names in lower case
  Json json() const { return Json::parse(body, nullptr, false); }
};

struct HttpCall {
  std::string method = "GET";
  std::string url;
  std::string body;
  std::vector<std::string> headers;  ///< "Name: value"
  std::chrono::milliseconds timeout{30'000};
};
HttpAnswer call(const HttpCall& request);

struct StackSize {
  int apis = 2;
  int schedulers = 2;
  int workers = 2;
  std::map<std::string, std::string> environment;  ///< for every service
};

/// The services as they run in production: real processes, a private PostgreSQL and a private nats-server on free
/// loopback ports, all data in a temporary directory. Ends everything it started.
class Stack {
 public:
  explicit Stack(StackSize size = {});
  ~Stack();
  Stack(const Stack&) = delete;
  Stack& operator=(const Stack&) = delete;

  /// Starts all and waits until every /readyz says so; a test failure otherwise.
  void start();
  bool wait_ready(std::chrono::milliseconds limit = std::chrono::seconds(60));
  /// Which services are not ready and what they say; empty when all are.
  std::string not_ready();

  std::string url(int api = 0) const;
  /// "r8r-api" 0 …
  ChildProcess& service(const std::string& name, int index = 0);
  std::vector<ChildProcess*> services();
  ChildProcess& nats() { return nats_; }
  PostgresServer& postgres() { return postgres_; }
  void restart_nats();
  const std::string& directory() const { return directory_; }
  /// One value from the database, as text.
  std::string query(const std::string& sql);
  std::string database_url() const { return database_url_; }
  std::string nats_url() const;
  std::string ready_url(const std::string& name, int index) const;

  HttpAnswer get(const std::string& path, int api = 0) { return call({.url = url(api) + path}); }
  HttpAnswer post(const std::string& path, const Json& body, int api = 0, std::vector<std::string> headers = {});
  /// Creates a workflow; a test failure when it is refused.
  void create(const std::string& yaml);
  Json execute(const std::string& workflow, const Json& input, int api = 0);
  /// 202, then the id.
  std::string submit(const std::string& workflow, const Json& input, int api = 0);
  /// The execution once it has ended, or null after `limit`.
  Json wait_end(const std::string& id, std::chrono::milliseconds limit = std::chrono::seconds(30));

 private:
  struct Service {
    std::string name;
    int index;
    int port;
    ChildProcess process;
  };

  std::string directory_;
  PostgresServer postgres_;
  std::string database_url_;
  int nats_port_;
  ChildProcess nats_;
  std::vector<std::unique_ptr<Service>> services_;
};

/// Where the programs under test are.
std::string program_path(const std::string& name);

}  // namespace r8r::test
