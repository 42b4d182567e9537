// The YAML that workflow files are mostly written in, read directly: block maps and lists, flow ones, quoted and plain
// scalars of one line, | and > blocks, comments. Ten times as fast as yaml-cpp, and never of another opinion: whatever
// is not certain (anchors, tags, plain text over several lines, tabs, anything wrong) is left to it, from the start.
// Both read the same tree or this one reads none; the tests and the fuzzer hold it to that.
#include "common/workflow/source_reader.hpp"

namespace r8r::workflow {
namespace {

/// This text is for the other reader.
struct Uncertain {};

/// Levels that are certainly allowed: the limit itself is the other reader's to report.
constexpr int kLevels = kMaxNesting - 4;
/// Longer keys are no simple keys any more.
constexpr std::size_t kMaxKey = 1'000;

class PlainYaml {
 public:
  PlainYaml(std::string_view text, ReadResult& remarks) : text_(text), remarks_(remarks) {}

  SourceNode read_document() {
    if (text_.find_first_of("\t\r") != std::string_view::npos || text_.starts_with("\xef\xbb\xbf")) throw Uncertain{};
    next_content();
    if (rest_of_line() == "---") {
      at_ += 3;
      next_content();
    }
    if (at_ == text_.size() || column() != 0) throw Uncertain{};
    SourceNode root;
    if (!begins_key()) throw Uncertain{};
    read_map(root, 0, 1);
    if (at_ != text_.size()) throw Uncertain{};
    return root;
  }

 private:
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  /// Whether a blank, the end of the line or of the text stands there.
  bool blank(std::size_t ahead) const {
    const std::size_t at = at_ + ahead;
    return at >= text_.size() || text_[at] == ' ' || text_[at] == '\n';
  }
  std::size_t column() const { return at_ - line_begin_; }
  std::size_t line_end() const { return std::min(text_.find('\n', at_), text_.size()); }
  std::string_view rest_of_line() const { return text_.substr(at_, line_end() - at_); }
  bool is_entry() const { return peek() == '-' && blank(1); }

  void place(SourceNode& node) const {
    node.line = line_;
    node.column = static_cast<int>(column()) + 1;
    node.offset = at_;
  }

  void new_line() {
    ++at_;
    ++line_;
    line_begin_ = at_;
  }

  void skip_blanks() {
    while (peek() == ' ') ++at_;
  }

  /// To the first character of the next line that has something on it, or from the middle of a line what is left of it.
  void next_content() {
    while (at_ < text_.size()) {
      skip_blanks();
      if (peek() == '#') {
        if (at_ != line_begin_ && text_[at_ - 1] != ' ') throw Uncertain{};
        at_ = line_end();
      }
      if (peek() != '\n') break;
      new_line();
    }
    if (column() == 0 && line_ > 1 && (rest_of_line().starts_with("---") || rest_of_line().starts_with("...")))
      throw Uncertain{};
  }

  /// Behind a value: nothing may follow on its line, and what follows below must not belong to it.
  void end_value(std::size_t indent) {
    if (!blank(0)) throw Uncertain{};
    const int line = line_;
    next_content();
    if (at_ < text_.size() && (line_ == line || column() > indent)) throw Uncertain{};
  }

  // ---- scalars

  static bool may_begin_plain(char first, char second) {
    if (first == '-') return (second >= '0' && second <= '9') || (second >= 'a' && second <= 'z') || second == '.';
    return std::string_view(",[]{}#&*!|>'\"%@`?:\n").find(first) == std::string_view::npos && first != '\0';
  }

  /// A plain scalar in a block: to the end of the line, a comment, or the colon behind a key.
  std::string_view read_plain() {
    if (!may_begin_plain(peek(), peek(1))) throw Uncertain{};
    const std::string_view line = rest_of_line();
    std::size_t end = 0;
    while (end < line.size()) {
      const char c = line[end];
      if (c == ':' && (end + 1 == line.size() || line[end + 1] == ' ')) break;
      if (c == '#' && line[end - 1] == ' ') break;
      ++end;
    }
    std::string_view text = line.substr(0, end);
    at_ += end;
    while (!text.empty() && text.back() == ' ') {
      text.remove_suffix(1);
      --at_;
    }
    return text;
  }

  std::string read_single_quoted() {
    std::string out;
    for (++at_;; ++at_) {
      const std::size_t end = text_.find_first_of("'\n", at_);
      if (end == std::string_view::npos || text_[end] == '\n') throw Uncertain{};
      out.append(text_.substr(at_, end - at_));
      at_ = end + 1;
      if (peek() != '\'') return out;
      out += '\'';
    }
  }

  std::string read_double_quoted() {
    constexpr std::string_view kNames = "abtnvfre\"/\\";
    constexpr std::string_view kMeanings = "\a\b\t\n\v\f\r\x1b\"/\\";
    std::string out;
    ++at_;
    while (true) {
      const std::size_t end = text_.find_first_of("\"\\\n", at_);
      if (end == std::string_view::npos || text_[end] == '\n') throw Uncertain{};
      out.append(text_.substr(at_, end - at_));
      at_ = end + 1;
      if (text_[end] == '"') return out;
      const std::size_t name = at_ < text_.size() ? kNames.find(text_[at_]) : std::string_view::npos;
      if (name == std::string_view::npos) throw Uncertain{};
      out += kMeanings[name];
      ++at_;
    }
  }

  bool is_quote() const { return peek() == '"' || peek() == '\''; }

  void read_quoted(SourceNode& node) {
    node.kind = SourceNode::Kind::scalar;
    node.forced_string = true;
    node.style = peek() == '"' ? ScalarStyle::double_quoted : ScalarStyle::single_quoted;
    node.scalar = peek() == '"' ? read_double_quoted() : read_single_quoted();
  }

  void set_plain(SourceNode& node, std::string_view text) {
    if (text == "~" || text == "null" || text == "Null" || text == "NULL") {
      node.offset = 0;
      return;
    }
    node.kind = SourceNode::Kind::scalar;
    node.scalar = text;
    check_number(node, remarks_);
  }

  /// | and >, with an indentation of their own and at most the indicator `-`.
  void read_block(SourceNode& node, std::size_t indent) {
    const bool literal = peek() == '|';
    node.kind = SourceNode::Kind::scalar;
    node.forced_string = true;
    node.style = literal ? ScalarStyle::literal : ScalarStyle::folded;
    ++at_;
    const bool strip = peek() == '-';
    if (strip) ++at_;
    if (peek() != '\n') throw Uncertain{};
    new_line();
    std::size_t own = 0;
    while (own < text_.size() - at_ && peek(own) == ' ') ++own;
    if (own <= indent || peek(own) == '\n' || peek(own) == '\0') throw Uncertain{};
    std::size_t breaks = 0;  // line breaks that have been read and not yet written
    while (at_ < text_.size()) {
      const std::size_t end = text_.find('\n', at_);
      if (end == std::string_view::npos) throw Uncertain{};
      const std::string_view line = text_.substr(at_, end - at_);
      const std::size_t spaces = std::min(line.find_first_not_of(' '), line.size());
      if (spaces == line.size()) {
        if (spaces > own) throw Uncertain{};
        ++breaks;
      } else if (spaces < own) {
        break;
      } else {
        if (!literal && spaces > own) throw Uncertain{};
        if (!literal && breaks == 1) node.scalar += ' ';
        node.scalar.append(literal ? breaks : breaks > 1 ? breaks - 1 : 0, '\n');
        node.scalar.append(line.substr(own));
        breaks = 1;
      }
      at_ = end;
      new_line();
    }
    if (!strip) node.scalar += '\n';
    next_content();
    if (at_ < text_.size() && column() > indent) throw Uncertain{};
  }

  // ---- keys

  /// Whether the line goes on with a key and its colon.
  bool begins_key() {
    const std::size_t begin = at_;
    bool found = false;
    if (is_quote()) {
      if (peek() == '"') {
        read_double_quoted();
      } else {
        read_single_quoted();
      }
      found = peek() == ':' && blank(1);
    } else if (may_begin_plain(peek(), peek(1))) {
      read_plain();
      found = peek() == ':';
    }
    at_ = begin;
    return found;
  }

  SourceNode::Key read_key(bool flow) {
    SourceNode node;
    place(node);
    const std::size_t begin = at_;
    if (is_quote()) {
      read_quoted(node);
    } else {
      set_plain(node, flow ? read_flow_plain() : read_plain());
      if (node.is_null()) throw Uncertain{};
    }
    if (peek() != ':' || !blank(1) || at_ - begin > kMaxKey) throw Uncertain{};
    ++at_;
    return {std::move(node.scalar), node.line, node.column};
  }

  static void add(SourceNode& map, SourceNode::Key key, SourceNode value) {
    if (value.is_null() && value.line != key.line) {
      value.line = key.line;
      value.column = key.column;
    }
    map.keys.push_back(std::move(key));
    map.children.push_back(std::move(value));
  }

  /// Keys that are there twice are for the other reader to report.
  static void check_keys(const SourceNode& map) {
    constexpr std::size_t kFew = 16;
    if (map.keys.size() > kFew) {
      std::unordered_set<std::string_view> seen;
      for (const SourceNode::Key& key : map.keys) {
        if (!seen.insert(key.text).second) throw Uncertain{};
      }
      return;
    }
    for (std::size_t i = 1; i < map.keys.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (map.keys[i].text == map.keys[j].text) throw Uncertain{};
      }
    }
  }

  // ---- blocks

  /// What stands behind a key or a dash on its line. `indent`: of the innermost block around it.
  void read_inline(SourceNode& node, std::size_t indent, int level) {
    place(node);
    if (peek() == '|' || peek() == '>') return read_block(node, indent);
    if (peek() == '{' || peek() == '[') {
      read_flow(node, indent, level);
    } else if (is_quote()) {
      read_quoted(node);
    } else {
      set_plain(node, read_plain());
    }
    end_value(indent);
  }

  void read_map(SourceNode& map, std::size_t indent, int level) {
    if (level > kLevels) throw Uncertain{};
    map.kind = SourceNode::Kind::map;
    place(map);
    while (at_ < text_.size() && column() == indent && !is_entry()) {
      SourceNode::Key key = read_key(false);
      SourceNode value;
      const int line = line_;
      skip_blanks();
      if (peek() == '\n' || peek() == '#' || at_ == text_.size()) next_content();
      if (line_ == line) {
        if (at_ == text_.size()) throw Uncertain{};
        read_inline(value, indent, level + 1);
      } else if (at_ < text_.size() && (column() > indent || (column() == indent && is_entry()))) {
        read_below(value, column(), indent, level + 1);
      }
      add(map, std::move(key), std::move(value));
    }
    if (at_ < text_.size() && column() > indent) throw Uncertain{};
    check_keys(map);
  }

  /// A value on lines of its own, below its key or dash.
  void read_below(SourceNode& node, std::size_t column, std::size_t indent, int level) {
    if (is_entry()) {
      read_list(node, column, level);
    } else if (begins_key()) {
      read_map(node, column, level);
    } else {
      read_inline(node, indent, level);
    }
  }

  void read_list(SourceNode& list, std::size_t indent, int level) {
    if (level > kLevels) throw Uncertain{};
    list.kind = SourceNode::Kind::sequence;
    place(list);
    while (at_ < text_.size() && column() == indent && is_entry()) {
      ++at_;
      SourceNode item;
      const int line = line_;
      next_content();
      if (at_ == text_.size() || column() <= indent) throw Uncertain{};
      if (line_ == line && !is_entry() && !begins_key()) {
        read_inline(item, indent, level + 1);
      } else {
        read_below(item, column(), indent, level + 1);
      }
      list.children.push_back(std::move(item));
    }
    if (at_ < text_.size() && column() > indent) throw Uncertain{};
  }

  // ---- flow

  std::string_view read_flow_plain() {
    if (!may_begin_plain(peek(), peek(1)) || (peek() == '-' && blank(1))) throw Uncertain{};
    const std::size_t begin = at_;
    while (at_ < text_.size()) {
      const char c = peek();
      if (c == ',' || c == ']' || c == '}' || c == '\n' || (c == ':' && blank(1))) break;
      if (c == '[' || c == '{' || c == '?' || c == '#' || c == '"' || c == '\'') throw Uncertain{};
      if (c == ':' && (peek(1) == ',' || peek(1) == ']' || peek(1) == '}')) throw Uncertain{};
      ++at_;
    }
    while (at_ > begin && text_[at_ - 1] == ' ') --at_;
    return text_.substr(begin, at_ - begin);
  }

  /// To the next character inside of { } or [ ]; lines of it stand further in than the block around it.
  void skip_flow_space(std::size_t indent) {
    while (true) {
      skip_blanks();
      if (peek() != '\n') break;
      new_line();
      skip_blanks();
      if (peek() != '\n' && column() <= indent) throw Uncertain{};
    }
    if (at_ == text_.size()) throw Uncertain{};
  }

  void read_flow(SourceNode& node, std::size_t indent, int level) {
    if (level > kLevels) throw Uncertain{};
    const bool is_map = peek() == '{';
    const char close = is_map ? '}' : ']';
    node.kind = is_map ? SourceNode::Kind::map : SourceNode::Kind::sequence;
    ++at_;
    skip_flow_space(indent);
    while (peek() != close) {
      SourceNode value;
      SourceNode::Key key;
      if (is_map) {
        key = read_key(true);
        skip_flow_space(indent);
      }
      place(value);
      if (peek() == '{' || peek() == '[') {
        read_flow(value, indent, level + 1);
      } else if (is_quote()) {
        read_quoted(value);
      } else {
        set_plain(value, read_flow_plain());
      }
      if (is_map) {
        add(node, std::move(key), std::move(value));
      } else {
        node.children.push_back(std::move(value));
      }
      skip_flow_space(indent);
      if (peek() == close) break;
      if (peek() != ',') throw Uncertain{};
      ++at_;
      skip_flow_space(indent);
      if (peek() == close) throw Uncertain{};
    }
    ++at_;
    check_keys(node);
  }

  std::string_view text_;
  ReadResult& remarks_;
  std::size_t at_ = 0;
  std::size_t line_begin_ = 0;
  int line_ = 1;
};

}  // namespace

std::optional<ReadResult> read_plain_yaml(std::string_view text) {
  try {
    ReadResult result;
    result.root = PlainYaml(text, result).read_document();
    return result;
  } catch (const Uncertain&) {
    return std::nullopt;
  }
}

}  // namespace r8r::workflow
