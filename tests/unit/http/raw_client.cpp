#include "tests/unit/http/raw_client.hpp"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fmt/format.h>

namespace r8r::http {
namespace {

constexpr int kPatienceMs = 5000;

bool ready(int socket, short events) {
  pollfd one{socket, events, 0};
  return ::poll(&one, 1, kPatienceMs) == 1;
}

}  // namespace

RawClient::RawClient(unsigned short port, int receive_buffer) {
  socket_ = ::socket(AF_INET, SOCK_STREAM, 0);
  if (receive_buffer > 0) ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) close();
}

RawClient::~RawClient() {
  close();
}

RawClient::RawClient(RawClient&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)), buffer_(std::move(other.buffer_)), ended_(other.ended_) {}

bool RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    if (!ready(socket_, POLLOUT)) return false;
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EAGAIN) continue;
    if (sent < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool RawClient::fill() {
  if (ended_ || !ready(socket_, POLLIN)) return false;
  char chunk[65536];
  const ssize_t got = ::recv(socket_, chunk, sizeof(chunk), 0);
  if (got <= 0) {
    ended_ = true;
    return false;
  }
  buffer_.append(chunk, static_cast<std::size_t>(got));
  return true;
}

std::optional<RawResponse> RawClient::receive(bool head_only) {
  std::size_t end;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos)
    if (!fill()) return std::nullopt;
  RawResponse response;
  response.status = std::atoi(buffer_.c_str() + std::strlen("HTTP/1.1 "));
  std::size_t line = buffer_.find("\r\n") + 2;
  while (line < end + 2) {
    const std::size_t next = buffer_.find("\r\n", line);
    const std::size_t colon = buffer_.find(": ", line);
    std::string name = buffer_.substr(line, colon - line);
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    response.headers[name] = buffer_.substr(colon + 2, next - colon - 2);
    line = next + 2;
  }
  buffer_.erase(0, end + 4);
  if (head_only) return response;
  const std::size_t length = std::strtoul(response.header("content-length").c_str(), nullptr, 10);
  while (buffer_.size() < length)
    if (!fill()) return std::nullopt;
  response.body = buffer_.substr(0, length);
  buffer_.erase(0, length);
  return response;
}

bool RawClient::closed_by_server() {
  while (buffer_.empty() && fill()) {
  }
  return buffer_.empty() && ended_;
}

std::string RawClient::read_to_end() {
  while (fill()) {
  }
  return std::exchange(buffer_, {});
}

bool RawClient::has_input() {
  pollfd one{socket_, POLLIN, 0};
  return !buffer_.empty() || ::poll(&one, 1, 0) == 1;
}

std::string RawClient::read_some(std::size_t size) {
  while (buffer_.size() < size && fill()) {
  }
  std::string out = buffer_.substr(0, size);
  buffer_.erase(0, out.size());
  return out;
}

void RawClient::finish_sending() {
  ::shutdown(socket_, SHUT_WR);
}

void RawClient::close() {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
}

void RawClient::reset() {
  const linger at_once{1, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  close();
}

std::string get(std::string_view target, std::string_view more) {
  return fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\n{}\r\n", target, more);
}

std::string post(std::string_view target, std::string_view body, std::string_view more) {
  return fmt::format("POST {} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n{}\r\n{}", target, body.size(), more,
                     body);
}

}  // namespace r8r::http
