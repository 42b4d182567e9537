#include "tests/support/socket_client.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>

namespace r8r::test {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;

struct SocketClient::Impl {
  asio::io_context io;
  websocket::stream<beast::tcp_stream> stream{io};
  beast::flat_buffer buffer;
  int status = 0;
  beast::error_code last;

  // Runs one operation to its end or gives up on the connection.
  template <class Start>
  bool run(std::chrono::milliseconds limit, Start start) {
    bool done = false;
    start([&](beast::error_code error) {
      last = error;
      done = true;
    });
    io.restart();
    io.run_for(limit);
    if (!done) {
      beast::get_lowest_layer(stream).cancel();
      io.restart();
      io.run_for(std::chrono::seconds(1));
      last = asio::error::timed_out;
    }
    return !last;
  }
};

SocketClient::SocketClient(int port, const std::string& target, const std::string& origin)
    : impl_(std::make_unique<Impl>()) {
  Impl& self = *impl_;
  beast::get_lowest_layer(self.stream)
      .socket()
      .connect({asio::ip::make_address("127.0.0.1"), static_cast<unsigned short>(port)});
  if (!origin.empty()) {
    self.stream.set_option(websocket::stream_base::decorator(
        [origin](websocket::request_type& request) { request.set(beast::http::field::origin, origin); }));
  }
  websocket::response_type response;
  beast::error_code error;
  self.stream.handshake(response, "127.0.0.1:" + std::to_string(port), target, error);
  self.status = error ? static_cast<int>(response.result_int()) : 101;
}

SocketClient::~SocketClient() = default;

int SocketClient::status() const {
  return impl_->status;
}

std::optional<nlohmann::json> SocketClient::read(std::chrono::milliseconds limit) {
  Impl& self = *impl_;
  const bool ok = self.run(limit, [&](auto finish) {
    self.stream.async_read(self.buffer, [finish](beast::error_code error, std::size_t) { finish(error); });
  });
  if (!ok) return std::nullopt;
  const std::string text = beast::buffers_to_string(self.buffer.data());
  self.buffer.clear();
  return nlohmann::json::parse(text, nullptr, false);
}

void SocketClient::send(const std::string& text) {
  impl_->stream.text(true);
  impl_->stream.write(asio::buffer(text));
}

void SocketClient::send_binary(const std::string& bytes) {
  impl_->stream.binary(true);
  impl_->stream.write(asio::buffer(bytes));
}

int SocketClient::wait_close(std::chrono::milliseconds limit) {
  const auto give_up = std::chrono::steady_clock::now() + limit;
  while (read(std::chrono::duration_cast<std::chrono::milliseconds>(give_up - std::chrono::steady_clock::now()))) {
  }
  return impl_->last == websocket::error::closed ? static_cast<int>(impl_->stream.reason().code) : 0;
}

}  // namespace r8r::test
