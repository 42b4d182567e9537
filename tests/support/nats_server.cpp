#include "tests/support/nats_server.hpp"

#include <filesystem>
#include <fstream>

#include "tests/support/tcp.hpp"

namespace r8r::test {

NatsServer::NatsServer() : directory_(temporary_directory("r8r-nats")), port_(free_port()) {
  const std::string config = directory_ + "/nats.conf";
  std::ofstream(config) << "listen: \"127.0.0.1:" << port_ << "\"\nmax_payload: 8MB\njetstream { store_dir: \""
                        << directory_ << "/data\" }\n";
  process_ = ChildProcess({"/usr/sbin/nats-server", {"-c", config}, {}, directory_ + "/nats.log"});
}

NatsServer::~NatsServer() {
  process_.kill();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

std::string NatsServer::url() const {
  return "nats://127.0.0.1:" + std::to_string(port_);
}

void NatsServer::start() {
  process_.start();
  // It greets each client with INFO once it serves.
  eventually(std::chrono::seconds(10), [&] {
    TcpClient client(port_);
    return client.connected() && client.read(std::chrono::milliseconds(500), "INFO").find("INFO") != std::string::npos;
  });
}

}  // namespace r8r::test
