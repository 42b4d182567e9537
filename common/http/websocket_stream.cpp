#include "common/http/websocket_stream.hpp"

#include <fmt/format.h>

#include "common/http/socket_io.hpp"

namespace r8r::http {
namespace {

constexpr auto kQuiet = asio::as_tuple(asio::deferred);
// How long the client may take to answer a close, and to take a message.
constexpr auto kCloseTime = std::chrono::seconds(5);
constexpr auto kSendTime = std::chrono::seconds(60);
// Messages that may go out in a row before others get their turn.
constexpr int kSendsPerTurn = 32;

/// Sets a flag for as long as it lives, however a coroutine ends.
struct Mark {
  explicit Mark(bool& f) : flag(f) { flag = true; }
  ~Mark() { flag = false; }
  Mark(const Mark&) = delete;
  bool& flag;
};

}  // namespace

WebSocketStream::WebSocketStream(std::shared_ptr<ServerState> state, Socket socket, std::string leftover, bool deflate)
    : state_(std::move(state)),
      socket_(std::move(socket)),
      reader_(state_->options.max_websocket_message, deflate),
      input_(std::move(leftover)),
      progress_(state_->io),
      last_heard_(SteadyClock::now()),
      last_ping_(last_heard_),
      deflate_(deflate) {}

void WebSocketStream::start(std::string answer) {
  push({std::move(answer), nullptr});
}

awaitable<bool> WebSocketStream::receive() {
  while (!over_) {
    const auto [error] = co_await socket_.async_wait(Socket::wait_read, kQuiet);
    if (error || over_) co_return false;
    const ssize_t got = receive_now(socket_.native_handle(), state_->input.data(), state_->input.size());
    if (got == 0) co_return false;
    if (got < 0) continue;
    last_heard_ = SteadyClock::now();
    input_.append(state_->input.data(), static_cast<std::size_t>(got));
    co_return true;
  }
  co_return false;
}

std::optional<SocketEvent> WebSocketStream::next_event() {
  std::string_view rest = std::string_view(input_).substr(input_start_);
  std::optional<SocketEvent> event = reader_.next(rest);
  input_start_ = input_.size() - rest.size();
  if (rest.empty()) {
    input_ = std::string();
    input_start_ = 0;
  }
  return event;
}

awaitable<Result<std::string>> WebSocketStream::read() {
  const auto self = shared_from_this();
  if (reading_) co_return fail(ErrorCode::internal_error, "two readers on one WebSocket");
  const Mark mark(reading_);
  while (!reader_.ended()) {
    while (std::optional<SocketEvent> event = next_event()) {
      switch (event->kind) {
        case SocketEvent::Kind::text:
          // After our own close the client's further messages mean nothing.
          if (!close_sent_) co_return std::move(event->payload);
          break;
        case SocketEvent::Kind::ping:
          answer_ping(std::move(event->payload));
          break;
        case SocketEvent::Kind::pong:
          break;
        case SocketEvent::Kind::close:
          close(event->code == close_code::kNone ? close_code::kNormal : event->code, {});
          co_return fail(ErrorCode::cancelled, fmt::format("the client closed the WebSocket ({})", event->code));
        case SocketEvent::Kind::failure:
          close(event->code, event->payload);
          co_return fail(ErrorCode::cancelled, "the WebSocket was closed: " + event->payload);
      }
    }
    if (reader_.ended()) break;
    const bool received = co_await receive();
    if (!received) {
      cut();
      co_return fail(ErrorCode::cancelled, "the connection is gone");
    }
  }
  co_return fail(ErrorCode::cancelled, "the WebSocket is closed");
}

awaitable<Result<void>> WebSocketStream::send(std::shared_ptr<const std::string> text) {
  const auto self = shared_from_this();
  if (sending_) co_return fail(ErrorCode::internal_error, "two writers on one WebSocket");
  if (!is_open()) co_return fail(ErrorCode::cancelled, "the WebSocket is closed");
  const Mark mark(sending_);
  if (std::shared_ptr<const std::string> deflated = deflate_ ? state_->deflated.of(text) : nullptr) {
    push({frame_head(Opcode::text, deflated->size(), true), std::move(deflated)});
  } else {
    push({frame_head(Opcode::text, text->size()), std::move(text)});
  }
  const std::uint64_t place = pushed_;
  if (written_ >= place && ++sends_without_wait_ >= kSendsPerTurn) {
    sends_without_wait_ = 0;
    co_await asio::post(state_->io, asio::deferred);
  }
  while (written_ < place && !over_) {
    sends_without_wait_ = 0;
    co_await progress_.wait();
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    if (cancellation.cancelled() != asio::cancellation_type::none) break;
  }
  if (written_ < place) co_return fail(ErrorCode::cancelled, "the connection is gone");
  co_return Result<void>();
}

void WebSocketStream::close(int code, std::string_view reason) {
  if (!is_open()) return;
  close_sent_ = true;
  close_deadline_ = SteadyClock::now() + kCloseTime;
  push({close_frame(code, reason), nullptr});
}

void WebSocketStream::answer_ping(std::string payload) {
  if (close_sent_) return;
  // Only the last of several pings needs its answer (RFC 6455 section 5.5.3), so a flood of them takes no room. The
  // front piece may be half out already.
  for (std::size_t i = 1; i < output_.size(); ++i) {
    if (!output_[i].is_pong) continue;
    output_[i].head = control_frame(Opcode::pong, payload);
    return;
  }
  push({control_frame(Opcode::pong, payload), nullptr, true});
}

void WebSocketStream::push(Piece piece) {
  if (over_) return;
  if (output_.empty()) output_deadline_ = SteadyClock::now() + kSendTime;
  output_.push_back(std::move(piece));
  ++pushed_;
  if (!pumping_) pump();
}

void WebSocketStream::pump() {
  while (!output_.empty() && !over_) {
    Piece& piece = output_.front();
    std::string_view head = piece.head;
    std::string_view text = piece.text ? std::string_view(*piece.text) : std::string_view();
    text.remove_prefix(front_sent_ > head.size() ? front_sent_ - head.size() : 0);
    head.remove_prefix(std::min(front_sent_, head.size()));
    const ssize_t sent = send_now(socket_.native_handle(), head, text);
    if (sent < 0) {
      cut();
      return;
    }
    front_sent_ += static_cast<std::size_t>(sent);
    if (front_sent_ < piece.size()) {
      pumping_ = true;
      socket_.async_wait(Socket::wait_write, [self = shared_from_this()](const boost::system::error_code& error) {
        self->pumping_ = false;
        if (!error) self->pump();
      });
      return;
    }
    output_.pop_front();
    front_sent_ = 0;
    ++written_;
    output_deadline_ = SteadyClock::now() + kSendTime;
    progress_.notify_all();
  }
  output_deadline_ = SteadyClock::time_point::max();
}

awaitable<void> WebSocketStream::finish() {
  const auto self = shared_from_this();
  close(close_code::kNormal, {});
  // First our own part goes out. Everything here ends with the close deadline, when the connection is cut.
  while (!output_.empty() && !over_) co_await progress_.wait();
  // Then the client's close is waited for; behind a protocol failure, only the end of its bytes.
  boost::system::error_code ignored;
  bool half_closed = false;
  while (!over_) {
    while (next_event()) {
    }
    if (reader_.ended()) {
      if (!half_closed) socket_.shutdown(Socket::shutdown_send, ignored);
      half_closed = true;
      input_.clear();
      input_start_ = 0;
    }
    const bool received = co_await receive();
    if (!received) break;
  }
  cut();
}

void WebSocketStream::check_deadline(SteadyClock::time_point now) {
  if (now >= output_deadline_ || now >= close_deadline_ || now - last_heard_ >= state_->options.websocket_timeout) {
    cut();
    return;
  }
  if (is_open() && now - last_ping_ >= state_->options.websocket_timeout / 2) {
    last_ping_ = now;
    push({control_frame(Opcode::ping, {}), nullptr});
  }
}

void WebSocketStream::cut() {
  if (over_) return;
  over_ = true;
  output_.clear();
  boost::system::error_code ignored;
  socket_.close(ignored);
  progress_.notify_all();
}

}  // namespace r8r::http
