#pragma once
#include <array>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/base/async.hpp"
#include "common/http/gzip.hpp"
#include "common/http/message_deflate.hpp"
#include "common/http/response_head.hpp"
#include "common/http/router.hpp"
#include "common/http/server.hpp"

namespace r8r::http {

class Connection;

/// A socket that knows its executor's type: cheaper than the type-erased one.
using Socket = asio::basic_stream_socket<asio::ip::tcp, asio::io_context::executor_type>;

/// What a server's connections share. They hold it together, so that a handler may end after its server is gone.
struct ServerState : std::enable_shared_from_this<ServerState> {
  ServerState(asio::io_context& io_context, ServerOptions server_options, const Router& route_table);

  /// Connections join when they are made and leave when they end.
  void join(Connection& connection);
  void leave(Connection& connection);

  /// Watches the deadlines of all connections with one timer, as long as there are any.
  awaitable<void> sweep(std::shared_ptr<ServerState> self);
  awaitable<void> accept(std::shared_ptr<ServerState> self);

  void stop_accepting();
  void start_draining();
  /// Cuts every connection off.
  void abort_all();

  /// The answer to a request that no handler sees.
  Response error(const Request& request, int status, ErrorCode code, const std::string& message) const;
  bool is_full() const { return connections.size() >= options.max_connections; }

  asio::io_context& io;
  ServerOptions options;
  const Router& router;
  asio::ip::tcp::acceptor acceptor;
  asio::steady_timer sweep_timer;
  Notifier all_gone;

  std::vector<Connection*> connections;
  std::size_t websockets = 0;
  std::size_t in_flight = 0;
  std::size_t in_flight_bytes = 0;
  bool draining = false;
  bool closed = false;  ///< the server is gone: touch neither router nor hooks
  unsigned short port = 0;

  // Scratch of whoever runs at the moment, never kept across a suspension.
  std::array<char, 64 * 1024> input;
  GzipCompressor gzip;
  DeflatedMessages deflated;
  DateText date;

 private:
  /// Takes one waiting connection. False when there is none, or none can be taken now.
  bool accept_one();
  SteadyClock::duration tick() const;

  bool out_of_descriptors_ = false;
};

}  // namespace r8r::http
