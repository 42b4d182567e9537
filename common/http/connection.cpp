#include "common/http/connection.hpp"

#include <sys/socket.h>
#include <sys/uio.h>
#include <cerrno>

#include "common/http/socket_io.hpp"
#include "common/http/websocket_stream.hpp"

namespace r8r::http {
namespace {

constexpr auto kQuiet = asio::as_tuple(asio::deferred);
// What a client may still send after the last answer, and for how long we take it, so that it sees that answer and not
// a reset connection.
constexpr std::size_t kLingerBytes = 16 * 1024 * 1024;
constexpr auto kLingerTime = std::chrono::seconds(2);
// Below this an answer's reader counts as stuck.
constexpr std::size_t kSlowestReaderBytesPerSecond = 16 * 1024;
// Memory of a buffer that an idle connection keeps.
constexpr std::size_t kKeptBytes = 4 * 1024;
// Requests of one connection that may be answered in a row before others get their turn.
constexpr int kExchangesPerTurn = 16;

ParserLimits limits_of(const ServerOptions& options) {
  return {options.max_body, options.max_header, options.max_request_line, options.max_header_fields};
}

}  // namespace

Connection::Connection(std::shared_ptr<ServerState> state, Socket socket, std::string remote_ip)
    : state_(std::move(state)),
      socket_(std::move(socket)),
      remote_ip_(std::move(remote_ip)),
      parser_(limits_of(state_->options)) {
  state_->join(*this);
}

Connection::~Connection() {
  state_->in_flight_bytes -= charged_bytes_;
  if (counted_in_flight_) --state_->in_flight;
  state_->leave(*this);
}

awaitable<void> Connection::run(std::unique_ptr<Connection> connection) {
  Connection& self = *connection;
  while (!self.state_->closed) {
    const bool has_head = co_await self.read_head();
    if (!has_head) co_return;
    const bool goes_on = co_await self.exchange();
    if (!goes_on) co_return;
    if (++self.exchanges_without_wait_ >= kExchangesPerTurn) {
      self.exchanges_without_wait_ = 0;
      co_await asio::post(self.state_->io, asio::deferred);
    }
  }
}

awaitable<void> Connection::refuse(std::unique_ptr<Connection> connection) {
  Connection& self = *connection;
  self.parser_.begin(self.request_);
  co_await self.answer_failure(503, ErrorCode::service_unavailable, "Too many connections");
}

void Connection::enter(Phase phase, SteadyClock::duration limit) {
  phase_ = phase;
  deadline_ = SteadyClock::now() + limit;
}

bool Connection::parse(std::string_view fresh) {
  const bool had_head = parser_.head_complete();
  std::string_view data = fresh;
  const bool from_pending = pending_start_ < pending_.size();
  if (from_pending) {
    pending_.append(fresh);
    data = std::string_view(pending_).substr(pending_start_);
  }
  std::size_t taken = 0;
  bool done = false;
  while (!done && taken < data.size()) {
    const std::size_t step = parser_.feed(data.substr(taken));
    taken += step;
    done = parser_.failure() || parser_.complete() || parser_.head_complete() != had_head;
    if (step == 0) break;
  }
  if (!from_pending) {
    pending_.assign(data.substr(taken));
    pending_start_ = 0;
  } else if (taken == data.size()) {
    pending_.clear();
    pending_start_ = 0;
  } else {
    pending_start_ += taken;
    if (pending_start_ > 64 * 1024) {
      pending_.erase(0, pending_start_);
      pending_start_ = 0;
    }
  }
  return done;
}

awaitable<std::string_view> Connection::receive() {
  std::array<char, 64 * 1024>& input = state_->input;
  while (!state_->closed) {
    if (more_expected_now_) {
      const ssize_t got = receive_now(socket_.native_handle(), input.data(), input.size());
      if (got == 0) peer_done_ = true;
      if (got >= 0) {
        more_expected_now_ = static_cast<std::size_t>(got) == input.size();
        co_return std::string_view(input.data(), static_cast<std::size_t>(got));
      }
    }
    // The last look above was for a request that came just before an idle connection would have been closed.
    if (expired_ || (phase_ == Phase::idle && state_->draining)) break;
    exchanges_without_wait_ = 0;
    const auto [error] = co_await socket_.async_wait(Socket::wait_read, kQuiet);
    if (error && error != asio::error::operation_aborted) break;
    more_expected_now_ = true;
  }
  co_return std::string_view();
}

awaitable<bool> Connection::read_head() {
  if (pending_start_ == pending_.size()) {
    pending_start_ = 0;
    // Idle connections are many: they keep little memory.
    if (pending_.capacity() > kKeptBytes) pending_ = std::string();
    if (out_.capacity() > kKeptBytes) out_ = std::string();
    pending_.clear();
  }
  parser_.begin(request_);
  expired_ = false;
  enter(Phase::idle, first_ ? state_->options.header_timeout : state_->options.idle_timeout);
  first_ = false;
  if (pending_start_ < pending_.size()) {
    enter(Phase::head, state_->options.header_timeout);
    if (parse({})) {
      if (!parser_.failure()) co_return true;
    }
  }
  while (!parser_.failure()) {
    const std::string_view fresh = co_await receive();
    if (fresh.empty()) {
      if (expired_ && parser_.has_begun())
        co_await answer_failure(408, ErrorCode::invalid_request, "the request did not arrive in time");
      co_return false;
    }
    if (phase_ == Phase::idle) enter(Phase::head, state_->options.header_timeout);
    if (parse(fresh) && !parser_.failure()) co_return true;
  }
  const ParserFailure failure = *parser_.failure();
  co_await answer_failure(failure.status, failure.code, failure.message);
  co_return false;
}

void Connection::charge_body() {
  const std::size_t held = request_.body.size();
  state_->in_flight_bytes += held - charged_bytes_;
  charged_bytes_ = held;
}

awaitable<bool> Connection::read_body() {
  enter(Phase::body, state_->options.body_timeout);
  expired_ = false;
  bool done = pending_start_ < pending_.size() && parse({});
  if (!done && !parser_.failure() && request_.header_has_token("expect", "100-continue") && request_.version >= 11 &&
      request_.body.empty()) {
    const bool sent = co_await send("HTTP/1.1 100 Continue\r\n\r\n", {});
    if (!sent) co_return false;
    enter(Phase::body, state_->options.body_timeout);
  }
  charge_body();
  while (!done && !over_budget()) {
    const std::string_view fresh = co_await receive();
    if (fresh.empty()) {
      if (expired_)
        co_await answer_failure(408, ErrorCode::invalid_request, "the request's body did not arrive in time");
      co_return false;
    }
    done = parse(fresh);
    charge_body();
  }
  if (over_budget()) {
    co_await answer_failure(503, ErrorCode::service_unavailable, "too much is being received at the moment");
    co_return false;
  }
  if (parser_.failure()) {
    const ParserFailure failure = *parser_.failure();
    co_await answer_failure(failure.status, failure.code, failure.message);
    co_return false;
  }
  co_return true;
}

awaitable<bool> Connection::send(std::string_view head, std::string_view body) {
  // Both belong to this connection and stay until we return.
  const auto patience = std::chrono::seconds((head.size() + body.size()) / kSlowestReaderBytesPerSecond);
  bool waited = false;
  while (!head.empty() || !body.empty()) {
    const ssize_t sent = send_now(socket_.native_handle(), head, body);
    if (sent < 0) co_return false;
    const std::size_t from_head = std::min(head.size(), static_cast<std::size_t>(sent));
    head.remove_prefix(from_head);
    body.remove_prefix(static_cast<std::size_t>(sent) - from_head);
    if (head.empty() && body.empty()) break;
    if (!waited) enter(Phase::writing, state_->options.write_timeout + patience);
    waited = true;
    const auto [error] = co_await socket_.async_wait(Socket::wait_write, kQuiet);
    if (state_->closed || expired_ || (error && error != asio::error::operation_aborted)) co_return false;
  }
  co_return true;
}

awaitable<void> Connection::linger() {
  if (peer_done_ || state_->closed || !socket_.is_open()) co_return;
  boost::system::error_code ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
  if (ignored) co_return;
  expired_ = false;
  enter(Phase::linger, kLingerTime);
  std::size_t taken = 0;
  more_expected_now_ = true;
  while (taken < kLingerBytes) {
    const std::string_view dropped = co_await receive();
    if (dropped.empty()) co_return;
    taken += dropped.size();
  }
}

void Connection::check_deadline(SteadyClock::time_point now) {
  if (websocket_) {
    websocket_->check_deadline(now);
    return;
  }
  if (now < deadline_) return;
  deadline_ = SteadyClock::time_point::max();
  // Whoever waits on the socket wakes up and sees that its time is up.
  expired_ = true;
  boost::system::error_code ignored;
  socket_.cancel(ignored);
}

void Connection::start_draining() {
  if (websocket_) {
    websocket_->close(1001, "the server is shutting down");
  } else if (phase_ == Phase::idle) {
    boost::system::error_code ignored;
    socket_.cancel(ignored);
  }
}

void Connection::abort() {
  boost::system::error_code ignored;
  if (websocket_) {
    websocket_->cut();
  } else {
    socket_.close(ignored);
  }
}

}  // namespace r8r::http
