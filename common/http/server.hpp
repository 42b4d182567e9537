#pragma once
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/base/async.hpp"
#include "common/base/result.hpp"
#include "common/http/request.hpp"

namespace r8r::http {

class Router;
struct ServerState;

struct ServerOptions {
  std::string host = "127.0.0.1";  ///< an address, or "localhost"
  unsigned short port = 0;         ///< 0: any free one, see Server::port()
  std::size_t max_body = 1024 * 1024;
  std::size_t max_header = 32 * 1024;       ///< all header lines with the request line; beyond → 431
  std::size_t max_request_line = 8 * 1024;  ///< beyond → 414
  std::size_t max_header_fields = 256;      ///< beyond → 431
  std::chrono::milliseconds header_timeout{
      10'000};  ///< from the first byte of a request, or from the connection's start
  std::chrono::milliseconds body_timeout{30'000};
  std::chrono::milliseconds idle_timeout{75'000};  ///< between requests
  /// A client that takes none or too little of an answer (under 16 KiB/s after this time) is cut off.
  std::chrono::milliseconds write_timeout{30'000};
  std::size_t max_connections = 10'000;                 ///< beyond: answered 503 with Retry-After, and closed
  std::size_t max_websockets = 10'000;                  ///< beyond: 503
  std::size_t max_websocket_message = 64 * 1024;        ///< from the client
  std::chrono::milliseconds websocket_timeout{60'000};  ///< without any frame; pinged after half of it
  std::size_t max_in_flight_bytes = 256 * 1024 * 1024;  ///< request bodies held at one time; beyond → 503
  bool gzip = true;                                     ///< compress text answers over 1 KiB for clients that ask
  bool trust_request_id = false;  ///< take X-Request-ID from the client when it is 1–128 visible ASCII characters

  /// Makes the answer to a request that no handler sees: malformed (400), 408, 413, 414, 417, 426, 431, 500, 503, 404
  /// and 405 without the router's hooks. The request may be empty. Without it: {"error": {"code", "message"}}.
  std::function<Response(const Request&, int status, ErrorCode code, const std::string& message)> error_response;
  /// Asked when the headers are in and the route is known (Request::route, null if none), before the body is read. A
  /// Response ends the request there: the place for CORS preflight and for authentication. The body is empty still.
  std::function<std::optional<Response>(Request&)> screen;
  /// May change any answer just before it is written, WebSocket upgrades excepted: the place for CORS headers.
  std::function<void(const Request&, Response&)> decorate;
  /// After the answer left (or failed to): access log and metrics. Request::route names the pattern. An accepted
  /// WebSocket reports 101 when it is opened. Not called for connections that end without a request.
  std::function<void(const Request&, const Response&, std::chrono::steady_clock::duration)> on_response;
};

/// HTTP/1.1 server on one io_context and one thread. Requests of one connection are answered in order, one at a time.
class Server {
 public:
  /// `router` must outlive the server.
  Server(asio::io_context& io, ServerOptions options, const Router& router);
  /// Closes everything at once. Handlers that still run end by themselves; nothing of the server is called after them.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Starts to serve, or says why not ("port 8080 is in use").
  Result<void> listen();
  unsigned short port() const;

  /// New connections are refused from now on; those that exist go on.
  void stop_accepting();
  /// stop_accepting(), then lets every connection finish what it does: idle ones close now, answers carry
  /// `Connection: close`, WebSockets close with 1001. True if all had ended within `limit`; the rest is cut off.
  awaitable<bool> drain(SteadyClock::duration limit);

  /// Open connections, WebSockets included.
  std::size_t connections() const;
  std::size_t websockets() const;
  /// Requests between their headers and the end of their answer.
  std::size_t in_flight() const;

 private:
  std::shared_ptr<ServerState> state_;
};

}  // namespace r8r::http
