#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "common/http/request_parser.hpp"
#include "common/http/server_state.hpp"

namespace r8r::http {

class WebSocketStream;

/// One client's connection: a coroutine that reads a request, has it answered, and goes on to the next. It waits for
/// readiness and then reads into the server's scratch buffer, so that an idle connection holds no buffer at all; the
/// answer is written at once, without a wait, when the kernel takes it.
class Connection {
 public:
  Connection(std::shared_ptr<ServerState> state, Socket socket, std::string remote_ip);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Until the connection ends.
  static awaitable<void> run(std::unique_ptr<Connection> connection);
  /// For one connection too many: answers 503 and closes.
  static awaitable<void> refuse(std::unique_ptr<Connection> connection);

  /// Acts when the time of what the connection does is up.
  void check_deadline(SteadyClock::time_point now);
  /// Ends at once if idle, else after the present answer; WebSockets close with 1001.
  void start_draining();
  void abort();

  std::size_t place = 0;  ///< in ServerState::connections

 private:
  enum class Phase { idle, head, body, handler, writing, socket, linger };

  // connection.cpp: bytes in, bytes out
  awaitable<bool> read_head();
  awaitable<bool> read_body();
  /// Parses what is there; `fresh` is what just arrived. False when more bytes are needed.
  bool parse(std::string_view fresh);
  /// One read into state_->input. Empty: the connection is over, or its time is.
  awaitable<std::string_view> receive();
  awaitable<bool> send(std::string_view head, std::string_view body);
  awaitable<void> linger();
  void enter(Phase phase, SteadyClock::duration limit);
  void charge_body();
  bool over_budget() const { return state_->in_flight_bytes > state_->options.max_in_flight_bytes; }

  // exchange.cpp: one request and its answer
  awaitable<bool> exchange();
  awaitable<Response> dispatch();
  awaitable<bool> answer(Response response);
  awaitable<void> answer_failure(int status, ErrorCode code, std::string message);
  awaitable<bool> compress(Response& response);
  void resolve_route();
  /// Id, time and address; once per request.
  void stamp();
  void finish_exchange(const Response& response);

  // socket_session.cpp: after an upgrade
  awaitable<void> socket_session();
  /// Why this client gets no WebSocket, or nullopt.
  std::optional<Response> refuse_upgrade();

  std::shared_ptr<ServerState> state_;
  Socket socket_;
  std::string remote_ip_;
  RequestParser parser_;
  Request request_;
  std::string pending_;  // bytes received and not parsed yet, from pending_start_ on
  std::size_t pending_start_ = 0;
  std::string out_;
  std::string allow_;  // of a known path that does not take the method
  std::shared_ptr<WebSocketStream> websocket_;
  SteadyClock::time_point deadline_ = SteadyClock::time_point::max();
  SteadyClock::time_point started_{};
  std::size_t charged_bytes_ = 0;
  int exchanges_without_wait_ = 0;
  Phase phase_ = Phase::idle;
  bool first_ = true;
  bool more_expected_now_ = true;  // worth reading before waiting
  bool expired_ = false;
  bool peer_done_ = false;  // the client sends no more
  bool close_after_ = false;
  bool counted_in_flight_ = false;
};

}  // namespace r8r::http
