#include "common/expr/template.hpp"

namespace r8r::expr {
namespace {

constexpr int kMaxDepth = 128;

struct TreeNode {
  enum class Kind : std::uint8_t { constant, text, array, map };
  Kind kind = Kind::constant;
  Value value;  ///< of a constant; of a map the original, for its keys
  std::optional<Template> text;
  std::vector<TreeNode> children;
};

void append_pointer(std::string& path, std::string_view key) {
  path += '/';
  for (const char c : key) {
    if (c == '~') {
      path += "~0";
    } else if (c == '/') {
      path += "~1";
    } else {
      path += c;
    }
  }
}

class Compiler {
 public:
  Compiler(const CompileOptions& options, References& references) : options_(options), references_(references) {}

  tl::expected<TreeNode, TreeProblem> compile(const Value& value, int depth) {
    if (depth > kMaxDepth) return tl::make_unexpected(TreeProblem{path_, Problem{"nested too deeply"}});
    TreeNode node;
    node.value = value;
    if (value.is_string()) {
      auto text = Template::compile(value.as_string(), options_);
      if (!text) return tl::make_unexpected(TreeProblem{path_, std::move(text.error())});
      if (text->is_constant()) {
        // Not the text as written: `{{{{` stands for two braces.
        const Scope nothing;
        EvalContext context{nothing};
        node.value = *text->evaluate(context);
        return node;
      }
      references_.merge(text->references());
      node.kind = TreeNode::Kind::text;
      node.text = std::move(*text);
      return node;
    }
    const std::size_t length = path_.size();
    if (value.is_array()) {
      node.kind = TreeNode::Kind::array;
      for (std::size_t i = 0; i < value.as_array().size(); ++i) {
        append_pointer(path_, std::to_string(i));
        auto child = compile(value.as_array()[i], depth + 1);
        if (!child) return child;
        path_.resize(length);
        node.children.push_back(std::move(*child));
      }
    } else if (value.is_map()) {
      node.kind = TreeNode::Kind::map;
      for (const auto& [key, content] : value.as_map()) {
        append_pointer(path_, key);
        auto child = compile(content, depth + 1);
        if (!child) return child;
        path_.resize(length);
        node.children.push_back(std::move(*child));
      }
    }
    settle(node);
    return node;
  }

 private:
  /// A container of constants is one constant.
  static void settle(TreeNode& node) {
    if (node.kind != TreeNode::Kind::array && node.kind != TreeNode::Kind::map) return;
    for (const TreeNode& child : node.children) {
      if (child.kind != TreeNode::Kind::constant) return;
    }
    for (std::size_t i = 0; i < node.children.size(); ++i) {
      // Only text with braces in it has changed; everything else stays shared.
      const Value& before = node.value.is_array() ? node.value.as_array()[i] : node.value.as_map().at(i).value;
      const Value& after = node.children[i].value;
      if (before.on_heap() ? before.same_cell(after) : before == after) continue;
      if (before.is_string() && before == after) continue;
      if (node.value.is_array()) {
        node.value.mutable_array()[i] = after;
      } else {
        node.value.mutable_map().value_at(i) = after;
      }
    }
    node.kind = TreeNode::Kind::constant;
    node.children.clear();
  }

  const CompileOptions& options_;
  References& references_;
  std::string path_;
};

Result<Value> evaluate_node(const TreeNode& node, EvalContext& context, std::string& path) {
  const std::size_t length = path.size();
  switch (node.kind) {
    case TreeNode::Kind::constant:
      return node.value;
    case TreeNode::Kind::text: {
      Result<Value> value = node.text->evaluate(context);
      if (!value && !path.empty()) value.error().message = path + ": " + value.error().message;
      return value;
    }
    case TreeNode::Kind::array: {
      std::vector<Value> elements;
      elements.reserve(node.children.size());
      for (std::size_t i = 0; i < node.children.size(); ++i) {
        append_pointer(path, std::to_string(i));
        Result<Value> element = evaluate_node(node.children[i], context, path);
        if (!element) return element;
        path.resize(length);
        elements.push_back(std::move(*element));
      }
      return Value::array(std::move(elements));
    }
    case TreeNode::Kind::map: {
      Map entries;
      entries.reserve(node.children.size());
      for (std::size_t i = 0; i < node.children.size(); ++i) {
        const Value& name = node.value.as_map().at(i).name;
        append_pointer(path, name.as_string());
        Result<Value> content = evaluate_node(node.children[i], context, path);
        if (!content) return content;
        path.resize(length);
        entries.set(name, std::move(*content));
      }
      return Value::map(std::move(entries));
    }
  }
  return Value();
}

}  // namespace

struct ValueTemplate::Data {
  TreeNode root;
  References references;
};

tl::expected<ValueTemplate, TreeProblem> ValueTemplate::compile(const Value& tree, const CompileOptions& options) {
  auto data = std::make_shared<Data>();
  auto root = Compiler(options, data->references).compile(tree, 1);
  if (!root) return tl::make_unexpected(std::move(root.error()));
  data->root = std::move(*root);
  return ValueTemplate(std::move(data));
}

bool ValueTemplate::is_constant() const {
  return data_->root.kind == TreeNode::Kind::constant;
}
const References& ValueTemplate::references() const {
  return data_->references;
}

Result<Value> ValueTemplate::evaluate(EvalContext& context) const {
  std::string path;
  return evaluate_node(data_->root, context, path);
}

}  // namespace r8r::expr
