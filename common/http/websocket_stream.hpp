#pragma once
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/result.hpp"
#include "common/http/server_state.hpp"
#include "common/http/websocket_frames.hpp"

namespace r8r::http {

/// What is behind a WebSocket: the connection's socket, the frames that come in, and those that wait to go out. Waits
/// for readiness and then reads into the server's scratch buffer, like a Connection: a silent client costs no buffer.
class WebSocketStream : public std::enable_shared_from_this<WebSocketStream> {
 public:
  /// `leftover`: bytes that came behind the upgrade request. `deflate`: that extension was agreed on.
  WebSocketStream(std::shared_ptr<ServerState> state, Socket socket, std::string leftover, bool deflate);

  /// Sends the 101 answer.
  void start(std::string answer);
  awaitable<Result<std::string>> read();
  awaitable<Result<void>> send(std::shared_ptr<const std::string> text);
  void close(int code, std::string_view reason);
  bool is_open() const { return !close_sent_ && !over_; }

  /// Closes it if nobody has, and waits for the end of the closing handshake.
  awaitable<void> finish();
  /// Pings; cuts off a client that is silent, takes nothing, or does not answer a close.
  void check_deadline(SteadyClock::time_point now);
  /// Closes the TCP connection at once.
  void cut();

 private:
  /// A part of the output: bytes of its own, then those of a shared text.
  struct Piece {
    std::string head;
    std::shared_ptr<const std::string> text;
    bool is_pong = false;
    std::size_t size() const { return head.size() + (text ? text->size() : 0); }
  };

  awaitable<bool> receive();
  std::optional<SocketEvent> next_event();
  void push(Piece piece);
  /// Writes what the kernel takes, and comes back by itself for the rest.
  void pump();
  void answer_ping(std::string payload);

  std::shared_ptr<ServerState> state_;
  Socket socket_;
  MessageReader reader_;
  std::string input_;  // received and not taken apart yet, from input_start_ on
  std::size_t input_start_ = 0;
  std::deque<Piece> output_;
  std::size_t front_sent_ = 0;  // bytes of the front piece that are out
  std::uint64_t pushed_ = 0;    // pieces ever, and how many of them are out
  std::uint64_t written_ = 0;
  Notifier progress_;
  SteadyClock::time_point last_heard_;
  SteadyClock::time_point last_ping_;
  SteadyClock::time_point output_deadline_ = SteadyClock::time_point::max();
  SteadyClock::time_point close_deadline_ = SteadyClock::time_point::max();
  int sends_without_wait_ = 0;
  bool deflate_;
  bool pumping_ = false;
  bool reading_ = false;
  bool sending_ = false;
  bool close_sent_ = false;
  bool over_ = false;  // the connection is gone
};

}  // namespace r8r::http
