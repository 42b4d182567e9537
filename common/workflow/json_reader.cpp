#include "common/workflow/source_reader.hpp"

// JSON has its own reader, although YAML 1.2 contains it: yaml-cpp refuses surrogate pairs (\ud83d\ude00), accepts what
// is no JSON, and programs that send JSON want to be told where a comma is missing.

namespace r8r::workflow {
namespace {

struct Refused {
  std::size_t at;
  std::string message;
};

class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : text_(text) {}

  SourceNode read_document() {
    SourceNode root = read_value(0);
    skip_space();
    if (at_ < text_.size()) refuse(at_, "unexpected text after the end of the JSON value");
    return root;
  }

  ReadResult take_remarks() { return std::move(remarks_); }

  Problem problem_of(const Refused& refused) {
    Problem problem;
    line_ = 1;
    line_begin_ = 0;
    counted_ = 0;
    SourceNode place;
    set_place(place, std::min(refused.at, text_.size()));
    problem.line = place.line;
    problem.column = place.column;
    problem.message = "not valid JSON: " + refused.message;
    return problem;
  }

 private:
  [[noreturn]] static void refuse(std::size_t at, std::string message) { throw Refused{at, std::move(message)}; }

  // Places are asked for in the order of the text, so lines are counted once.
  void set_place(SourceNode& node, std::size_t at) {
    for (; counted_ < at; ++counted_) {
      if (text_[counted_] == '\n') {
        ++line_;
        line_begin_ = counted_ + 1;
      }
    }
    node.line = line_;
    node.column = static_cast<int>(at - line_begin_) + 1;
    node.offset = at;
  }

  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r'))
      ++at_;
  }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  SourceNode read_value(int depth) {
    skip_space();
    SourceNode node;
    set_place(node, at_);
    if (at_ == text_.size()) refuse(at_, "the text ends where a value is expected");
    const char c = peek();
    if (c == '{' || c == '[') {
      if (depth >= kMaxNesting) refuse(at_, fmt::format("nested more than {} levels deep", kMaxNesting));
      c == '{' ? read_object(node, depth) : read_array(node, depth);
    } else if (c == '"') {
      node.kind = SourceNode::Kind::scalar;
      node.style = ScalarStyle::double_quoted;
      node.scalar = read_string();
    } else {
      read_word(node);
    }
    return node;
  }

  void read_object(SourceNode& node, int depth) {
    node.kind = SourceNode::Kind::map;
    std::unordered_map<std::string, int> lines;
    ++at_;
    skip_space();
    if (peek() == '}') {
      ++at_;
      return;
    }
    for (;;) {
      skip_space();
      if (peek() != '"') refuse(at_, "a key in double quotes is expected");
      SourceNode place;
      set_place(place, at_);
      std::string key = read_string();
      skip_space();
      if (peek() != ':') refuse(at_, fmt::format("a ':' is expected after the key \"{}\"", key));
      ++at_;
      SourceNode value = read_value(depth + 1);
      const auto [first, fresh] = lines.emplace(key, place.line);
      if (fresh) {
        node.keys.push_back({std::move(key), place.line, place.column});
        node.children.push_back(std::move(value));
      } else if (remarks_.problems.size() < kMaxDuplicates) {
        remarks_.problems.push_back({"", place.line, place.column, fmt::format("the key '{}' is there twice", key),
                                     fmt::format("it is first given on line {}; remove one", first->second)});
      }
      if (!read_separator('}')) return;
    }
  }

  void read_array(SourceNode& node, int depth) {
    node.kind = SourceNode::Kind::sequence;
    ++at_;
    skip_space();
    if (peek() == ']') {
      ++at_;
      return;
    }
    do {
      node.children.push_back(read_value(depth + 1));
    } while (read_separator(']'));
  }

  // False at the closing bracket.
  bool read_separator(char closing) {
    skip_space();
    const char c = peek();
    if (c != ',' && c != closing) refuse(at_, fmt::format("a ',' or '{}' is expected", closing));
    ++at_;
    return c == ',';
  }

  void read_word(SourceNode& node) {
    const std::size_t begin = at_;
    at_ = std::min(text_.find_first_of(" \t\r\n,]}:\"[{", at_), text_.size());
    const std::string_view word = text_.substr(begin, at_ - begin);
    if (word == "null") return;
    if (word != "true" && word != "false" && !is_number(word)) {
      refuse(begin, word.empty() ? "a value is expected" : fmt::format("'{}' is not a JSON value", word.substr(0, 40)));
    }
    node.kind = SourceNode::Kind::scalar;
    node.scalar = word;
    check_number(node, remarks_);
  }

  static bool is_number(std::string_view word) {
    std::size_t at = 0;
    const auto digits = [&] {
      const std::size_t begin = at;
      while (at < word.size() && word[at] >= '0' && word[at] <= '9') ++at;
      return at > begin;
    };
    if (at < word.size() && word[at] == '-') ++at;
    const std::size_t whole = at;
    if (!digits() || (word[whole] == '0' && at - whole > 1)) return false;
    if (at < word.size() && word[at] == '.') {
      ++at;
      if (!digits()) return false;
    }
    if (at < word.size() && (word[at] == 'e' || word[at] == 'E')) {
      ++at;
      if (at < word.size() && (word[at] == '+' || word[at] == '-')) ++at;
      if (!digits()) return false;
    }
    return at == word.size();
  }

  std::uint32_t read_hex4() {
    std::uint32_t code = 0;
    for (int i = 0; i < 4; ++i) {
      const char c = peek();
      const int digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (digit < 0) refuse(at_, "four hexadecimal digits are expected after \\u");
      code = code * 16 + static_cast<std::uint32_t>(digit);
      ++at_;
    }
    return code;
  }

  static void append_utf8(std::string& out, std::uint32_t code) {
    const auto byte = [&](std::uint32_t value) { out += static_cast<char>(value); };
    if (code < 0x80) {
      byte(code);
    } else if (code < 0x800) {
      byte(0xc0 | (code >> 6));
      byte(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
      byte(0xe0 | (code >> 12));
      byte(0x80 | ((code >> 6) & 0x3f));
      byte(0x80 | (code & 0x3f));
    } else {
      byte(0xf0 | (code >> 18));
      byte(0x80 | ((code >> 12) & 0x3f));
      byte(0x80 | ((code >> 6) & 0x3f));
      byte(0x80 | (code & 0x3f));
    }
  }

  void read_unicode_escape(std::string& out) {
    const std::size_t begin = at_ - 2;
    std::uint32_t code = read_hex4();
    if (code >= 0xd800 && code < 0xdc00 && text_.substr(at_, 2) == "\\u") {
      at_ += 2;
      const std::uint32_t low = read_hex4();
      if (low < 0xdc00 || low > 0xdfff) refuse(begin, "half of a surrogate pair stands alone");
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    } else if (code >= 0xd800 && code <= 0xdfff) {
      refuse(begin, "half of a surrogate pair stands alone");
    }
    append_utf8(out, code);
  }

  std::string read_string() {
    const std::size_t begin = at_++;
    std::string out;
    for (;;) {
      const std::size_t end = std::min(text_.find_first_of("\"\\\n\r\t", at_), text_.size());
      out.append(text_, at_, end - at_);
      at_ = end;
      if (at_ == text_.size()) refuse(begin, "the string is not closed");
      const char c = text_[at_++];
      if (c == '"') return out;
      if (c != '\\') refuse(at_ - 1, "a line break or tab inside a string must be written as \\n or \\t");
      if (at_ == text_.size()) refuse(begin, "the string is not closed");
      const char escape = text_[at_++];
      switch (escape) {
        case '"':
        case '\\':
        case '/':
          out += escape;
          break;
        case 'n':
          out += '\n';
          break;
        case 't':
          out += '\t';
          break;
        case 'r':
          out += '\r';
          break;
        case 'b':
          out += '\b';
          break;
        case 'f':
          out += '\f';
          break;
        case 'u':
          read_unicode_escape(out);
          break;
        default:
          refuse(at_ - 2, "unknown escape after \\");
      }
    }
  }

  static constexpr std::size_t kMaxDuplicates = 200;

  std::string_view text_;
  std::size_t at_ = 0;
  int line_ = 1;
  std::size_t line_begin_ = 0;
  std::size_t counted_ = 0;
  ReadResult remarks_;  // without a root
};

}  // namespace

ReadResult read_json(std::string_view text) {
  ReadResult result;
  JsonReader reader(text);
  try {
    SourceNode root = reader.read_document();
    result = reader.take_remarks();
    result.root = std::move(root);
  } catch (const Refused& refused) {
    result.problems = {reader.problem_of(refused)};
  }
  return result;
}

}  // namespace r8r::workflow
