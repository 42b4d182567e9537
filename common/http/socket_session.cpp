// Connection, third part: what happens after a WebSocket upgrade.
#include "common/base/log.hpp"
#include "common/http/connection.hpp"
#include "common/http/message_deflate.hpp"
#include "common/http/upgrade.hpp"
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

  std::optional<std::string> extension;
  if (const auto offers = request_.header("sec-websocket-extensions")) extension = agree_on_deflate(*offers);

  phase_ = Phase::socket;
  // Counts as one for as long as this coroutine runs, however it ends.
  struct Count {
    explicit Count(ServerState& s) : state(s) { ++state.websockets; }
    ~Count() { --state.websockets; }
    ServerState& state;
  } const count(*state_);
  const auto stream =
      std::make_shared<WebSocketStream>(state_, std::move(socket_), std::move(leftover), extension.has_value());
  websocket_ = stream;
  stream->start(upgrade_answer(request_, subprotocol, extension.value_or(std::string())));
  finish_exchange(Response::empty(101));

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
