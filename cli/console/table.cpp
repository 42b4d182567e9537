#include "cli/console/table.hpp"

#include <algorithm>

#include "cli/console/text.hpp"

namespace r8r::cli {
namespace {

constexpr std::size_t kGap = 2;

void append_row(std::string& out, const std::vector<std::string>& cells, const std::vector<std::size_t>& widths) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    line += cells[i];
    if (i + 1 < cells.size()) line.append(widths[i] - display_width(cells[i]) + kGap, ' ');
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  out += line;
  out += '\n';
}

}  // namespace

std::string format_table(const std::vector<std::string>& headers, const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::vector<std::string>> lines{headers};
  for (const auto& row : rows) {
    std::vector<std::string>& line = lines.emplace_back();
    for (std::size_t i = 0; i < headers.size(); ++i) line.push_back(i < row.size() ? printable_line(row[i]) : "");
  }
  std::vector<std::size_t> widths(headers.size(), 0);
  for (const auto& line : lines)
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], display_width(line[i]));

  std::string out;
  append_row(out, lines.front(), widths);
  std::size_t total = headers.empty() ? 0 : kGap * (headers.size() - 1);
  for (const std::size_t width : widths) total += width;
  for (std::size_t i = 0; i < total; ++i) out += "─";
  out += '\n';
  for (std::size_t i = 1; i < lines.size(); ++i) append_row(out, lines[i], widths);
  return out;
}

}  // namespace r8r::cli
