#include "common/expr/text.hpp"

#include <algorithm>

#include "common/base/json_text.hpp"

namespace r8r::expr {

Position PositionCursor::at(std::size_t offset) {
  offset = std::min(offset, text_.size());
  if (offset < offset_) {
    offset_ = 0;
    place_ = {};
  }
  for (; offset_ < offset; ++offset_) {
    if (text_[offset_] == '\n') {
      ++place_.line;
      place_.column = 1;
    } else if (!is_continuation(text_[offset_])) {
      ++place_.column;
    }
  }
  return place_;
}

Position position_of(std::string_view text, std::size_t offset) {
  return PositionCursor(text).at(offset);
}

std::uint32_t next_code_point(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(at);
  if (first < 0x80) {
    ++at;
    return first;
  }
  const std::size_t length = character_length(text[at]);
  if (length == 1 || at + length > text.size()) {
    ++at;
    return 0xfffd;
  }
  std::uint32_t code = first & (0x7f >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if (!is_continuation(text[at + i])) {
      ++at;
      return 0xfffd;
    }
    code = code << 6 | (byte(at + i) & 0x3f);
  }
  at += length;
  return code;
}

void append_code_point(std::string& out, std::uint32_t code) {
  const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | code >> 6);
    put(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    put(0xe0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  } else {
    put(0xf0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3f));
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  }
}

std::size_t byte_offset(std::string_view text, std::size_t index) {
  std::size_t at = 0;
  while (index > 0 && at < text.size()) {
    at += character_length(text[at]);
    --index;
  }
  return std::min(at, text.size());
}

std::size_t count_characters(std::string_view text) {
  return text.size() - static_cast<std::size_t>(std::count_if(text.begin(), text.end(), is_continuation));
}

bool is_white_space(std::uint32_t code) {
  return code == ' ' || (code >= 0x09 && code <= 0x0d) || code == 0x85 || code == 0xa0 || code == 0x1680 ||
         (code >= 0x2000 && code <= 0x200a) || code == 0x2028 || code == 0x2029 || code == 0x202f || code == 0x205f ||
         code == 0x3000;
}

std::string_view trim_left(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t next = at;
    if (!is_white_space(next_code_point(text, next))) break;
    at = next;
  }
  return text.substr(at);
}

std::string_view trim_right(std::string_view text) {
  std::size_t end = text.size();
  while (end > 0) {
    std::size_t start = end - 1;
    while (start > 0 && is_continuation(text[start])) --start;
    std::size_t next = start;
    if (!is_white_space(next_code_point(text, next))) break;
    end = start;
  }
  return text.substr(0, end);
}

std::uint32_t upper_case(std::uint32_t code) {
  if (code < 0x80) return code >= 'a' && code <= 'z' ? code - 32 : code;
  if (code == 0xb5) return 0x39c;
  if (code >= 0xe0 && code <= 0xfe && code != 0xf7) return code - 32;
  if (code == 0xff) return 0x178;
  if (code == 0x131) return 'I';
  if (code == 0x17f) return 'S';
  if ((code >= 0x100 && code <= 0x137) || (code >= 0x14a && code <= 0x177)) return code & ~1u;
  if ((code >= 0x139 && code <= 0x148) || (code >= 0x179 && code <= 0x17e)) return code % 2 == 0 ? code - 1 : code;
  if (code == 0x3ac) return 0x386;
  if (code >= 0x3ad && code <= 0x3af) return code - 37;
  if (code == 0x3c2) return 0x3a3;
  if (code >= 0x3b1 && code <= 0x3cb) return code - 32;
  if (code == 0x3cc) return 0x38c;
  if (code == 0x3cd || code == 0x3ce) return code - 63;
  if (code >= 0x430 && code <= 0x44f) return code - 32;
  if (code >= 0x450 && code <= 0x45f) return code - 80;
  if ((code >= 0x460 && code <= 0x481) || (code >= 0x48a && code <= 0x4bf) || (code >= 0x4d0 && code <= 0x52f))
    return code & ~1u;
  if (code >= 0x561 && code <= 0x586) return code - 48;
  if ((code >= 0x1e00 && code <= 0x1e95) || (code >= 0x1ea0 && code <= 0x1eff)) return code & ~1u;
  return code;
}

std::uint32_t lower_case(std::uint32_t code) {
  if (code < 0x80) return code >= 'A' && code <= 'Z' ? code + 32 : code;
  if (code >= 0xc0 && code <= 0xde && code != 0xd7) return code + 32;
  if (code == 0x178) return 0xff;
  if (code == 0x130) return 'i';
  if ((code >= 0x100 && code <= 0x137 && code != 0x131) || (code >= 0x14a && code <= 0x177)) return code | 1u;
  if ((code >= 0x139 && code <= 0x148) || (code >= 0x179 && code <= 0x17e)) return code % 2 == 1 ? code + 1 : code;
  if (code == 0x386) return 0x3ac;
  if (code >= 0x388 && code <= 0x38a) return code + 37;
  if (code == 0x38c) return 0x3cc;
  if (code == 0x38e || code == 0x38f) return code + 63;
  if (code >= 0x391 && code <= 0x3ab && code != 0x3a2) return code + 32;
  if (code >= 0x410 && code <= 0x42f) return code + 32;
  if (code >= 0x400 && code <= 0x40f) return code + 80;
  if ((code >= 0x460 && code <= 0x481) || (code >= 0x48a && code <= 0x4bf) || (code >= 0x4d0 && code <= 0x52f))
    return code | 1u;
  if (code >= 0x531 && code <= 0x556) return code + 48;
  if ((code >= 0x1e00 && code <= 0x1e95) || (code >= 0x1ea0 && code <= 0x1eff)) return code | 1u;
  return code;
}

std::string repaired_utf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t length = character_length(bytes[at]);
    if (is_valid_utf8(bytes.substr(at, length))) {
      out.append(bytes.substr(at, length));
      at += length;
    } else {
      out += "\xef\xbf\xbd";
      ++at;
    }
  }
  return out;
}

}  // namespace r8r::expr
