#include "cli/console/text.hpp"

namespace r8r::cli {
namespace {

std::string cleaned(std::string_view text, bool one_line) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    const char32_t character = next_character(text, at);
    if (character == '\n' || character == '\t' || character == '\r') {
      if (one_line) {
        out += ' ';
      } else if (character != '\r') {
        out += static_cast<char>(character);
      }
    } else if (character < 0x20 || (character >= 0x7F && character < 0xA0)) {
      out += "\uFFFD";
    } else {
      out += text.substr(begin, at - begin);
    }
  }
  return out;
}

}  // namespace

std::string printable(std::string_view text) {
  return cleaned(text, false);
}
std::string printable_line(std::string_view text) {
  return cleaned(text, true);
}

std::string counted(std::size_t count, std::string_view what) {
  return std::to_string(count) + ' ' + std::string(what) + (count == 1 ? "" : "s");
}

}  // namespace r8r::cli
