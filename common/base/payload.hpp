#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"

/// Payloads as they travel and are recorded: inputs and outputs of nodes, as JSON text. One that is too large for a
/// message is stored by the worker that made it, and everybody else holds a reference instead: '@' and an array of
/// pieces, `@["[",{"p":"<key>","at":0,"n":5242880},"]"]`, whose texts one after the other are the payload. No JSON
/// begins with '@', so the two are never taken for each other, whatever an output holds. In messages and in the journal
/// a reference stands in a field of its own, NAME_at beside NAME.
namespace r8r::payload {

/// What the output of a node may weigh as JSON, unless R8R_MAX_OUTPUT_BYTES says otherwise.
inline constexpr std::size_t kDefaultMaxOutputBytes = 8u << 20;

/// Part of a payload: `text` itself, or, when `key` is not empty, `size` bytes from `at` on of what is stored under it.
struct Piece {
  std::string text;
  std::string key;
  std::size_t at = 0;
  std::size_t size = 0;
};

inline bool is_reference(std::string_view payload) {
  return payload.starts_with('@');
}

/// The payload that is stored under `key`, or a part of what is.
std::string reference(std::string_view key, std::size_t at, std::size_t size);

/// What a payload weighs as JSON, wherever it lies.
std::size_t bytes(std::string_view payload);

/// A payload in its pieces. Errors: storage_error when a reference is malformed.
Result<std::vector<Piece>> pieces(std::string_view payload);

/// Puts a JSON array together whose elements may be references; then it is one itself.
class ArrayBuilder {
 public:
  void add(std::string_view element);
  std::string take();

 private:
  bool empty_ = true;
  std::string text_ = "[";  // since the last stored piece
  std::string pieces_;      // before it
};

/// A list whose elements lie one behind the other under one key: {"p": key, "n": [sizes]}.
std::string list_reference(std::string_view key, const std::vector<std::size_t>& sizes);
/// One reference for each of its elements. Errors: storage_error when it is malformed.
Result<std::vector<std::string>> list_elements(std::string_view list);

/// "8 MiB", "1500 bytes".
std::string size_text(std::size_t bytes);

}  // namespace r8r::payload
