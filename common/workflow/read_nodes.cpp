#include "common/expr/json.hpp"
#include "common/workflow/node_types.hpp"
#include "common/workflow/sections.hpp"

namespace r8r::workflow {
namespace {

constexpr std::size_t kMaxNodes = 1'000;

void read_id(FieldReader& fields, Node& node) {
  const SourceNode* source = fields.source().find("id");
  const auto id = fields.text("id", 10'000);
  if (!id) {
    if (source == nullptr || source->is_null()) {
      fields.problems().add(fields.path_of("id"), fields.source(), "the field 'id' is missing",
                            "give each node an id of its own");
    }
    return;
  }
  if (!is_identifier(*id)) {
    fields.problems().add(fields.path_of("id"), *source,
                          fmt::format("'{}' cannot be an id: 1 to 128 letters, digits, '-' and '_'", *id));
    return;
  }
  node.id = *id;
}

void read_type(FieldReader& fields, Node& node) {
  const SourceNode* source = fields.source().find("type");
  const auto name = fields.text("type", 10'000);
  if (!name) {
    if (source == nullptr || source->is_null()) {
      fields.problems().add(fields.path_of("type"), fields.source(), "the field 'type' is missing",
                            "for example type: transform, set, http, wait or debug");
    }
    return;
  }
  const NodeType* type = find_node_type(*name);
  if (type != nullptr) {
    node.type = *name;
    node.kind = type;
    node.node_class = type->node_class;
  } else if (is_planned_node_type(*name)) {
    fields.problems().note_not_run(fields.path_of("type"), *source,
                                   fmt::format("node type '{}' is not available in this version", *name));
    node.type = *name;
  } else {
    fields.problems().add(fields.path_of("type"), *source, fmt::format("unknown node type '{}'", *name),
                          nearest_hint(*name, node_type_names()));
  }
}

void read_dependencies(FieldReader& fields, NodeDraft& draft) {
  const SourceNode* source = fields.take("depends_on");
  if (source == nullptr || source->is_null()) return;
  if (source->is_scalar() && !source->scalar.empty()) {
    draft.dependencies.push_back(source);
    return;
  }
  if (!source->is_sequence()) {
    fields.problems().add(fields.path_of("depends_on"), *source,
                          fmt::format("'depends_on' must be a list of node ids, not {}", source->kind_name()));
    draft.all_dependencies_known = false;
    return;
  }
  for (const SourceNode& child : source->children) {
    if (child.is_scalar()) {
      draft.dependencies.push_back(&child);
    } else {
      fields.problems().add(fields.path_of("depends_on"), child,
                            fmt::format("a node id is expected here, not {}", child.kind_name()));
      draft.all_dependencies_known = false;
    }
  }
}

NodeDraft read_node(const SourceNode& source, int index, Node& node, ProblemList& problems) {
  NodeDraft draft;
  draft.source = &source;
  draft.path = fmt::format("nodes[{}]", index);
  node.index = index;
  if (!source.is_map()) {
    problems.add(draft.path, source,
                 fmt::format("a node must be a map with 'id' and 'type', not {}", source.kind_name()));
    return draft;
  }
  FieldReader fields(source, draft.path, problems);
  read_id(fields, node);
  read_type(fields, node);
  draft.config = fields.map("config");
  read_dependencies(fields, draft);
  draft.condition = fields.take("condition");
  draft.for_each = read_for_each(fields, node);
  read_retry(fields, node);
  read_on_error(fields, node, draft);
  if (auto seconds = fields.number("timeout_seconds", 1, 86'400)) {
    node.timeout = from_seconds(*seconds);
  }
  const SourceNode* pinned = fields.take("pinned_data");
  if (pinned != nullptr && !pinned->is_null()) {
    node.pinned = expr::to_json(to_value(*pinned));
    node.node_class = NodeClass::pure;
  }
  if (auto pool = fields.text("pool", 64)) {
    if (!is_identifier(*pool)) {
      problems.add(fields.path_of("pool"), *source.find("pool"),
                   fmt::format("'{}' cannot be a pool: letters, digits, '-' and '_'", *pool));
    } else {
      node.pool = std::move(*pool);
    }
  }
  fields.finish();
  return draft;
}

NodeNames name_nodes(const std::vector<Node>& nodes, const std::vector<NodeDraft>& drafts, ProblemList& problems) {
  NodeNames names;
  for (const Node& node : nodes) {
    if (node.type == "variables") names.variable_nodes.push_back(node.index);
    if (node.id.empty()) continue;
    const auto [first, fresh] = names.index.emplace(node.id, node.index);
    if (fresh) {
      names.ids.push_back(node.id);
      continue;
    }
    const auto place = [&](int index) { return drafts[static_cast<std::size_t>(index)].source->find("id"); };
    problems.add(drafts[static_cast<std::size_t>(node.index)].path + ".id", *place(node.index),
                 fmt::format("the id '{}' is there twice", node.id),
                 fmt::format("it is first given on line {}", place(first->second)->line));
  }
  return names;
}

void resolve_dependencies(Node& node, NodeDraft& draft, const NodeNames& names, ProblemList& problems) {
  for (const SourceNode* source : draft.dependencies) {
    const std::string path = draft.path + ".depends_on";
    const auto found = names.index.find(source->scalar);
    if (found == names.index.end()) {
      draft.all_dependencies_known = false;
      problems.add(path, *source, fmt::format("there is no node '{}'", source->scalar),
                   nearest_hint(source->scalar, names.ids));
    } else if (found->second == node.index) {
      problems.add(path, *source, fmt::format("the node '{}' depends on itself", node.id), "remove it from depends_on");
    } else if (std::find(node.depends_on.begin(), node.depends_on.end(), found->second) != node.depends_on.end()) {
      problems.add(path, *source, fmt::format("'{}' is there twice", source->scalar), "remove one");
    } else {
      node.depends_on.push_back(found->second);
    }
  }
}

void report_cycles(const Graph& graph, const std::vector<Node>& nodes, const std::vector<NodeDraft>& drafts,
                   ProblemList& problems) {
  for (const std::vector<int>& cycle : graph.cycles()) {
    // Named in the direction of the data: each node feeds the next.
    std::string text;
    for (const int index : cycle) text += nodes[static_cast<std::size_t>(index)].id + " → ";
    const auto first = static_cast<std::size_t>(cycle.front());
    text += nodes[first].id;
    const SourceNode* place = drafts[first].source->find("depends_on");
    problems.add(drafts[first].path + ".depends_on", *place, "the dependencies form a cycle: " + text,
                 "remove one of these dependencies");
  }
}

}  // namespace

bool is_identifier(std::string_view text) {
  return !text.empty() && text.size() <= 128 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

bool is_workflow_name(std::string_view text) {
  return is_identifier(text) && text.front() != '-' && text.front() != '_';
}

void read_nodes(FieldReader& top, Workflow& workflow) {
  ProblemList& problems = top.problems();
  const SourceNode* given = top.source().find("nodes");
  const SourceNode* list = top.list("nodes");
  if (list == nullptr || list->children.empty()) {
    if (list != nullptr || given == nullptr || given->is_null()) {
      problems.add("nodes", list != nullptr ? *list : top.source(), "a workflow needs at least one node",
                   "add a list 'nodes'");
    }
    return;
  }
  std::size_t count = list->children.size();
  if (count > kMaxNodes) {
    problems.add("nodes", list->children[kMaxNodes],
                 fmt::format("the workflow has {} nodes; at most {} are allowed", count, kMaxNodes),
                 "split it into several workflows");
    count = kMaxNodes;
  }
  std::vector<Node>& nodes = workflow.nodes;
  nodes.resize(count);
  std::vector<NodeDraft> drafts;
  for (std::size_t i = 0; i < count; ++i)
    drafts.push_back(read_node(list->children[i], static_cast<int>(i), nodes[i], problems));
  const NodeNames names = name_nodes(nodes, drafts, problems);
  for (std::size_t i = 0; i < count; ++i) resolve_dependencies(nodes[i], drafts[i], names, problems);
  resolve_fallbacks(nodes, drafts, names, problems);
  const Graph graph(nodes);
  report_cycles(graph, nodes, drafts, problems);
  check_fallbacks(nodes, drafts, graph, problems);
  for (std::size_t i = 0; i < count; ++i) compile_node(nodes[i], drafts[i], names, graph, workflow, problems);
  workflow.order = graph.order();
  workflow.pure =
      std::all_of(nodes.begin(), nodes.end(), [](const Node& node) { return node.node_class == NodeClass::pure; });
}

}  // namespace r8r::workflow
