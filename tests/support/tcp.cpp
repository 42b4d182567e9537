#include "tests/support/tcp.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

namespace r8r::test {
namespace {

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

std::size_t body_length(const std::string& head) {
  std::string lower = head;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const std::size_t at = lower.find("content-length:");
  return at == std::string::npos ? 0 : std::strtoul(lower.c_str() + at + 15, nullptr, 10);
}

void write_all(int fd, const std::string& bytes) {
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t count = ::send(fd, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
    if (count <= 0) return;
    done += static_cast<std::size_t>(count);
  }
}

}  // namespace

TcpClient::TcpClient(int port) {
  fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  if (fd_ >= 0 && connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    close(fd_);
    fd_ = -1;
  }
}
TcpClient::~TcpClient() {
  if (fd_ >= 0) close(fd_);
}
void TcpClient::send(const std::string& bytes) {
  write_all(fd_, bytes);
}

std::string TcpClient::read(std::chrono::milliseconds limit, const std::string& enough) {
  const auto give_up = std::chrono::steady_clock::now() + limit;
  std::string text;
  char buffer[16384];
  while (enough.empty() || text.find(enough) == std::string::npos) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(give_up - std::chrono::steady_clock::now()).count();
    pollfd wait{fd_, POLLIN, 0};
    if (left <= 0 || poll(&wait, 1, static_cast<int>(left)) <= 0) break;
    const ssize_t count = recv(fd_, buffer, sizeof buffer, 0);
    if (count <= 0) break;
    text.append(buffer, static_cast<std::size_t>(count));
  }
  return text;
}

bool TcpClient::closed_within(std::chrono::milliseconds limit) {
  const auto give_up = std::chrono::steady_clock::now() + limit;
  char buffer[16384];
  while (true) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(give_up - std::chrono::steady_clock::now()).count();
    pollfd wait{fd_, POLLIN, 0};
    if (left <= 0 || poll(&wait, 1, static_cast<int>(left)) <= 0) return false;
    if (recv(fd_, buffer, sizeof buffer, 0) <= 0) return true;
  }
}

RawServer::RawServer(Answer answer) : answer_(std::move(answer)) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t length = sizeof address;
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), length) != 0 || listen(listener_, 1024) != 0 ||
      pipe2(wake_, O_CLOEXEC) != 0)
    throw std::runtime_error("no server");
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

RawServer::~RawServer() {
  close(wake_[1]);
  thread_.join();
  {
    const std::lock_guard lock(mutex_);
    for (const int fd : open_) shutdown(fd, SHUT_RDWR);
  }
  for (std::thread& connection : connections_) connection.join();
  close(listener_);
  close(wake_[0]);
}

void RawServer::serve() {
  while (true) {
    pollfd wait[2] = {{listener_, POLLIN, 0}, {wake_[0], POLLIN, 0}};
    if (poll(wait, 2, -1) < 0) continue;
    if (wait[1].revents != 0) return;
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    {
      const std::lock_guard lock(mutex_);
      open_.push_back(fd);
    }
    connections_.emplace_back([this, fd] { answer_one(fd); });
  }
}

// What a client that died left half sent is no request.
std::optional<std::string> RawServer::read_request(int fd) {
  std::string text;
  char buffer[16384];
  while (true) {
    const std::size_t end = text.find("\r\n\r\n");
    if (end != std::string::npos && text.size() >= end + 4 + body_length(text.substr(0, end))) return text;
    const ssize_t count = recv(fd, buffer, sizeof buffer, 0);
    if (count <= 0) return std::nullopt;
    text.append(buffer, static_cast<std::size_t>(count));
  }
}

void RawServer::answer_one(int fd) {
  if (const std::optional<std::string> request = read_request(fd)) answer(fd, *request);
  const std::lock_guard lock(mutex_);
  std::erase(open_, fd);
  close(fd);
}

void RawServer::answer(int fd, const std::string& request) {
  int number = 0;
  {
    const std::lock_guard lock(mutex_);
    number = static_cast<int>(requests_.size());
    requests_.push_back(request);
  }
  char buffer[16384];
  const std::string bytes = answer_(request, number);
  if (bytes.empty()) {
    // Until the client gives up or the server ends.
    while (recv(fd, buffer, sizeof buffer, 0) > 0) {
    }
  }
  write_all(fd, bytes);
  shutdown(fd, SHUT_WR);
  while (recv(fd, buffer, sizeof buffer, 0) > 0) {
  }
}

std::vector<std::string> RawServer::requests() {
  const std::lock_guard lock(mutex_);
  return requests_;
}

std::string http_answer(int status, const std::string& body, const std::string& type, const std::string& headers) {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Type: " + type +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n" + headers + "\r\n" + body;
}

}  // namespace r8r::test
