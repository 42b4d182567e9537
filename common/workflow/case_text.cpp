#include "common/workflow/case_text.hpp"

namespace r8r::workflow {
namespace {

bool is_word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         (c & 0x80);
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

bool mentions(std::string_view text, std::string_view word) {
  for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    const bool begins = at == 0 || !is_word_character(text[at - 1]);
    if (begins && (end == text.size() || !is_word_character(text[end]))) return true;
  }
  return false;
}

}  // namespace

CaseText split_case(std::string_view text) {
  text = trimmed(text);
  for (const std::string_view op : {">=", "<=", "!=", "==", ">", "<"}) {
    if (text.starts_with(op)) return {text.substr(0, op.size()), trimmed(text.substr(op.size()))};
  }
  return {{}, text};
}

bool is_case_expression(std::string_view text) {
  text = trimmed(text);
  if (text == "value" || text == "input") return false;
  return mentions(text, "value") || mentions(text, "input");
}

}  // namespace r8r::workflow
