#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "common/base/async.hpp"
#include "common/base/result.hpp"

namespace r8r::http {

class WebSocketStream;

/// The server's end of one WebSocket, text frames both ways. One coroutine may read while another one writes; two
/// readers or two writers at once are a mistake. Keep a read() pending as long as the socket lives: pings, pongs and
/// the client's close are only seen by it. Both calls end with an error soon after close() or when the client is gone.
class WebSocket {
 public:
  explicit WebSocket(std::shared_ptr<WebSocketStream> stream);
  ~WebSocket();
  WebSocket(const WebSocket&) = delete;
  WebSocket& operator=(const WebSocket&) = delete;

  /// The next text message. A binary frame closes the socket with 1003, a message over the limit with 1009. The error
  /// says why there will be no more messages.
  awaitable<Result<std::string>> read();
  /// Sends one text message, valid UTF-8; returns when the kernel has it. A client that takes nothing for the send
  /// timeout (60 s) is cut off.
  awaitable<Result<void>> send(std::shared_ptr<const std::string> text);
  /// Starts the closing handshake and returns at once; further calls do nothing. `reason`: at most 123 bytes, more is
  /// cut.
  void close(int code, std::string_view reason);
  bool is_open() const;

 private:
  std::shared_ptr<WebSocketStream> stream_;
};

}  // namespace r8r::http
