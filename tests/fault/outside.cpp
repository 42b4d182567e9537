#include "tests/fault/outside.hpp"

namespace r8r::test {
namespace {

std::string header_of(const std::string& request, const std::string& name) {
  const std::size_t at = request.find("\r\n" + name + ": ");
  if (at == std::string::npos) return "";
  const std::size_t from = at + 4 + name.size();
  return request.substr(from, request.find("\r\n", from) - from);
}

}  // namespace

Outside::Outside() : server_([this](const std::string& request, int) { return answer(request); }) {}

std::string Outside::answer(const std::string& request) {
  const std::size_t path_at = request.find(' ') + 1;
  Call call{std::chrono::steady_clock::now(), request.substr(path_at, request.find(' ', path_at) - path_at),
            header_of(request, "Idempotency-Key")};
  const bool fails = call.path.starts_with("/flaky/") && call.key.ends_with(":1");
  {
    const std::lock_guard lock(mutex_);
    calls_.push_back(std::move(call));
  }
  if (fails) return http_answer(500, R"({"again": true})");
  const std::size_t body = request.find("\r\n\r\n");
  return http_answer(200, body == std::string::npos ? "{}" : request.substr(body + 4));
}

std::vector<Outside::Call> Outside::calls() {
  const std::lock_guard lock(mutex_);
  return calls_;
}

}  // namespace r8r::test
