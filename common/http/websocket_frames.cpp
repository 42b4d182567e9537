#include "common/http/websocket_frames.hpp"

#include "common/base/json_text.hpp"
#include "common/base/result.hpp"
#include "common/http/message_deflate.hpp"

namespace r8r::http {
namespace {

constexpr std::size_t kMaxControl = 125;
constexpr std::size_t kKeptBytes = 4 * 1024;

bool is_control(Opcode opcode) {
  return static_cast<std::uint8_t>(opcode) >= 8;
}

/// Codes that may travel in a frame.
bool is_sendable(int code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

}  // namespace

std::size_t MessageReader::head_size() const {
  if (head_taken_ < 2) return 2;
  const std::uint8_t length = head_[1] & 0x7F;
  return 2u + (length == 126 ? 2u : length == 127 ? 8u : 0u) + 4u;
}

std::optional<SocketEvent> MessageReader::next(std::string_view& data) {
  while (!ended_) {
    if (!in_payload_) {
      while (head_taken_ < head_size() && !data.empty()) {
        head_[head_taken_++] = static_cast<std::uint8_t>(data[0]);
        data.remove_prefix(1);
        // What comes unmasked has no mask to wait for.
        if (head_taken_ == 2 && !(head_[1] & 0x80))
          return fail(close_code::kProtocol, "a client's frame must be masked");
      }
      if (head_taken_ < head_size()) return std::nullopt;
      if (std::optional<SocketEvent> failure = begin_frame()) return failure;
    }
    const std::size_t part = static_cast<std::size_t>(std::min<std::uint64_t>(length_ - taken_, data.size()));
    take_payload(data.substr(0, part));
    data.remove_prefix(part);
    if (taken_ < length_) return std::nullopt;
    in_payload_ = false;
    head_taken_ = 0;
    if (std::optional<SocketEvent> event = end_frame()) return event;
  }
  return std::nullopt;
}

std::optional<SocketEvent> MessageReader::begin_frame() {
  final_ = head_[0] & 0x80;
  const bool rsv1 = head_[0] & 0x40;
  const int code = head_[0] & 0x0F;
  const std::uint8_t short_length = head_[1] & 0x7F;
  const std::size_t extra = short_length == 126 ? 2 : short_length == 127 ? 8 : 0;
  length_ = extra == 0 ? short_length : 0;
  for (std::size_t i = 0; i < extra; ++i) length_ = length_ << 8 | head_[2 + i];
  for (std::size_t i = 0; i < 4; ++i) mask_[i] = head_[2 + extra + i];
  taken_ = 0;
  in_payload_ = true;

  if (head_[0] & 0x30) return fail(close_code::kProtocol, "reserved bits are set");
  if ((code > 2 && code < 8) || code > 10) return fail(close_code::kProtocol, "unknown opcode");
  opcode_ = static_cast<Opcode>(code);
  if (is_control(opcode_)) {
    if (!final_ || length_ > kMaxControl || rsv1) return fail(close_code::kProtocol, "malformed control frame");
    control_.clear();
    return std::nullopt;
  }
  if ((opcode_ == Opcode::continuation) != in_message_)
    return fail(close_code::kProtocol, in_message_ ? "a message inside of another one" : "nothing to continue");
  if (rsv1 && (!deflate_ || opcode_ == Opcode::continuation))
    return fail(close_code::kProtocol, "compressed without agreement");
  if (opcode_ == Opcode::binary) return fail(close_code::kUnsupported, "only text frames are understood");
  if (!in_message_) {
    in_message_ = true;
    compressed_ = rsv1;
    message_.clear();
  }
  if (length_ > max_message_ || message_.size() + length_ > max_message_)
    return fail(close_code::kTooLarge, "the message is too large");
  return std::nullopt;
}

void MessageReader::take_payload(std::string_view bytes) {
  std::string& out = is_control(opcode_) ? control_ : message_;
  const std::size_t used = out.size();
  out.append(bytes);
  for (std::size_t i = 0; i < bytes.size(); ++i)
    out[used + i] = static_cast<char>(static_cast<std::uint8_t>(out[used + i]) ^ mask_[(taken_ + i) & 3]);
  taken_ += bytes.size();
}

std::optional<SocketEvent> MessageReader::end_frame() {
  switch (opcode_) {
    case Opcode::ping:
      return SocketEvent{SocketEvent::Kind::ping, std::move(control_)};
    case Opcode::pong:
      return SocketEvent{SocketEvent::Kind::pong, std::move(control_)};
    case Opcode::close:
      return end_close();
    default:
      if (!final_) return std::nullopt;
      return end_message();
  }
}

SocketEvent MessageReader::end_message() {
  in_message_ = false;
  std::string text;
  if (compressed_) {
    switch (inflate_message(message_, max_message_, text)) {
      case InflateOutcome::done:
        break;
      case InflateOutcome::too_large:
        return fail(close_code::kTooLarge, "the message is too large");
      case InflateOutcome::broken:
        return fail(close_code::kProtocol, "the message's compressed form is broken");
    }
    if (message_.capacity() > kKeptBytes) message_ = std::string();
  } else {
    text = std::move(message_);
    message_ = std::string();
  }
  if (!is_valid_utf8(text)) return fail(close_code::kBadText, "the text is not valid UTF-8");
  return SocketEvent{SocketEvent::Kind::text, std::move(text)};
}

SocketEvent MessageReader::end_close() {
  if (control_.empty()) {
    ended_ = true;
    return SocketEvent{SocketEvent::Kind::close, {}, close_code::kNone};
  }
  if (control_.size() == 1) return fail(close_code::kProtocol, "malformed close frame");
  const int code = static_cast<std::uint8_t>(control_[0]) << 8 | static_cast<std::uint8_t>(control_[1]);
  if (!is_sendable(code)) return fail(close_code::kProtocol, "impossible close code");
  std::string reason = control_.substr(2);
  if (!is_valid_utf8(reason)) return fail(close_code::kBadText, "the close reason is not valid UTF-8");
  ended_ = true;
  return SocketEvent{SocketEvent::Kind::close, std::move(reason), code};
}

SocketEvent MessageReader::fail(int code, std::string why) {
  ended_ = true;
  return SocketEvent{SocketEvent::Kind::failure, std::move(why), code};
}

std::string frame_head(Opcode opcode, std::size_t length, bool compressed) {
  std::string out;
  out.push_back(static_cast<char>(0x80 | (compressed ? 0x40 : 0) | static_cast<std::uint8_t>(opcode)));
  if (length < 126) {
    out.push_back(static_cast<char>(length));
    return out;
  }
  const int bytes = length <= 0xFFFF ? 2 : 8;
  out.push_back(static_cast<char>(bytes == 2 ? 126 : 127));
  for (int i = bytes - 1; i >= 0; --i)
    out.push_back(static_cast<char>(static_cast<std::uint64_t>(length) >> (8 * i) & 0xFF));
  return out;
}

std::string control_frame(Opcode opcode, std::string_view payload) {
  R8R_ASSERT(payload.size() <= kMaxControl,
             "a control frame holds at most 125 bytes: " + std::to_string(payload.size()));
  return frame_head(opcode, payload.size()).append(payload);
}

std::string close_frame(int code, std::string_view reason) {
  std::string payload = {static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
  reason = reason.substr(0, kMaxControl - 2);
  while (!is_valid_utf8(reason)) reason.remove_suffix(1);
  return control_frame(Opcode::close, payload.append(reason));
}

}  // namespace r8r::http
