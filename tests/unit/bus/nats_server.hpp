#pragma once
#include <sys/types.h>

#include <string>

namespace r8r::bus::test {

/// A real nats-server with JetStream on a free loopback port, its files in a temporary directory. Ends with the test.
class NatsServer {
 public:
  NatsServer();
  ~NatsServer();
  NatsServer(const NatsServer&) = delete;
  NatsServer& operator=(const NatsServer&) = delete;

  /// Starts the process and waits until it accepts connections; a test failure when it does not.
  void start();
  /// SIGKILL: everything in memory is lost.
  void kill();
  /// Stops and continues the process: its sockets stay open and silent.
  void freeze();
  void thaw();
  std::string url() const { return "nats://127.0.0.1:" + std::to_string(port_); }
  int port() const { return port_; }

 private:
  std::string directory_;
  int port_ = 0;
  pid_t pid_ = -1;
};

}  // namespace r8r::bus::test
