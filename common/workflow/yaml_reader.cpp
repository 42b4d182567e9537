#include <istream>
#include <streambuf>

#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "common/workflow/source_reader.hpp"

// yaml-cpp is used for its events only: it tells the structure, we build the tree. Its own node graph would cost ten
// times as much, share what aliases name (a small file that expands without end), drop places and merge duplicate keys
// silently.

namespace r8r::workflow {
namespace {

/// Ends the reading; caught in read_yaml.
struct Refused {
  Problem problem;
};

[[noreturn]] void refuse(int line, int column, std::string message, std::string hint = {}) {
  throw Refused{{"", line, column, std::move(message), std::move(hint)}};
}

/// A view as a stream, without the copy that a stringstream makes.
class ViewBuffer : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view text) {
    char* begin = const_cast<char*>(text.data());  // only read
    setg(begin, begin, begin + text.size());
  }
};

class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(std::string_view text) : text_(text) {}

  std::optional<SourceNode> take_root() { return std::move(root_); }
  ReadResult take_remarks() { return std::move(remarks_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) {
      refuse(mark.line + 1, 1, "the file has more than one document",
             "keep one workflow per file and remove the extra '---'");
    }
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    remember(anchor, mark);
    SourceNode node;
    place(node, mark);
    node.offset = 0;
    add(std::move(node), "null");
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    remember(anchor, mark);
    SourceNode node;
    node.kind = SourceNode::Kind::scalar;
    node.scalar = value;
    place(node, mark);
    node.offset = skip_properties(node.offset);
    node.column = mark.column + 1;
    set_style(node, tag);
    check_number(node, remarks_);
    add(std::move(node), value);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const SourceNode* target = resolve(anchor);
    if (target == nullptr) refuse(mark.line + 1, mark.column + 1, "the alias refers to what it is a part of");
    check_alias(*target, mark, static_cast<int>(stack_.size()));
    SourceNode copy = *target;
    if (copy.is_scalar() || copy.is_null()) place(copy, mark);
    const std::string key = copy.scalar;
    add(std::move(copy), key);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open(SourceNode::Kind::sequence, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open(SourceNode::Kind::map, mark, tag, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Frame {
    SourceNode node;
    std::optional<SourceNode::Key> key;    // of a map, read and waiting for its value
    bool dropped = false;                  // the waiting key is a duplicate: its value goes nowhere
    std::unordered_set<std::string> seen;  // keys, once there are many
  };
  // A node by the way to it from the root: an index for each level.
  using Way = std::vector<std::uint32_t>;

  void place(SourceNode& node, const YAML::Mark& mark) const {
    node.line = mark.line + 1;
    node.column = mark.column + 1;
    node.offset = static_cast<std::size_t>(std::max(mark.pos, 0));
  }

  // Past anchors and tags (&a !!str) in front of a scalar.
  std::size_t skip_properties(std::size_t at) const {
    while (at < text_.size() && (text_[at] == '&' || text_[at] == '!')) {
      at = std::min(text_.find_first_of(" \t\r\n", at), text_.size());
      at = std::min(text_.find_first_not_of(" \t\r\n", at), text_.size());
    }
    return at;
  }

  void set_style(SourceNode& node, const std::string& tag) const {
    const char first = node.offset < text_.size() ? text_[node.offset] : '\0';
    if (tag == "!" || !(tag.empty() || tag == "?")) {
      switch (first) {
        case '\'':
          node.style = ScalarStyle::single_quoted;
          break;
        case '"':
          node.style = ScalarStyle::double_quoted;
          break;
        case '|':
          node.style = ScalarStyle::literal;
          break;
        case '>':
          node.style = ScalarStyle::folded;
          break;
        default:
          break;
      }
    }
    if (tag.empty() || tag == "?") return;
    if (tag == "!" || tag == "tag:yaml.org,2002:str") {
      node.forced_string = true;
      return;
    }
    for (const std::string_view plain : {"int", "float", "bool", "null"}) {
      if (tag == fmt::format("tag:yaml.org,2002:{}", plain)) {
        node.style = ScalarStyle::plain;
        return;
      }
    }
    refuse(node.line, node.column, fmt::format("the tag '{}' is not supported", tag), "remove it");
  }

  void remember(YAML::anchor_t anchor, const YAML::Mark& mark) {
    if (anchor == 0) return;
    if (!stack_.empty() && stack_.back().node.is_map() && !stack_.back().key) {
      refuse(mark.line + 1, mark.column + 1, "a key cannot have an anchor",
             "put the anchor (&name) in front of a value");
    }
    if (anchors_.size() >= kMaxAliasNodes)
      refuse(mark.line + 1, mark.column + 1, fmt::format("the file has more than {} anchors", kMaxAliasNodes));
    Way way;
    for (const Frame& frame : stack_) way.push_back(static_cast<std::uint32_t>(frame.node.children.size()));
    anchors_[anchor] = std::move(way);
  }

  const SourceNode* resolve(YAML::anchor_t anchor) const {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end() || stack_.empty()) return nullptr;
    // What is finished hangs on its parent; what is still being read stands in the frame below.
    const Way& way = found->second;
    if (way.empty()) return nullptr;
    std::size_t level = 0;
    while (level < way.size() && level < stack_.size() && way[level] == stack_[level].node.children.size()) ++level;
    if (level == way.size() || level == stack_.size()) return nullptr;
    const SourceNode* node = &stack_[level].node;
    for (; level < way.size(); ++level) {
      if (way[level] >= node->children.size()) return nullptr;
      node = &node->children[way[level]];
    }
    return node;
  }

  void check_alias(const SourceNode& node, const YAML::Mark& mark, int depth) {
    if (depth > kMaxNesting) refuse_depth(mark.line + 1, mark.column + 1);
    if (++alias_nodes_ > kMaxAliasNodes) {
      refuse(mark.line + 1, mark.column + 1, fmt::format("aliases expand to more than {} values", kMaxAliasNodes),
             "write the values out, or make fewer of them");
    }
    for (const SourceNode& child : node.children) check_alias(child, mark, depth + 1);
  }

  [[noreturn]] static void refuse_depth(int line, int column) {
    refuse(line, column, fmt::format("nested more than {} levels deep", kMaxNesting), "make the structure flatter");
  }

  void open(SourceNode::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (stack_.size() >= static_cast<std::size_t>(kMaxNesting)) refuse_depth(mark.line + 1, mark.column + 1);
    if (!stack_.empty() && stack_.back().node.is_map() && !stack_.back().key) {
      refuse(mark.line + 1, mark.column + 1, "a key must be text, not a list or a map",
             "quote the text if it begins with { or [");
    }
    if (!tag.empty() && tag != "?" && tag != "!" && tag != "tag:yaml.org,2002:map" && tag != "tag:yaml.org,2002:seq") {
      refuse(mark.line + 1, mark.column + 1, fmt::format("the tag '{}' is not supported", tag), "remove it");
    }
    remember(anchor, mark);
    Frame frame;
    frame.node.kind = kind;
    place(frame.node, mark);
    stack_.push_back(std::move(frame));
  }

  void close() {
    SourceNode node = std::move(stack_.back().node);
    stack_.pop_back();
    add(std::move(node), {});
  }

  // `key`: the text that the node has when it stands where a key is expected.
  void add(SourceNode node, const std::string& key) {
    if (stack_.empty()) {
      root_ = std::move(node);
      return;
    }
    Frame& parent = stack_.back();
    if (parent.node.is_sequence()) {
      parent.node.children.push_back(std::move(node));
      return;
    }
    if (!parent.key) {
      if (node.is_map() || node.is_sequence())
        refuse(node.line, node.column, "a key must be text, not a list or a map");
      parent.key = SourceNode::Key{key, node.line, node.column};
      parent.dropped = is_duplicate(parent, *parent.key);
      return;
    }
    // A value that is left out is marked where the next thing stands; its key is the better place.
    if (node.is_null() && node.line != parent.key->line) {
      node.line = parent.key->line;
      node.column = parent.key->column;
    }
    if (!parent.dropped) {
      parent.node.keys.push_back(std::move(*parent.key));
      parent.node.children.push_back(std::move(node));
    }
    parent.key.reset();
  }

  bool is_duplicate(Frame& frame, const SourceNode::Key& key) {
    constexpr std::size_t kFew = 16;
    const std::vector<SourceNode::Key>& keys = frame.node.keys;
    bool duplicate = false;
    if (keys.size() < kFew) {
      duplicate = std::any_of(keys.begin(), keys.end(), [&](const auto& other) { return other.text == key.text; });
    } else {
      if (frame.seen.empty()) {
        for (const auto& other : keys) frame.seen.insert(other.text);
      }
      duplicate = !frame.seen.insert(key.text).second;
    }
    if (duplicate) {
      const auto first =
          std::find_if(keys.begin(), keys.end(), [&](const auto& other) { return other.text == key.text; });
      if (remarks_.problems.size() < kMaxDuplicates) {
        remarks_.problems.push_back({"", key.line, key.column, fmt::format("the key '{}' is there twice", key.text),
                                     fmt::format("it is first given on line {}; remove one", first->line)});
      }
    }
    return duplicate;
  }

  static constexpr std::size_t kMaxDuplicates = 200;

  std::string_view text_;
  std::vector<Frame> stack_;
  std::optional<SourceNode> root_;
  ReadResult remarks_;  // without a root
  std::unordered_map<YAML::anchor_t, Way> anchors_;
  std::size_t alias_nodes_ = 0;
  int documents_ = 0;
};

// What people most often did when yaml-cpp says this.
std::string hint_for(std::string_view message) {
  if (message.find("illegal map value") != std::string_view::npos) {
    return "quote text that contains ': ', and check the indentation";
  }
  if (message.find("end of map") != std::string_view::npos ||
      message.find("end of sequence") != std::string_view::npos) {
    return "check the indentation, brackets and quotes on and above this line";
  }
  if (message.find("tab") != std::string_view::npos) return "indent with spaces, not tabs";
  if (message.find("end of file") != std::string_view::npos || message.find("EOF") != std::string_view::npos) {
    return "a quote or bracket is not closed";
  }
  if (message.find("unknown token") != std::string_view::npos) return "quote text that begins with @, ` or %";
  return {};
}

}  // namespace

ReadResult read_yaml(std::string_view text) {
  ReadResult result;
  TreeBuilder builder(text);
  try {
    ViewBuffer buffer(text);
    std::istream stream(&buffer);
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
    result = builder.take_remarks();
    result.root = builder.take_root();
    if (!result.root) result.root = SourceNode{.line = 1, .column = 1};
  } catch (const Refused& refused) {
    result.problems = {refused.problem};
  } catch (const YAML::DeepRecursion& error) {
    result.problems = {{"", error.mark.line + 1, error.mark.column + 1,
                        fmt::format("nested more than {} levels deep", kMaxNesting), "make the structure flatter"}};
  } catch (const YAML::Exception& error) {
    Problem problem{"", 0, 0, fmt::format("not valid YAML: {}", error.msg), hint_for(error.msg)};
    if (!error.mark.is_null()) {
      problem.line = error.mark.line + 1;
      problem.column = error.mark.column + 1;
    }
    result.problems = {std::move(problem)};
  } catch (const std::exception& error) {
    result.problems = {{"", 0, 0, fmt::format("the file cannot be read as YAML: {}", error.what()), ""}};
  }
  return result;
}

}  // namespace r8r::workflow
