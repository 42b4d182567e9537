#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace r8r::http {

/// permessage-deflate (RFC 7692), always without context takeover on both sides: a client costs no memory for it, and
/// one compressed form of a message serves every client. Beast's own cannot be used: in Boost 1.81 its inflater loses
/// its place after a message that fills the reader's buffer, and ends the connection at the next one.

/// The extension as the answer names it, when one of the client's offers can be met; else nullopt.
std::optional<std::string> agree_on_deflate(std::string_view offers);

enum class InflateOutcome { done, broken, too_large };
/// Appends the plain form of a message's payload to `out`, up to `max` bytes.
InflateOutcome inflate_message(std::string_view compressed, std::size_t max, std::string& out);

/// The payload's compressed form.
std::string deflate_message(std::string_view text);

/// Remembers the compressed forms of the last few messages: an event goes to many clients in a row.
class DeflatedMessages {
 public:
  /// The compressed form of `text`, or null when that is not worth it.
  std::shared_ptr<const std::string> of(const std::shared_ptr<const std::string>& text);

 private:
  struct Entry {
    std::shared_ptr<const std::string> text;  // kept, so that its address is not used again meanwhile
    std::shared_ptr<const std::string> deflated;
  };
  static constexpr std::size_t kEntries = 16;
  Entry entries_[kEntries];
  std::size_t next_ = 0;
};

}  // namespace r8r::http
