#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace r8r::http {

enum class Opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

/// Why a WebSocket ends (RFC 6455 section 7.4).
namespace close_code {
constexpr int kNormal = 1000, kGoingAway = 1001, kProtocol = 1002, kUnsupported = 1003, kNone = 1005, kBadText = 1007,
              kPolicy = 1008, kTooLarge = 1009, kInternal = 1011, kTryLater = 1013;
}

/// What a client said: a whole text message, a control frame, or something that ends the connection.
struct SocketEvent {
  enum class Kind { text, ping, pong, close, failure } kind;
  std::string payload;  ///< the text; the bytes of a ping; the reason of a close; what is wrong
  int code = 0;         ///< of a close (1005: none given), or to fail with
};

/// Puts a client's frames together to messages; no I/O. After a close or a failure nothing more comes.
class MessageReader {
 public:
  /// `deflate`: the extension is in use. `max_message` holds for the text and for its compressed form.
  MessageReader(std::size_t max_message, bool deflate) : max_message_(max_message), deflate_(deflate) {}

  /// Takes bytes from the front of `data` until something is complete; nullopt when all were taken before that.
  std::optional<SocketEvent> next(std::string_view& data);
  bool ended() const { return ended_; }

 private:
  std::optional<SocketEvent> begin_frame();
  std::optional<SocketEvent> end_frame();
  SocketEvent end_message();
  SocketEvent end_close();
  SocketEvent fail(int code, std::string why);
  void take_payload(std::string_view bytes);
  std::size_t head_size() const;

  std::size_t max_message_;
  bool deflate_;
  bool ended_ = false;

  // The frame that is being read.
  std::array<std::uint8_t, 14> head_{};
  std::size_t head_taken_ = 0;
  bool in_payload_ = false;
  bool final_ = false;
  Opcode opcode_ = Opcode::text;
  std::uint64_t length_ = 0;
  std::uint64_t taken_ = 0;
  std::array<std::uint8_t, 4> mask_{};
  std::string control_;

  // The message that its data frames belong to.
  bool in_message_ = false;
  bool compressed_ = false;
  std::string message_;
};

/// The head of an unmasked, unfragmented frame of the server.
std::string frame_head(Opcode opcode, std::size_t length, bool compressed = false);
/// A whole control frame; `payload` at most 125 bytes.
std::string control_frame(Opcode opcode, std::string_view payload);
/// `reason` is cut to 123 bytes at a character's border.
std::string close_frame(int code, std::string_view reason);

}  // namespace r8r::http
