// Nodes that run in the place of others that failed.
#include "common/workflow/sections.hpp"

namespace r8r::workflow {
namespace {

std::string place_of(const NodeDraft& draft) {
  return draft.path + ".on_error.fallback_node";
}

// A node that is a fallback is nothing else, so that each of its runs stands for one failure.
void check_fallback(const Node& node, const Node& fallback, const NodeDraft& draft, ProblemList& problems) {
  const auto refuse = [&](std::string message, std::string hint) {
    problems.add(place_of(draft), *draft.fallback_node, std::move(message), std::move(hint));
  };
  if (node.for_each) {
    refuse("a node that runs for each item cannot have a fallback node", "use fallback_value");
  } else if (fallback.for_each) {
    refuse(fmt::format("the fallback node '{}' cannot run for each item", fallback.id), "remove its for_each");
  } else if (fallback.node_class == NodeClass::control) {
    refuse(fmt::format("a {} node cannot be a fallback", fallback.type), "name a node that gives a value");
  } else if (fallback.fallback_node >= 0) {
    refuse(fmt::format("the fallback node '{}' has a fallback node of its own", fallback.id),
           "give it a fallback_value");
  }
}

}  // namespace

void resolve_fallbacks(std::vector<Node>& nodes, const std::vector<NodeDraft>& drafts, const NodeNames& names,
                       ProblemList& problems) {
  for (Node& node : nodes) {
    const NodeDraft& draft = drafts[static_cast<std::size_t>(node.index)];
    if (draft.fallback_node == nullptr) continue;
    const std::string& id = draft.fallback_node->scalar;
    const auto found = names.index.find(id);
    if (found == names.index.end()) {
      problems.add(place_of(draft), *draft.fallback_node, fmt::format("there is no node '{}'", id),
                   nearest_hint(id, names.ids));
    } else if (found->second == node.index) {
      problems.add(place_of(draft), *draft.fallback_node, fmt::format("the node '{}' is its own fallback", id),
                   "name another node");
    } else {
      node.fallback_node = found->second;
      Node& fallback = nodes[static_cast<std::size_t>(found->second)];
      fallback.only_fallback = true;
      // To name the node that it stands for as a dependency says nothing new.
      std::erase(fallback.depends_on, node.index);
    }
  }
}

void check_fallbacks(const std::vector<Node>& nodes, const std::vector<NodeDraft>& drafts, const Graph& graph,
                     ProblemList& problems) {
  for (const Node& node : nodes) {
    if (node.fallback_node < 0) continue;
    const NodeDraft& draft = drafts[static_cast<std::size_t>(node.index)];
    const Node& fallback = nodes[static_cast<std::size_t>(node.fallback_node)];
    check_fallback(node, fallback, draft, problems);
    for (const int dependent : fallback.dependents) {
      problems.add(place_of(draft), *draft.fallback_node,
                   fmt::format("'{}' depends on the fallback node '{}', which runs only when '{}' fails",
                               nodes[static_cast<std::size_t>(dependent)].id, fallback.id, node.id),
                   fmt::format("depend on '{}': it has the output of its fallback", node.id));
    }
    for (const int dependency : fallback.depends_on) {
      if (!graph.cycles().empty() || graph.is_upstream(dependency, node.index)) continue;
      problems.add(place_of(draft), *draft.fallback_node,
                   fmt::format("the fallback node '{}' depends on '{}', which need not be done when '{}' fails",
                               fallback.id, nodes[static_cast<std::size_t>(dependency)].id, node.id),
                   fmt::format("a fallback may depend on what is upstream of '{}' and no more", node.id));
    }
  }
}

}  // namespace r8r::workflow
