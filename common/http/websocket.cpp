#include "common/http/websocket.hpp"

#include "common/http/websocket_stream.hpp"

namespace r8r::http {

WebSocket::WebSocket(std::shared_ptr<WebSocketStream> stream) : stream_(std::move(stream)) {}
WebSocket::~WebSocket() = default;

awaitable<Result<std::string>> WebSocket::read() {
  return stream_->read();
}
awaitable<Result<void>> WebSocket::send(std::shared_ptr<const std::string> text) {
  return stream_->send(std::move(text));
}
void WebSocket::close(int code, std::string_view reason) {
  stream_->close(code, reason);
}
bool WebSocket::is_open() const {
  return stream_->is_open();
}

}  // namespace r8r::http
