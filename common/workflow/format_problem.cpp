#include "common/workflow/format_problem.hpp"

#include "common/base/display_width.hpp"

namespace r8r::workflow {
namespace {

std::string_view line_of(std::string_view source, int number) {
  std::size_t begin = 0;
  for (int line = 1; line < number; ++line) {
    begin = source.find('\n', begin);
    if (begin == std::string_view::npos) return {};
    ++begin;
  }
  return source.substr(begin, source.find_first_of("\r\n", begin) - begin);
}

bool starts_character(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
}

// Splits into characters; bytes that follow one stay with it.
std::vector<std::string_view> characters_of(std::string_view line) {
  std::vector<std::string_view> characters;
  for (std::size_t at = 0; at < line.size();) {
    std::size_t end = at + 1;
    while (end < line.size() && !starts_character(line[end])) ++end;
    characters.push_back(line.substr(at, end - at));
    at = end;
  }
  return characters;
}

}  // namespace

std::string format_problem(std::string_view source, std::string_view file_name, const Problem& problem,
                           Severity severity) {
  const std::string_view kind = severity == Severity::error ? "error" : "warning";
  if (problem.line < 1) {
    std::string text = fmt::format("{}: {}: {}\n", file_name, kind, problem.message);
    if (!problem.hint.empty()) text += fmt::format("     = hint: {}\n", problem.hint);
    return text;
  }
  std::string text =
      fmt::format("{}:{}:{}: {}: {}\n", file_name, problem.line, std::max(problem.column, 1), kind, problem.message);
  const std::string number = fmt::format("{:>5}", problem.line);
  const std::string margin(number.size(), ' ');
  if (source.starts_with("\xef\xbb\xbf")) source.remove_prefix(3);
  const std::vector<std::string_view> line = characters_of(line_of(source, problem.line));
  if (!line.empty()) {
    // Of a long line, the part around the place.
    constexpr std::size_t kWidth = 120;
    const std::size_t column = std::min(static_cast<std::size_t>(std::max(problem.column, 1)) - 1, line.size());
    const std::size_t from = line.size() > kWidth && column > kWidth / 2 ? column - kWidth / 2 : 0;
    const std::size_t to = std::min(from + kWidth, line.size());
    std::string shown = from > 0 ? "…" : "";
    std::string caret = from > 0 ? " " : "";
    for (std::size_t i = from; i < to; ++i) {
      shown += line[i];
      if (i < column) caret += line[i] == "\t" ? "\t" : std::string(display_width(line[i]), ' ');
    }
    if (to < line.size()) shown += "…";
    text += fmt::format("{} | {}\n{} | {}^\n", number, shown, margin, caret);
  }
  if (!problem.hint.empty()) text += fmt::format("{} = hint: {}\n", margin, problem.hint);
  return text;
}

}  // namespace r8r::workflow
