#include "common/workflow/source_reader.hpp"

#include <cmath>

#include "common/base/json_text.hpp"

namespace r8r::workflow {
namespace {

ReadResult refused(std::string_view text, std::size_t at, std::string message, std::string hint) {
  const std::size_t line_begin = at == 0 ? 0 : text.rfind('\n', at - 1) + 1;
  const int line = 1 + static_cast<int>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
  ReadResult result;
  result.problems.push_back({"", line, static_cast<int>(at - line_begin) + 1, std::move(message), std::move(hint)});
  return result;
}

}  // namespace

void check_number(const SourceNode& scalar, ReadResult& result) {
  constexpr std::size_t kMostRemarks = 100;
  const std::string& text = scalar.scalar;
  if (scalar.style != ScalarStyle::plain || scalar.forced_string || text.empty() ||
      std::string_view("0123456789+-.").find(text.front()) == std::string_view::npos)
    return;
  const expr::Value value = scalar_value(scalar);
  if (!value.is_float()) return;
  const std::string shown = text.substr(0, 60);
  if (!std::isfinite(value.as_float())) {
    if (result.problems.size() < kMostRemarks) {
      result.problems.push_back({"", scalar.line, scalar.column,
                                 fmt::format("'{}' is a number that JSON does not have", shown),
                                 "put it in quotes if it is meant as text"});
    }
  } else if (text.find_first_of(".eE") == std::string::npos || text.starts_with("0x")) {
    if (result.warnings.size() < kMostRemarks) {
      result.warnings.push_back({"", scalar.line, scalar.column,
                                 fmt::format("the integer {} needs more than 64 bits: its last digits are lost", shown),
                                 "put it in quotes to keep it as text"});
    }
  }
}

ReadResult read_source(std::string_view text) {
  if (text.size() > kMaxFileBytes) {
    ReadResult result;
    result.problems.push_back(
        {"", 0, 0, fmt::format("the file has {} bytes; at most {} (1 MiB) are allowed", text.size(), kMaxFileBytes),
         "move large data out of the workflow, for example into its input"});
    return result;
  }
  if (!is_valid_utf8(text)) {
    std::size_t at = 0;
    while (at < text.size()) {
      const auto first = static_cast<unsigned char>(text[at]);
      const std::size_t length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
      if (!is_valid_utf8(text.substr(at, length))) break;
      at += length;
    }
    return refused(text, std::min(at, text.size() - 1), "the file is not valid UTF-8", "save the file as UTF-8");
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f) {
      return refused(text, i, fmt::format("control character U+{:04X} is not allowed", static_cast<unsigned>(c)),
                     "remove it, or write it as an escape in a double-quoted string");
    }
  }
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && (text[first] == '{' || text[first] == '[')) {
    ReadResult json = read_json(text);
    if (json.root) return json;
    ReadResult yaml = read_yaml(text);
    if (yaml.root) return yaml;
    // It is neither. JSON begins with a quoted key or an array; the rest was meant as YAML.
    const std::size_t second = text.find_first_not_of(" \t\r\n", first + 1);
    const bool meant_as_json = text[first] == '[' || second == std::string_view::npos || text[second] == '"';
    return meant_as_json ? json : yaml;
  }
  return read_yaml(text);
}

}  // namespace r8r::workflow
