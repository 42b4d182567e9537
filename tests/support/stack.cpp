#include "tests/support/stack.hpp"

#include <curl/curl.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <deque>
#include <filesystem>
#include <fstream>

namespace r8r::test {
namespace {

std::size_t take_body(char* data, std::size_t, std::size_t count, void* to) {
  static_cast<HttpAnswer*>(to)->body.append(data, count);
  return count;
}

std::size_t take_header(char* data, std::size_t, std::size_t count, void* to) {
  const std::string line(data, count);
  const std::size_t colon = line.find(':');
  if (colon != std::string::npos) {
    std::string name = line.substr(0, colon);
    for (char& c : name) c = static_cast<char>(std::tolower(c));
    std::string value = line.substr(colon + 1);
    while (!value.empty() && value.front() == ' ') value.erase(0, 1);
    while (!value.empty() && (value.back() == '\r' || value.back() == '\n')) value.pop_back();
    static_cast<HttpAnswer*>(to)->headers[name] = value;
  }
  return count;
}

// The last lines of a log, for whoever reads the failure on another machine.
void print_end_of(const std::string& file) {
  constexpr std::size_t kLines = 25;
  std::ifstream in(file);
  std::deque<std::string> lines;
  for (std::string line; std::getline(in, line);) {
    lines.push_back(line.substr(0, 400));
    if (lines.size() > kLines) lines.pop_front();
  }
  std::fprintf(stderr, "--- %s\n", file.c_str());
  for (const std::string& line : lines) std::fprintf(stderr, "%s\n", line.c_str());
}

bool is_final(const std::string& status) {
  return status == "completed" || status == "failed" || status == "cancelled";
}

}  // namespace

HttpAnswer call(const HttpCall& request) {
  static const bool ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  (void)ready;
  thread_local const std::unique_ptr<CURL, void (*)(CURL*)> handle(curl_easy_init(), curl_easy_cleanup);
  CURL* curl = handle.get();
  curl_easy_reset(curl);
  HttpAnswer answer;
  curl_slist* headers = nullptr;
  bool has_type = false;
  for (const std::string& header : request.headers) {
    headers = curl_slist_append(headers, header.c_str());
    has_type = has_type || header.starts_with("Content-Type");
  }
  if (!request.body.empty() && !has_type) headers = curl_slist_append(headers, "Content-Type: application/json");
  curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &answer);
  if (request.method != "GET" || !request.body.empty()) {
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.data());
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, static_cast<long>(request.body.size()));
  }
  const CURLcode code = curl_easy_perform(curl);
  long status = 0;
  if (code == CURLE_OK) curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  answer.status = static_cast<int>(status);
  curl_slist_free_all(headers);
  return answer;
}

std::string program_path(const std::string& name) {
  return std::string(R8R_BIN_DIR) + "/" + name;
}

Stack::Stack(StackSize size)
    : directory_(temporary_directory("r8r-stack")),
      database_url_(postgres_.create_database()),
      nats_port_(free_port()) {
  std::ofstream(directory_ + "/nats.conf")
      << "listen: \"127.0.0.1:" << nats_port_ << "\"\nmax_payload: 8MB\njetstream { store_dir: \"" << directory_
      << "/nats\" }\n";
  nats_ = ChildProcess({"/usr/sbin/nats-server", {"-c", directory_ + "/nats.conf"}, {}, directory_ + "/nats.log"});
  const auto add = [&](const std::string& name, int count) {
    for (int i = 0; i < count; ++i) {
      const int port = free_port();
      std::map<std::string, std::string> environment = {{"R8R_DATABASE_URL", database_url_},
                                                        {"R8R_NATS_URL", nats_url()},
                                                        {"R8R_SERVER_PORT", std::to_string(port)},
                                                        {"R8R_METRICS_PORT", std::to_string(port)},
                                                        {"R8R_LEASE_SECONDS", "3"},
                                                        {"R8R_ALLOW_INTERNAL_URLS", "true"},
                                                        {"R8R_ACCESS_LOG", "false"},
                                                        {"R8R_LOG_FORMAT", "json"}};
      for (const auto& [key, value] : size.environment) environment[key] = value;
      if (name == "r8r-api") environment.erase("R8R_METRICS_PORT");
      const std::string log = directory_ + "/" + name + "-" + std::to_string(i) + ".log";
      services_.push_back(std::make_unique<Service>(
          Service{name, i, port, ChildProcess({program_path(name), {}, std::move(environment), log})}));
    }
  };
  add("r8r-api", size.apis);
  add("r8r-scheduler", size.schedulers);
  add("r8r-worker", size.workers);
}

Stack::~Stack() {
  for (const auto& service : services_) service->process.stop(std::chrono::seconds(10));
  nats_.kill();
  if (testing::Test::HasFailure()) {
    std::fprintf(stderr, "logs are kept in %s; their ends:\n", directory_.c_str());
    for (const auto& service : services_)
      print_end_of(fmt::format("{}/{}-{}.log", directory_, service->name, service->index));
  } else {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
}

std::string Stack::nats_url() const {
  return "nats://127.0.0.1:" + std::to_string(nats_port_);
}

void Stack::start() {
  nats_.start();
  for (const auto& service : services_) service->process.start();
  ASSERT_TRUE(wait_ready()) << not_ready();
}

std::string Stack::ready_url(const std::string& name, int index) const {
  for (const auto& service : services_) {
    if (service->name == name && service->index == index) return "http://127.0.0.1:" + std::to_string(service->port);
  }
  return "";
}

std::string Stack::url(int api) const {
  return ready_url("r8r-api", api);
}

bool Stack::wait_ready(std::chrono::milliseconds limit) {
  return eventually(limit, [&] { return not_ready().empty(); });
}

std::string Stack::not_ready() {
  std::string all;
  for (const auto& service : services_) {
    const std::string url = "http://127.0.0.1:" + std::to_string(service->port) + "/readyz";
    const HttpAnswer answer = call({.url = url, .timeout = std::chrono::seconds(2)});
    if (answer.status != 200)
      all += fmt::format("{} {}: {} {}\n", service->name, service->index, answer.status, answer.body);
  }
  return all;
}

ChildProcess& Stack::service(const std::string& name, int index) {
  for (const auto& service : services_) {
    if (service->name == name && service->index == index) return service->process;
  }
  throw std::out_of_range(name);
}

std::vector<ChildProcess*> Stack::services() {
  std::vector<ChildProcess*> all;
  for (const auto& service : services_) all.push_back(&service->process);
  return all;
}

void Stack::restart_nats() {
  nats_.kill();
  nats_.start();
}

std::string Stack::query(const std::string& sql) {
  Finished answer = run("/usr/bin/psql", {"-X", "-A", "-t", "-c", sql, database_url_});
  while (!answer.out.empty() && answer.out.back() == '\n') answer.out.pop_back();
  return answer.out + answer.err;
}

HttpAnswer Stack::post(const std::string& path, const Json& body, int api, std::vector<std::string> headers) {
  return call({.method = "POST", .url = url(api) + path, .body = body.dump(), .headers = std::move(headers)});
}

void Stack::create(const std::string& yaml) {
  const HttpAnswer answer = call(
      {.method = "POST", .url = url() + "/api/workflows", .body = yaml, .headers = {"Content-Type: application/yaml"}});
  ASSERT_TRUE(answer.status == 201 || answer.status == 200) << answer.status << " " << answer.body;
}

Json Stack::execute(const std::string& workflow, const Json& input, int api) {
  return post("/api/workflows/" + workflow + "/execute", {{"input", input}}, api).json();
}

std::string Stack::submit(const std::string& workflow, const Json& input, int api) {
  const HttpAnswer answer = post("/api/workflows/" + workflow + "/execute", {{"input", input}, {"wait", false}}, api);
  if (answer.status != 202) return "";
  return answer.json().value("execution_id", "");
}

Json Stack::wait_end(const std::string& id, std::chrono::milliseconds limit) {
  Json execution;
  const bool ended = eventually(limit, [&] {
    const HttpAnswer answer = get("/api/executions/" + id);
    if (answer.status != 200) return false;
    execution = answer.json();
    return is_final(execution.value("status", ""));
  });
  return ended ? execution : Json();
}

}  // namespace r8r::test
