// The ways out of nodes that route: which nodes each branch of an `if` or `switch` names.
#include "common/workflow/case_text.hpp"
#include "common/workflow/sections.hpp"

namespace r8r::workflow {
namespace {

class BranchReader {
 public:
  BranchReader(Node& node, const std::vector<Node>& nodes, const NodeNames& names, const Graph* graph,
               ProblemList& problems)
      : node_(node), nodes_(nodes), names_(names), graph_(graph), problems_(problems) {}

  /// `target`: what stands at the branch; may be null.
  Branch& add(std::string name, const SourceNode* target, const std::string& path);

 private:
  void add_name(Branch& branch, const SourceNode& text, const std::string& path);

  Node& node_;
  const std::vector<Node>& nodes_;
  const NodeNames& names_;
  const Graph* graph_;
  ProblemList& problems_;
};

Branch& BranchReader::add(std::string name, const SourceNode* target, const std::string& path) {
  Branch& branch = node_.branches.emplace_back();
  branch.name = std::move(name);
  if (target == nullptr) return branch;
  if (target->is_scalar()) add_name(branch, *target, path);
  for (std::size_t i = 0; target->is_sequence() && i < target->children.size(); ++i) {
    if (target->children[i].is_scalar()) add_name(branch, target->children[i], fmt::format("{}[{}]", path, i));
  }
  return branch;
}

void BranchReader::add_name(Branch& branch, const SourceNode& text, const std::string& path) {
  const auto found = names_.index.find(text.scalar);
  if (found == names_.index.end()) return;  // only a label
  const int target = found->second;
  if (nodes_[static_cast<std::size_t>(target)].only_fallback) {
    problems_.add(path, text,
                  fmt::format("the branch leads to '{}', which is a fallback and runs in no branch", text.scalar),
                  "name a node of the normal flow");
    return;
  }
  if (node_.for_each) {
    problems_.add(path, text, "a node that runs for each item cannot lead to other nodes",
                  "remove for_each, or name something that is no node");
    return;
  }
  if (graph_ != nullptr && !graph_->is_upstream(node_.index, target)) {
    problems_.add(path, text,
                  fmt::format("the branch leads to '{}', which does not come after '{}'", text.scalar, node_.id),
                  target == node_.index ? "name a node that depends on this one"
                                        : fmt::format("add '{}' to the depends_on of '{}'", node_.id, text.scalar));
    return;
  }
  if (std::find(branch.nodes.begin(), branch.nodes.end(), target) == branch.nodes.end()) branch.nodes.push_back(target);
}

const SourceNode* given(const SourceNode& config, std::string_view name, std::string_view alias) {
  const SourceNode* found = config.find(name);
  return found != nullptr ? found : config.find(alias);
}

void read_if(const SourceNode& config, const std::string& path, BranchReader& reader) {
  reader.add("true", given(config, "true_branch", "true_node"), path + ".true_branch");
  reader.add("false", given(config, "false_branch", "false_node"), path + ".false_branch");
}

// Rejected leads to `on_reject` and away from what else depends on the node; approved the other way round.
void read_approval(Node& node, const SourceNode& config, const std::string& path, const std::vector<Node>& nodes,
                   BranchReader& reader, ProblemList& problems) {
  if (node.for_each)
    problems.add(path, config, "an approval cannot run for each item", "ask once, or put it into a sub-workflow");
  const SourceNode* target = config.find("on_reject");
  if (target == nullptr || target->is_null()) return;
  const std::vector<int> rejected = reader.add("rejected", target, path + ".on_reject").nodes;
  if (rejected.empty()) {
    problems.add(path + ".on_reject", *target, "'on_reject' names no node that comes after this one",
                 "name one, or a list of them");
    return;
  }
  Branch& approved = reader.add("approved", nullptr, path);
  for (const Node& other : nodes) {
    const bool depends =
        std::find(other.depends_on.begin(), other.depends_on.end(), node.index) != other.depends_on.end();
    if (depends && std::find(rejected.begin(), rejected.end(), other.index) == rejected.end())
      approved.nodes.push_back(other.index);
  }
}

void read_switch(Node& node, const SourceNode& config, const std::string& path, BranchReader& reader,
                 const CompileCase& compile, ProblemList& problems) {
  const SourceNode* cases = config.find("cases");
  const auto add_case = [&](std::string name, const SourceNode& text, const SourceNode* target, const std::string& at,
                            bool may_compute) {
    const bool computes = may_compute && is_case_expression(text.scalar);
    Branch& branch = reader.add(std::move(name), target, at);
    if (computes) branch.when = compile(text, at);
  };
  if (cases != nullptr && cases->is_map()) {
    for (std::size_t i = 0; i < cases->keys.size(); ++i) {
      const SourceNode::Key& key = cases->keys[i];
      // Places inside of a key are not worth the trouble: problems point at its start.
      const SourceNode text{.kind = SourceNode::Kind::scalar,
                            .style = ScalarStyle::folded,
                            .scalar = key.text,
                            .line = key.line,
                            .column = key.column};
      add_case(key.text, text, &cases->children[i], fmt::format("{}.cases.{}", path, key.text), true);
    }
  } else if (cases != nullptr && cases->is_sequence()) {
    for (std::size_t i = 0; i < cases->children.size(); ++i) {
      const SourceNode& entry = cases->children[i];
      const std::string at = fmt::format("{}.cases[{}]", path, i);
      if (!entry.is_map()) {
        problems.add(at, entry,
                     fmt::format("a case must be a map with 'value' and 'output', not {}", entry.kind_name()));
        continue;
      }
      FieldReader fields(entry, at, problems);
      const SourceNode* value = fields.take("value", {"when"});
      const SourceNode* output = fields.take("output");
      const auto label = fields.text("label", 1'000);
      fields.finish();
      if (value == nullptr) {
        problems.add(at + ".value", entry, "the field 'value' is missing");
        continue;
      }
      if (!value->is_scalar() && !value->is_null()) {
        problems.add(at + ".value", *value, fmt::format("'value' must be a single value, not {}", value->kind_name()));
        continue;
      }
      add_case(label && !label->empty() ? *label : value->scalar, *value, output, at, value->is_string());
    }
  } else if (cases != nullptr && !cases->is_null()) {
    problems.add(path + ".cases", *cases, fmt::format("'cases' must be a map or a list, not {}", cases->kind_name()),
                 "for example cases: {gold: node-a, silver: node-b}");
    return;
  }
  reader.add("default", config.find("default"), path + ".default");
  if (node.branches.size() == 1)
    problems.add(path + ".cases", cases != nullptr ? *cases : config, "a switch node needs at least one case");
}

}  // namespace

void read_branches(Node& node, const SourceNode& config, const std::string& path, const std::vector<Node>& nodes,
                   const NodeNames& names, const Graph* graph, const CompileCase& compile, ProblemList& problems) {
  BranchReader reader(node, nodes, names, graph, problems);
  if (node.type == "if") read_if(config, path, reader);
  if (node.type == "approval") read_approval(node, config, path, nodes, reader, problems);
  if (node.type == "switch") read_switch(node, config, path, reader, compile, problems);
}

}  // namespace r8r::workflow
