#pragma once
#include <filesystem>
#include <string>

#include "cli/server/child.hpp"
#include "cli/server/data_dir.hpp"

namespace r8r::server {

/// A nats-server of our own with JetStream, on a free loopback port, open only to who knows the password that is made
/// for each start.
class PrivateNats {
 public:
  /// Finds the program and writes its settings. Errors say what is missing and what to do.
  static Result<PrivateNats> prepare(const DataDir& data);

  ChildSpec spec() const;
  /// Whether it answers now, JetStream included.
  bool ready() const;
  /// nats://user:password@127.0.0.1:port
  std::string url() const;

 private:
  std::string program_;
  std::filesystem::path settings_file_;
  std::filesystem::path log_file_;
  std::string password_;
  int port_ = 0;
};

}  // namespace r8r::server
