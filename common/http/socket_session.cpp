// Connection, third part: what happens after a WebSocket upgrade.
#include "common/base/log.hpp"
#include "common/http/connection.hpp"
#include "common/http/websocket.hpp"
#include "common/http/websocket_stream.hpp"

namespace r8r::http {

std::optional<Response> Connection::refuse_upgrade() {
  if (const auto problem = upgrade_problem(request_)) {
    Response response = state_->error(request_, problem->status, ErrorCode::invalid_request, problem->message);
    response.headers.emplace_back("Upgrade", "websocket");
    if (problem->status == 426) response.headers.emplace_back("Sec-WebSocket-Version", "13");
    return response;
  }
  if (state_->options.screen) {
    if (std::optional<Response> refused = state_->options.screen(request_)) return refused;
  }
  if (request_.route->authorize) {
    if (std::optional<Response> refused = request_.route->authorize(request_)) return refused;
  }
  if (state_->draining)
    return state_->error(request_, 503, ErrorCode::service_unavailable, "the server is shutting down");
  if (state_->websockets >= state_->options.max_websockets)
    return state_->error(request_, 503, ErrorCode::service_unavailable, "too many WebSocket clients");
  return std::nullopt;
}

awaitable<void> Connection::socket_session() {
  if (std::optional<Response> refused = refuse_upgrade()) {
    refused->close = true;
    co_await answer(std::move(*refused));
    co_return;
  }
  const Route& route = *request_.route;
  std::string subprotocol;
  if (route.choose_subprotocol) subprotocol = route.choose_subprotocol(request_);
  std::string leftover = pending_.substr(pending_start_);
  pending_ = std::string();
  pending_start_ = 0;
  out_ = std::string();

  phase_ = Phase::socket;
  const auto stream = std::make_shared<WebSocketStream>(std::move(socket_), std::move(leftover), state_->options);
  websocket_ = stream;
  // Counts as one for as long as this coroutine runs, however it ends.
  struct Count {
    explicit Count(ServerState& s) : state(s) { ++state.websockets; }
    ~Count() { --state.websockets; }
    ServerState& state;
  } const count(*state_);

  const Result<void> accepted = co_await stream->accept(request_, std::move(subprotocol));
  finish_exchange(Response::empty(accepted ? 101 : 400));
  if (!accepted || state_->closed) co_return;
  // The draining may have begun while there was nothing to close yet.
  if (state_->draining) start_draining();

  std::string failure;
  {
    WebSocket socket(stream);
    try {
      awaitable<void> session = route.socket_handler(request_, socket);
      co_await std::move(session);
    } catch (const std::exception& error) {
      failure = error.what();
    } catch (...) {
      failure = "exception of an unknown type";
    }
  }
  if (!failure.empty()) {
    log::error("a WebSocket session failed", {{"request_id", request_.request_id}, {"error", failure}});
    stream->close(1011, "internal error");
  }
  co_await stream->finish();
}

}  // namespace r8r::http
