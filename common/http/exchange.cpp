// Connection, second part: one request and its answer.
#include <fmt/format.h>

#include "common/base/log.hpp"
#include "common/base/uuid.hpp"
#include "common/http/connection.hpp"

namespace r8r::http {
namespace {

// Up to here body and head go out as one piece; beyond, copying costs more than a second piece.
constexpr std::size_t kJoinBytes = 16 * 1024;
// What is compressed in one go on the event loop: about 2 ms.
constexpr std::size_t kCompressSlice = 256 * 1024;

bool is_request_id(std::string_view text) {
  if (text.empty() || text.size() > 128) return false;
  for (const char c : text)
    if (c < 0x21 || c > 0x7E) return false;
  return true;
}

}  // namespace

void Connection::stamp() {
  if (!request_.request_id.empty()) return;
  started_ = SteadyClock::now();
  request_.received_at = wall_now();
  request_.remote_ip = remote_ip_;
  if (state_->options.trust_request_id) {
    const auto given = request_.header("x-request-id");
    if (given && is_request_id(*given)) request_.request_id = *given;
  }
  if (request_.request_id.empty()) request_.request_id = Uuid::v7().to_string();
}

void Connection::resolve_route() {
  Match match = state_->router.match(request_.method, request_.path);
  request_.route = match.route;
  request_.params = std::move(match.params);
  allow_ = std::move(match.allow);
}

awaitable<bool> Connection::exchange() {
  stamp();
  resolve_route();
  counted_in_flight_ = true;
  ++state_->in_flight;
  close_after_ = !parser_.keep_alive();
  if (request_.route && request_.route->is_socket()) {
    co_await socket_session();
    co_return false;
  }

  std::optional<Response> early;
  if (state_->options.screen) early = state_->options.screen(request_);
  const auto expectation = request_.header("expect");
  if (!early && expectation && !request_.header_has_token("expect", "100-continue"))
    early =
        state_->error(request_, 417, ErrorCode::invalid_request, "the only expectation that is met is 100-continue");
  if (!parser_.complete()) {
    if (!early) {
      const bool has_body = co_await read_body();
      if (!has_body) co_return false;
    } else if (!parse({}) || parser_.failure()) {
      // The body is not here yet, and not worth waiting for.
      close_after_ = true;
    }
  }
  if (early) co_return co_await answer(std::move(*early));
  Response response = co_await dispatch();
  co_return co_await answer(std::move(response));
}

awaitable<Response> Connection::dispatch() {
  phase_ = Phase::handler;
  deadline_ = SteadyClock::time_point::max();
  const Router& router = state_->router;
  Response response;
  std::string failure;
  try {
    if (request_.route) {
      awaitable<Response> call = request_.route->handler(request_);
      response = co_await std::move(call);
    } else if (allow_.empty() && router.not_found()) {
      awaitable<Response> call = router.not_found()(request_);
      response = co_await std::move(call);
    } else if (allow_.empty()) {
      response = state_->error(request_, 404, ErrorCode::not_found, fmt::format("nothing is at {}", request_.path));
    } else {
      if (router.method_not_allowed()) {
        awaitable<Response> call = router.method_not_allowed()(request_, allow_);
        response = co_await std::move(call);
      } else {
        response = state_->error(request_, 405, ErrorCode::method_not_allowed,
                                 fmt::format("this path takes {}, not {}", allow_, request_.method_name));
      }
      if (!response.header("allow")) response.headers.emplace_back("Allow", allow_);
    }
  } catch (const std::exception& error) {
    failure = fmt::format("exception: {}", error.what());
  } catch (...) {
    failure = "exception of an unknown type";
  }
  if (!failure.empty()) {
    log::error("a request handler failed", {{"method", request_.method_name},
                                            {"route", request_.route ? request_.route->pattern : std::string("-")},
                                            {"request_id", request_.request_id},
                                            {"error", failure}});
    response = state_->error(request_, 500, ErrorCode::internal_error, "internal error");
  }
  co_return response;
}

awaitable<bool> Connection::answer(Response response) {
  if (state_->closed) co_return false;
  const ServerOptions& options = state_->options;
  if (response.status < 200 || response.status > 599) {
    log::error("a handler gave an impossible status", {{"status", response.status}, {"path", request_.path}});
    response = state_->error(request_, 500, ErrorCode::internal_error, "internal error");
  }
  if (options.decorate) options.decorate(request_, response);
  if (response.close || state_->draining) close_after_ = true;

  const std::size_t plain_size = response.body.size();
  bool gzipped = false;
  if (options.gzip && wants_gzip(request_, response)) gzipped = co_await compress(response);
  if (state_->closed) co_return false;
  const bool bare = request_.method == Method::head || !status_has_body(response.status);
  const HeadFacts facts = {.body_size = bare ? plain_size : response.body.size(),
                           .request_id = request_.request_id,
                           .date = state_->date.at(wall_now()),
                           .close = close_after_,
                           .say_keep_alive = request_.version < 11,
                           .gzipped = gzipped};
  out_.clear();
  append_response_head(out_, response, facts);
  std::string_view body = bare ? std::string_view() : std::string_view(response.body);
  if (body.size() <= kJoinBytes) {
    out_.append(body);
    body = {};
  }
  expired_ = false;
  const bool sent = co_await send(out_, body);
  finish_exchange(response);
  if (!sent) co_return false;
  if (close_after_) {
    co_await linger();
    co_return false;
  }
  co_return true;
}

awaitable<void> Connection::answer_failure(int status, ErrorCode code, std::string message) {
  if (state_->closed) co_return;
  stamp();
  Response response = state_->error(request_, status, code, message);
  response.close = true;
  co_await answer(std::move(response));
}

awaitable<bool> Connection::compress(Response& response) {
  std::string out;
  const std::string_view body = response.body;
  if (body.size() <= kCompressSlice) {
    state_->gzip.begin();
    state_->gzip.add(body, true, out);
  } else {
    // Others get their turn between the slices, so this one needs a stream of its own.
    const auto own = std::make_unique<GzipCompressor>();
    for (std::size_t at = 0; at < body.size(); at += kCompressSlice) {
      own->add(body.substr(at, kCompressSlice), at + kCompressSlice >= body.size(), out);
      co_await asio::post(state_->io, asio::deferred);
    }
  }
  if (out.size() >= body.size()) co_return false;
  response.body = std::move(out);
  co_return true;
}

void Connection::finish_exchange(const Response& response) {
  if (counted_in_flight_) --state_->in_flight;
  counted_in_flight_ = false;
  state_->in_flight_bytes -= charged_bytes_;
  charged_bytes_ = 0;
  if (!state_->closed && state_->options.on_response)
    state_->options.on_response(request_, response, SteadyClock::now() - started_);
}

}  // namespace r8r::http
