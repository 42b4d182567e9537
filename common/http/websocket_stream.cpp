#include "common/http/websocket_stream.hpp"

#include <boost/asio/append.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/websocket.hpp>

#include <fmt/format.h>

#include "common/base/json_text.hpp"
#include "common/http/url_text.hpp"

namespace r8r::http {
namespace {

namespace beast = boost::beast;
using beast::error_code;

constexpr auto kQuiet = asio::as_tuple(asio::deferred);
// How long the client may take to answer a close, and to take what is written.
constexpr auto kCloseTime = std::chrono::seconds(5);
constexpr auto kSendTime = std::chrono::seconds(60);
constexpr std::size_t kKeptBytes = 4 * 1024;
// A compressing client costs windows and tables of this size: some 30 KB instead of 300 KB.
constexpr int kWindowBits = 11;
constexpr int kMemoryLevel = 3;
constexpr int kCompressionLevel = 1;
constexpr std::size_t kCompressFrom = 128;
constexpr std::size_t kMaxReason = 123;  // RFC 6455 section 5.5: 125 with the code

}  // namespace

/// A socket that first yields the bytes that were read too far.
class LeftoverSocket : public Socket {
 public:
  LeftoverSocket(Socket socket, std::string leftover) : Socket(std::move(socket)), leftover_(std::move(leftover)) {}

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    if (leftover_.empty()) return Socket::async_read_some(buffers, std::forward<Token>(token));
    const std::size_t copied = asio::buffer_copy(buffers, asio::buffer(leftover_));
    leftover_.erase(0, copied);
    return asio::async_initiate<Token, void(error_code, std::size_t)>(
        [copied, executor = get_executor()](auto handler) {
          asio::post(executor, asio::append(std::move(handler), error_code(), copied));
        },
        token);
  }

 private:
  std::string leftover_;
};

// Beast finds these by argument-dependent lookup when it ends a stream.
void teardown(beast::role_type role, LeftoverSocket& socket, error_code& error) {
  beast::websocket::teardown(role, static_cast<Socket&>(socket), error);
}
template <class Handler>
void async_teardown(beast::role_type role, LeftoverSocket& socket, Handler&& handler) {
  beast::websocket::async_teardown(role, static_cast<Socket&>(socket), std::forward<Handler>(handler));
}

struct WebSocketStream::Impl {
  Impl(Socket socket, std::string leftover)
      : io(static_cast<asio::io_context&>(socket.get_executor().context())),
        stream(std::move(socket), std::move(leftover)),
        close_ended(io) {}

  asio::io_context& io;
  beast::websocket::stream<LeftoverSocket> stream;
  beast::flat_buffer input;
  Notifier close_ended;
  SteadyClock::time_point send_deadline = SteadyClock::time_point::max();
  SteadyClock::time_point close_deadline = SteadyClock::time_point::max();
  bool reading = false;
  bool sending = false;
  bool closing = false;
  bool close_pending = false;
};

WebSocketStream::WebSocketStream(Socket socket, std::string leftover, const ServerOptions& options)
    : impl_(std::make_unique<Impl>(std::move(socket), std::move(leftover))) {
  auto& stream = impl_->stream;
  beast::websocket::stream_base::timeout timeout{};
  timeout.handshake_timeout = kCloseTime;
  timeout.idle_timeout = options.websocket_timeout;
  timeout.keep_alive_pings = true;
  stream.set_option(timeout);
  beast::websocket::permessage_deflate deflate;
  deflate.server_enable = true;
  deflate.server_max_window_bits = kWindowBits;
  deflate.client_max_window_bits = kWindowBits;
  deflate.memLevel = kMemoryLevel;
  deflate.compLevel = kCompressionLevel;
  deflate.msg_size_threshold = kCompressFrom;
  stream.set_option(deflate);
  stream.auto_fragment(false);
  stream.read_message_max(options.max_websocket_message);
}

WebSocketStream::~WebSocketStream() = default;

awaitable<Result<void>> WebSocketStream::accept(const Request& request, std::string subprotocol) {
  const auto self = shared_from_this();
  beast::http::request<beast::http::empty_body> upgrade;
  upgrade.method(beast::http::verb::get);
  upgrade.target(request.target);
  upgrade.version(request.version);
  for (const auto& [name, value] : request.headers) upgrade.insert(name, value);
  impl_->stream.set_option(beast::websocket::stream_base::decorator(
      [id = request.request_id, subprotocol = std::move(subprotocol)](beast::websocket::response_type& response) {
        response.erase(beast::http::field::server);
        response.set("X-Request-ID", id);
        response.set("X-Content-Type-Options", "nosniff");
        if (!subprotocol.empty()) response.set(beast::http::field::sec_websocket_protocol, subprotocol);
      }));
  const auto [error] = co_await impl_->stream.async_accept(upgrade, kQuiet);
  if (error) co_return fail(ErrorCode::cancelled, "the WebSocket upgrade failed: " + error.message());
  co_return Result<void>();
}

awaitable<Result<std::string>> WebSocketStream::read() {
  const auto self = shared_from_this();
  Impl& impl = *impl_;
  if (impl.reading) co_return fail(ErrorCode::internal_error, "two readers on one WebSocket");
  impl.reading = true;
  const auto [error, size] = co_await impl.stream.async_read(impl.input, kQuiet);
  impl.reading = false;
  if (error == beast::websocket::error::closed) {
    const auto& reason = impl.stream.reason();
    co_return fail(ErrorCode::cancelled, fmt::format("the client closed the WebSocket ({})", reason.code));
  }
  if (error) co_return fail(ErrorCode::cancelled, "the WebSocket ended: " + error.message());
  if (!impl.stream.got_text()) {
    close(1003, "only text frames are understood");
    co_return fail(ErrorCode::cancelled, "the client sent a binary frame");
  }
  std::string text(static_cast<const char*>(impl.input.data().data()), impl.input.size());
  impl.input.consume(impl.input.size());
  if (impl.input.capacity() > kKeptBytes) impl.input.shrink_to_fit();
  co_return text;
}

awaitable<Result<void>> WebSocketStream::send(std::shared_ptr<const std::string> text) {
  const auto self = shared_from_this();
  Impl& impl = *impl_;
  if (impl.sending) co_return fail(ErrorCode::internal_error, "two writers on one WebSocket");
  if (!is_open()) co_return fail(ErrorCode::cancelled, "the WebSocket is closed");
  impl.sending = true;
  impl.send_deadline = SteadyClock::now() + kSendTime;
  const auto [error, size] = co_await impl.stream.async_write(asio::buffer(*text), kQuiet);
  impl.send_deadline = SteadyClock::time_point::max();
  impl.sending = false;
  if (error) co_return fail(ErrorCode::cancelled, "the WebSocket ended: " + error.message());
  co_return Result<void>();
}

void WebSocketStream::close(int code, std::string_view reason) {
  if (!is_open()) return;
  Impl& impl = *impl_;
  impl.closing = true;
  impl.close_pending = true;
  impl.close_deadline = SteadyClock::now() + kCloseTime;
  reason = reason.substr(0, kMaxReason);
  while (!is_valid_utf8(reason)) reason.remove_suffix(1);
  const beast::websocket::close_reason why(static_cast<beast::websocket::close_code>(code), beast::string_view(reason));
  impl.stream.async_close(why, [self = shared_from_this()](error_code) {
    self->impl_->close_pending = false;
    self->impl_->close_ended.notify_all();
  });
}

bool WebSocketStream::is_open() const {
  return impl_->stream.is_open() && !impl_->closing;
}

awaitable<void> WebSocketStream::finish() {
  const auto self = shared_from_this();
  close(1000, {});
  while (impl_->close_pending) co_await impl_->close_ended.wait_for(kCloseTime);
  cut();
}

void WebSocketStream::check_deadline(SteadyClock::time_point now) {
  if (now >= impl_->send_deadline || now >= impl_->close_deadline) cut();
}

void WebSocketStream::cut() {
  impl_->send_deadline = SteadyClock::time_point::max();
  impl_->close_deadline = SteadyClock::time_point::max();
  error_code ignored;
  static_cast<Socket&>(impl_->stream.next_layer()).close(ignored);
}

std::optional<UpgradeProblem> upgrade_problem(const Request& request) {
  if (!request.header_has_token("connection", "upgrade") || !request.header_has_token("upgrade", "websocket") ||
      request.version < 11)
    return UpgradeProblem{400, "this path needs a WebSocket upgrade"};
  const auto version = request.header("sec-websocket-version");
  if (!version || *version != "13") return UpgradeProblem{426, "only WebSocket version 13 is supported"};
  // 16 bytes in base64 (RFC 6455 section 4.1).
  const auto key = request.header("sec-websocket-key");
  if (!key || key->size() != 24 || !key->ends_with("=="))
    return UpgradeProblem{400, "Sec-WebSocket-Key is missing or is not 16 bytes in base64"};
  if (request.header("content-length").value_or("0") != "0" || request.header("transfer-encoding"))
    return UpgradeProblem{400, "a WebSocket upgrade has no body"};
  return std::nullopt;
}

}  // namespace r8r::http
