#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// One pass over JSON text that came from outside: is it well-formed, and where do the top-level fields lie? Payloads
/// stay text; no tree is built.
namespace r8r::api {

enum class JsonKind { null, boolean, number, string, array, object };

/// A member of the top-level object. Both views point into the scanned text.
struct JsonField {
  std::string_view key;  ///< between the quotes, escapes as written
  std::string_view value;
  JsonKind kind = JsonKind::null;
};

struct JsonFault {
  std::size_t offset = 0;  ///< bytes from the start
  std::string message;
};

struct JsonScan {
  JsonKind kind = JsonKind::null;
  std::string_view value;         ///< the document without surrounding white space
  std::vector<JsonField> fields;  ///< of a top-level object, in the order of the text, duplicates included
  std::optional<JsonFault> fault;
};

/// How deep arrays and objects may be nested in anything that a client sends.
inline constexpr int kMaxJsonDepth = 128;

/// Checks all of `text` (RFC 8259): grammar, UTF-8, paired surrogates, numbers within double's range, depth.
JsonScan scan_json(std::string_view text, int max_depth = kMaxJsonDepth);

/// The text of a scanned string value (with its quotes) or key (without).
std::string unescape_json(std::string_view text);

/// 1-based line, and column in characters, of a byte offset.
struct TextPosition {
  std::size_t line = 1;
  std::size_t column = 1;
};
TextPosition position_of(std::string_view text, std::size_t offset);

}  // namespace r8r::api
