#pragma once
#include <string>

#include "tests/support/child_process.hpp"

namespace r8r::test {

/// A private nats-server with JetStream on a free loopback port, its data in a temporary directory.
class NatsServer {
 public:
  NatsServer();
  ~NatsServer();

  void start();
  /// SIGKILL: its memory streams are gone.
  void kill() { process_.kill(); }
  std::string url() const;
  ChildProcess& process() { return process_; }

 private:
  std::string directory_;
  int port_;
  ChildProcess process_;
};

}  // namespace r8r::test
