#include "cli/server/ports.hpp"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace r8r::server {
namespace {

struct Socket {
  int fd = -1;
  explicit Socket(int descriptor) : fd(descriptor) {}
  ~Socket() {
    if (fd >= 0) ::close(fd);
  }
  Socket(Socket&& other) noexcept : fd(std::exchange(other.fd, -1)) {}
  Socket(const Socket&) = delete;
};

}  // namespace

Result<> check_listen(const std::string& host, int port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0 || found == nullptr)
    return fail(ErrorCode::config_error,
                fmt::format("'{}' is not an address to listen on; choose another with --host", host));
  const Socket socket(::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  // As the api does it: a port that only has old connections in TIME_WAIT is free.
  const int on = 1;
  ::setsockopt(socket.fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const bool bound = ::bind(socket.fd, found->ai_addr, found->ai_addrlen) == 0 && ::listen(socket.fd, 1) == 0;
  const int error = errno;
  ::freeaddrinfo(found);
  if (bound) return {};
  if (error == EADDRINUSE)
    return fail(ErrorCode::config_error,
                fmt::format("port {} is in use by another program; choose another with --port", port));
  if (error == EACCES)
    return fail(ErrorCode::config_error,
                fmt::format("port {} may only be opened by root; choose one above 1023 with --port", port));
  return fail(ErrorCode::config_error,
              fmt::format("cannot listen on {} port {}: {}; see --host and --port", host, port, std::strerror(error)));
}

Result<std::vector<int>> free_ports(std::size_t count) {
  // All are held until the last is found, so that no port is given twice.
  std::vector<Socket> held;
  std::vector<int> ports;
  for (std::size_t i = 0; i < count; ++i) {
    held.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    if (::bind(held.back().fd, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
        ::getsockname(held.back().fd, reinterpret_cast<sockaddr*>(&address), &length) != 0)
      return fail(ErrorCode::config_error, fmt::format("found no free port on 127.0.0.1: {}", std::strerror(errno)));
    ports.push_back(ntohs(address.sin_port));
  }
  return ports;
}

std::string local_url(const std::string& host, int port) {
  std::string name = host;
  if (host.empty() || host == "0.0.0.0") name = "127.0.0.1";
  if (host == "::") name = "::1";
  return name.find(':') == std::string::npos ? fmt::format("http://{}:{}", name, port)
                                             : fmt::format("http://[{}]:{}", name, port);
}

}  // namespace r8r::server
