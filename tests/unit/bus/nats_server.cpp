#include "tests/unit/bus/nats_server.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace r8r::bus::test {
namespace {

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

int unused_port() {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  const bool bound = ::bind(listener, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                     ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  ::close(listener);
  return bound ? ntohs(address.sin_port) : 0;
}

bool accepts(int port) {
  const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  // The server greets each client: wait for that, not only for the listening socket.
  char first = 0;
  pollfd wait{client, POLLIN, 0};
  const bool greeted = ::connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
                       ::poll(&wait, 1, 1000) == 1 && ::read(client, &first, 1) == 1;
  ::close(client);
  return greeted;
}

}  // namespace

NatsServer::NatsServer() {
  char path[] = "/tmp/r8r-bus-XXXXXX";
  if (::mkdtemp(path) == nullptr) throw std::runtime_error("no temporary directory");
  directory_ = path;
  port_ = unused_port();
  std::ofstream(directory_ + "/nats.conf") << "max_payload: 8MB\n";
  start();
}

NatsServer::~NatsServer() {
  kill();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

void NatsServer::start() {
  const std::string port = std::to_string(port_);
  const std::string config = directory_ + "/nats.conf";
  const std::string log = directory_ + "/log";
  pid_ = ::fork();
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::execlp("nats-server", "nats-server", "-js", "-sd", directory_.c_str(), "-a", "127.0.0.1", "-p", port.c_str(),
             "-c", config.c_str(), "-l", log.c_str(), nullptr);
    ::_exit(127);
  }
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!accepts(port_)) {
    ASSERT_LT(std::chrono::steady_clock::now(), give_up) << "nats-server does not come up on port " << port_;
    ::poll(nullptr, 0, 10);
  }
}

void NatsServer::kill() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

void NatsServer::freeze() {
  ::kill(pid_, SIGSTOP);
}
void NatsServer::thaw() {
  ::kill(pid_, SIGCONT);
}

}  // namespace r8r::bus::test
