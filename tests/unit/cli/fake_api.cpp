#include "tests/unit/cli/fake_api.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>

namespace r8r::cli {

FakeApi::FakeApi() {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), length) != 0 || ::listen(listener_, 16) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) != 0)
    throw std::runtime_error("the fake API has no port");
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

FakeApi::~FakeApi() {
  ::shutdown(listener_, SHUT_RDWR);  // wakes accept()
  thread_.join();
  ::close(listener_);
}

std::string FakeApi::url() const {
  return "http://127.0.0.1:" + std::to_string(port_);
}

void FakeApi::answer(const std::string& line, int status, const std::string& body) {
  const std::lock_guard lock(mutex_);
  answers_[line] = {status, body};
}

std::vector<FakeApi::Request> FakeApi::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void FakeApi::serve() {
  while (true) {
    const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) return;
    serve_one(connection);
    ::close(connection);
  }
}

void FakeApi::serve_one(int connection) {
  std::string text;
  char block[4096];
  std::size_t expected = std::string::npos;
  while (text.size() < expected) {
    const ssize_t got = ::recv(connection, block, sizeof block, 0);
    if (got <= 0) return;
    text.append(block, static_cast<std::size_t>(got));
    const auto end = text.find("\r\n\r\n");
    if (end == std::string::npos) continue;
    const auto length = text.find("Content-Length: ");
    expected = end + 4 + (length < end ? std::strtoul(text.c_str() + length + 16, nullptr, 10) : 0);
  }
  const auto end = text.find("\r\n\r\n");
  const Request request{text.substr(0, text.find(" HTTP/")), text.substr(0, end), text.substr(end + 4)};
  std::pair<int, std::string> answer{404, envelope("NOT_FOUND", "no such thing: " + request.line)};
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
    if (const auto found = answers_.find(request.line); found != answers_.end()) answer = found->second;
  }
  const std::string reply = "HTTP/1.1 " + std::to_string(answer.first) +
                            " X\r\nConnection: close\r\nContent-Length: " + std::to_string(answer.second.size()) +
                            "\r\n\r\n" + answer.second;
  (void)!::send(connection, reply.data(), reply.size(), MSG_NOSIGNAL);
}

std::string envelope(const std::string& code, const std::string& message, const std::string& execution_id) {
  return R"({"error":{"code":")" + code + R"(","message":")" + message +
         R"(","category":"client_error","correlation_id":null,"execution_id":)" +
         (execution_id.empty() ? "null" : "\"" + execution_id + "\"") +
         R"(,"request_id":"r-1","retry_after_ms":null,"details":null}})";
}

}  // namespace r8r::cli
