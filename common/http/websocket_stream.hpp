#pragma once
#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/result.hpp"
#include "common/http/request.hpp"
#include "common/http/server_state.hpp"

namespace r8r::http {

/// What is behind a WebSocket: Beast's stream over the connection's socket, with our limits and deadlines.
class WebSocketStream : public std::enable_shared_from_this<WebSocketStream> {
 public:
  /// `leftover`: bytes that came behind the upgrade request.
  WebSocketStream(Socket socket, std::string leftover, const ServerOptions& options);
  ~WebSocketStream();

  /// Answers the upgrade request.
  awaitable<Result<void>> accept(const Request& request, std::string subprotocol);
  awaitable<Result<std::string>> read();
  awaitable<Result<void>> send(std::shared_ptr<const std::string> text);
  void close(int code, std::string_view reason);
  bool is_open() const;

  /// Closes it if nobody has, and waits for the end of the closing handshake.
  awaitable<void> finish();
  /// Cuts off a client that takes nothing, or does not answer a close.
  void check_deadline(SteadyClock::time_point now);
  /// Closes the TCP connection at once.
  void cut();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// What is missing for `request` to be an upgrade to WebSocket 13: the status to refuse it with (400 or 426) and why.
struct UpgradeProblem {
  int status;
  std::string message;
};
std::optional<UpgradeProblem> upgrade_problem(const Request& request);

}  // namespace r8r::http
