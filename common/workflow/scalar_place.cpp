#include "common/workflow/source_node.hpp"

// Where a character of a scalar stands in the file. The scalar is read a second time, by its style, noting where each
// byte comes from; when that does not give the same text (an alias, a form we do not follow), the place is the start.

namespace r8r::workflow {
namespace {

struct Decoded {
  std::string text;
  std::vector<std::size_t> from;  // of each byte, its place in the file

  void add(char c, std::size_t at) {
    text += c;
    from.push_back(at);
  }
  void add(std::string_view more, std::size_t at) {
    for (const char c : more) add(c, at++);
  }
};

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}
bool is_break(char c) {
  return c == '\n' || c == '\r';
}

std::size_t skip_break(std::string_view source, std::size_t at) {
  if (source.substr(at, 2) == "\r\n") return at + 2;
  return at < source.size() && is_break(source[at]) ? at + 1 : at;
}

// White space inside a flow scalar: blanks stay, a break is a blank, further breaks are breaks.
std::size_t fold_space(std::string_view source, std::size_t at, Decoded& out) {
  std::vector<std::size_t> breaks;
  std::size_t end = at;
  while (end < source.size() && (is_blank(source[end]) || is_break(source[end]))) {
    if (is_blank(source[end])) {
      ++end;
      continue;
    }
    breaks.push_back(end);
    end = skip_break(source, end);
  }
  if (breaks.empty()) out.add(source.substr(at, end - at), at);
  if (breaks.size() == 1) out.add(' ', breaks[0]);
  for (std::size_t i = 1; i < breaks.size(); ++i) out.add('\n', breaks[i]);
  return end;
}

// The digits of \x41 and the like, as UTF-8; two \u that are one character are read as one.
std::size_t read_code(std::string_view source, std::size_t at, std::size_t digits, Decoded& out) {
  const auto code_at = [&](std::size_t begin) {
    std::uint32_t code = 0;
    for (const char c : source.substr(begin, digits)) {
      const char lower = static_cast<char>(c | 0x20);
      code = code * 16 + static_cast<std::uint32_t>(c <= '9' ? c - '0' : lower - 'a' + 10);
    }
    return code;
  };
  std::uint32_t code = code_at(at + 2);
  std::size_t end = at + 2 + digits;
  if (code >= 0xd800 && code < 0xdc00 && source.substr(end, 2) == "\\u") {
    code = 0x10000 + ((code - 0xd800) << 10) + (code_at(end + 2) - 0xdc00);
    end += 2 + digits;
  }
  const auto byte = [&](std::uint32_t value) { out.add(static_cast<char>(value), at); };
  const auto tail = [&](int shift) { byte(0x80 | ((code >> shift) & 0x3f)); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xc0 | (code >> 6));
    tail(0);
  } else if (code < 0x10000) {
    byte(0xe0 | (code >> 12));
    tail(6);
    tail(0);
  } else {
    byte(0xf0 | (code >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
  return std::min(end, source.size());
}

std::size_t read_escape(std::string_view source, std::size_t at, Decoded& out) {
  const char escape = at + 1 < source.size() ? source[at + 1] : '\0';
  constexpr std::string_view kNames = "0abtnvfre \"/\\";
  constexpr std::string_view kMeanings("\0\a\b\t\n\v\f\r\x1b \"/\\", 13);
  if (escape == 'x') return read_code(source, at, 2, out);
  if (escape == 'u') return read_code(source, at, 4, out);
  if (escape == 'U') return read_code(source, at, 8, out);
  if (is_break(escape)) {
    // The break itself is nothing, nor are the blanks behind it; empty lines are breaks.
    std::size_t end = skip_break(source, at + 1);
    for (; end < source.size() && (is_blank(source[end]) || is_break(source[end]));
         end = is_blank(source[end]) ? end + 1 : skip_break(source, end)) {
      if (is_break(source[end])) out.add('\n', end);
    }
    return end;
  }
  const auto as_utf8 = [&](std::string_view bytes) {
    for (const char c : bytes) out.add(c, at);
  };
  if (escape == 'N') as_utf8("\xc2\x85");
  if (escape == '_') as_utf8("\xc2\xa0");
  if (escape == 'L') as_utf8("\xe2\x80\xa8");
  if (escape == 'P') as_utf8("\xe2\x80\xa9");
  if (const std::size_t name = kNames.find(escape); name != std::string_view::npos) out.add(kMeanings[name], at);
  return std::min(at + 2, source.size());
}

Decoded read_flow(const SourceNode& scalar, std::string_view source) {
  Decoded out;
  const bool single = scalar.style == ScalarStyle::single_quoted;
  const bool quoted = scalar.style == ScalarStyle::double_quoted;
  std::size_t at = scalar.offset + (single || quoted ? 1 : 0);
  while (at < source.size() && out.text.size() < scalar.scalar.size()) {
    const char c = source[at];
    if (is_blank(c) || is_break(c)) {
      at = fold_space(source, at, out);
    } else if (quoted && c == '\\') {
      at = read_escape(source, at, out);
    } else if (quoted && c == '"') {
      break;
    } else {
      out.add(c, at);
      at += single && source.substr(at, 2) == "''" ? 2 : 1;
    }
  }
  return out;
}

struct Line {
  std::string_view text;  // behind the indentation
  std::size_t at = 0;
  std::size_t end = 0;  // of the break
  bool is_indented() const { return !text.empty() && is_blank(text.front()); }
};

std::vector<Line> block_lines(std::string_view source, std::size_t at, std::size_t indent) {
  std::vector<Line> lines;
  while (at < source.size()) {
    const std::size_t end = std::min(source.find_first_of("\r\n", at), source.size());
    const std::string_view whole = source.substr(at, end - at);
    const std::size_t spaces = std::min(whole.find_first_not_of(' '), whole.size());
    if (spaces < indent && spaces < whole.size()) break;
    const std::size_t skipped = std::min(spaces, indent);
    lines.push_back({whole.substr(skipped), at + skipped, end});
    at = skip_break(source, end);
  }
  return lines;
}

Decoded read_block(const SourceNode& scalar, std::string_view source, std::size_t begin, std::size_t indent) {
  Decoded out;
  const std::vector<Line> lines = block_lines(source, begin, indent);
  for (std::size_t i = 0; i < lines.size() && out.text.size() < scalar.scalar.size(); ++i) {
    const Line& line = lines[i];
    out.add(line.text, line.at);
    if (scalar.style == ScalarStyle::literal || line.text.empty()) {
      out.add('\n', line.end);
      continue;
    }
    std::size_t next = i + 1;
    while (next < lines.size() && lines[next].text.empty()) ++next;
    const bool folds = next < lines.size() && !line.is_indented() && !lines[next].is_indented();
    if (!folds) {
      out.add('\n', line.end);
    } else if (next == i + 1) {
      out.add(' ', line.end);
    }
    // Else: this break goes, the empty lines behind it stay as breaks.
  }
  return out;
}

bool agrees(const Decoded& decoded, const SourceNode& scalar) {
  return decoded.text.size() >= scalar.scalar.size() && decoded.text.starts_with(scalar.scalar);
}

Decoded read_again(const SourceNode& scalar, std::string_view source) {
  if (scalar.style != ScalarStyle::literal && scalar.style != ScalarStyle::folded) return read_flow(scalar, source);
  const std::size_t header_end = std::min(source.find_first_of("\r\n", scalar.offset), source.size());
  const std::size_t begin = skip_break(source, header_end);
  // The indentation is that of the first line with something on it, unless the header gives one: then it is less.
  std::size_t indent = 0;
  for (const Line& line : block_lines(source, begin, 0)) {
    indent = line.text.find_first_not_of(' ');
    if (indent != std::string_view::npos) break;
  }
  if (indent == std::string_view::npos) return {};
  const bool given =
      source.substr(scalar.offset, header_end - scalar.offset).find_first_of("123456789") != std::string_view::npos;
  for (;; --indent) {
    Decoded decoded = read_block(scalar, source, begin, indent);
    if (agrees(decoded, scalar) || !given || indent == 0) return decoded;
  }
}

// The byte of the text at line:column.
std::size_t index_of(std::string_view text, int line, int column) {
  std::size_t at = 0;
  for (int passed = 1; passed < line; ++passed) {
    const std::size_t end = text.find('\n', at);
    if (end == std::string_view::npos) return text.size();
    at = end + 1;
  }
  for (int passed = 1; passed < column && at < text.size() && text[at] != '\n'; ++passed) {
    ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80) ++at;
  }
  return at;
}

}  // namespace

Place place_inside(const SourceNode& scalar, std::string_view source, int line, int column) {
  const Place start{scalar.line, scalar.column};
  if (!scalar.is_scalar() || line < 1 || column < 1 || scalar.offset >= source.size() || scalar.scalar.empty())
    return start;
  const Decoded decoded = read_again(scalar, source);
  if (!agrees(decoded, scalar)) return start;
  const std::size_t index = index_of(scalar.scalar, line, column);
  // What is missing at the end stands behind the last character.
  const std::size_t at =
      index < scalar.scalar.size() ? decoded.from[index] : decoded.from[scalar.scalar.size() - 1] + 1;
  const std::string_view before = source.substr(0, at);
  const std::size_t line_begin = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  const std::string_view passed = source.substr(scalar.offset, at - std::min(at, scalar.offset));
  return {scalar.line + static_cast<int>(std::count(passed.begin(), passed.end(), '\n')),
          static_cast<int>(at - line_begin) + 1};
}

}  // namespace r8r::workflow
