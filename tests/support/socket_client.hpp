#pragma once
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

namespace r8r::test {

/// A real WebSocket client, blocking, for tests.
class SocketClient {
 public:
  /// `target`: path and query.
  SocketClient(int port, const std::string& target, const std::string& origin = "");
  ~SocketClient();

  /// HTTP status of a refused upgrade; 101 when it stands.
  int status() const;
  /// The next text frame; nullopt when none came in time or the server closed.
  std::optional<nlohmann::json> read(std::chrono::milliseconds limit = std::chrono::seconds(10));
  void send(const std::string& text);
  void send_binary(const std::string& bytes);
  /// Reads until the server closes; its close code.
  int wait_close(std::chrono::milliseconds limit = std::chrono::seconds(10));

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace r8r::test
