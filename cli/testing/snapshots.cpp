#include "cli/testing/snapshots.hpp"

#include <algorithm>
#include <vector>

#include "common/expr/json.hpp"
#include "common/workflow/source_reader.hpp"

namespace r8r::cli {
namespace {

using workflow::SourceNode;

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1);
    lines.emplace_back(text.substr(0, end + 1));
    text.remove_prefix(end + 1);
  }
  if (!lines.empty() && !lines.back().ends_with('\n')) lines.back() += '\n';
  return lines;
}

// npos for lines without content: blank ones and comments.
std::size_t indentation(const std::string& line) {
  const std::size_t at = line.find_first_not_of(" \t\r\n");
  return at == std::string::npos || line[at] == '#' ? std::string::npos : at;
}

// A map whose keys stand below each other.
bool is_block(const SourceNode& map, std::string_view text) {
  if (!map.is_map() || map.keys.empty() || text.substr(map.offset, 1) == "{") return false;
  for (std::size_t i = 1; i < map.keys.size(); ++i) {
    if (map.keys[i].line == map.keys[i - 1].line || map.keys[i].column != map.keys[0].column) return false;
  }
  return true;
}

std::vector<std::string> value_lines(std::string_view key, const std::string& raw, std::size_t indent) {
  constexpr std::size_t kOneLine = 100;
  const std::string lead(indent, ' ');
  if (raw.size() <= kOneLine) return {fmt::format("{}{}: {}\n", lead, key, raw)};
  const auto value = expr::parse_json(raw);
  std::vector<std::string> lines = lines_of(fmt::format("{}: {}", key, value ? expr::to_pretty_json(*value) : raw));
  for (std::size_t i = 0; i < lines.size(); ++i) lines[i] = lead + (i == 0 ? "" : "  ") + lines[i];
  return lines;
}

/// Changes lines from the last to the first, so that the places of the others stay true.
class Editor {
 public:
  explicit Editor(std::string_view text) : lines_(lines_of(text)) {}

  void set(const SourceNode& map, std::string_view key, const std::string& raw) {
    const auto indent = static_cast<std::size_t>(map.keys.front().column - 1);
    const auto found =
        std::find_if(map.keys.begin(), map.keys.end(), [&](const SourceNode::Key& each) { return each.text == key; });
    const auto at = static_cast<std::size_t>((found != map.keys.end() ? *found : map.keys.back()).line - 1);
    std::size_t end = at + 1;
    std::size_t last = at;
    // What belongs to a key is indented more than it, in block scalars as well, or is blank or a comment in between.
    for (; end < lines_.size(); ++end) {
      const std::size_t here = indentation(lines_[end]);
      if (here == std::string::npos) continue;
      // The items of a list may stand in the column of their key.
      if (here < indent || (here == indent && !lines_[end].substr(here).starts_with("- "))) break;
      last = end;
    }
    std::vector<std::string> value = value_lines(key, raw, indent);
    const auto begin = lines_.begin() + static_cast<std::ptrdiff_t>(last + 1);
    if (found == map.keys.end()) {
      lines_.insert(begin, value.begin(), value.end());
      return;
    }
    // The first line may begin with "- " of the list that the map is an item of.
    const std::string lead = lines_[at].substr(0, indent);
    value.front().replace(0, indent, lead);
    lines_.erase(lines_.begin() + static_cast<std::ptrdiff_t>(at), begin);
    lines_.insert(lines_.begin() + static_cast<std::ptrdiff_t>(at), value.begin(), value.end());
  }

  std::string text() const { return fmt::format("{}", fmt::join(lines_, "")); }

 private:
  std::vector<std::string> lines_;
};

// Whether a changed text says what it is meant to say: nothing is written on the strength of indentation alone.
bool holds(std::string_view text, const std::map<std::size_t, std::string>& outputs) {
  const workflow::ReadResult source = workflow::read_source(text);
  const SourceNode* tests = source.root && source.problems.empty() ? source.root->find("tests") : nullptr;
  return tests != nullptr && std::all_of(outputs.begin(), outputs.end(), [&](const auto& entry) {
           if (entry.first >= tests->children.size()) return false;
           const SourceNode& test = tests->children[entry.first];
           const SourceNode* expect = test.find("expect");
           const SourceNode* found = expect != nullptr ? expect->find("output") : nullptr;
           if (found == nullptr) found = test.find("expected");
           const auto value = expr::parse_json(entry.second);
           return found != nullptr && value && workflow::to_value(*found) == *value;
         });
}

}  // namespace

Outcome<std::string> with_snapshots(std::string_view text, const std::map<std::size_t, std::string>& outputs) {
  const workflow::ReadResult source = workflow::read_source(text);
  const SourceNode* tests = source.root ? source.root->find("tests") : nullptr;
  if (tests == nullptr) return failed("VALIDATION_ERROR", "the file has no tests");
  Editor editor(text);
  for (auto next = outputs.rbegin(); next != outputs.rend(); ++next) {
    const SourceNode& test = tests->children.at(next->first);
    const SourceNode* expect = test.find("expect");
    const bool inside = expect != nullptr && expect->find("output") != nullptr;
    const SourceNode& map = inside ? *expect : test;
    if (!is_block(test, text) || (inside && !is_block(map, text))) {
      return failed("VALIDATION_ERROR",
                    fmt::format("line {}: the expected output cannot be written into a test on one line: give each of "
                                "its fields a line",
                                test.line));
    }
    editor.set(map, inside ? "output" : "expected", next->second);
  }
  std::string changed = editor.text();
  if (!holds(changed, outputs)) {
    return failed("VALIDATION_ERROR",
                  "the expected outputs cannot be written between the lines of this file; give each field of a test "
                  "lines of its own");
  }
  return changed;
}

}  // namespace r8r::cli
