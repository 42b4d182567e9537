#include "common/workflow/node_types.hpp"
#include "common/workflow/sections.hpp"

namespace r8r::workflow {
namespace {

/// Compiles what one node's fields hold. Everything that a text refers to is checked where it stands and added to
/// `references`.
class NodeCompiler {
 public:
  NodeCompiler(Node& node, const NodeDraft& draft, const NodeNames& names, const Graph& graph, const Workflow& workflow,
               ProblemList& problems)
      : node_(node), draft_(draft), names_(names), graph_(graph), workflow_(workflow), problems_(problems) {}

  std::optional<expr::Program> expression(const SourceNode& source, const std::string& path, bool sees_item);
  /// `extra`: names that are in scope besides the usual ones.
  std::optional<expr::ValueTemplate> value(const SourceNode& source, const expr::Value& tree, const std::string& path,
                                           std::vector<std::string> extra = {});
  void config();
  void finish();

 private:
  expr::CompileOptions options(std::vector<std::string> extra = {}) const { return {names_.ids, std::move(extra)}; }
  bool acceptable(const expr::References& references, bool sees_item) const;
  void report_references(const expr::References& references, const SourceNode& text, const std::string& path,
                         bool sees_item);
  void report_strings(const SourceNode& source, const std::string& path, const std::vector<std::string>& extra);
  void report_node(const expr::References::Place& place, const SourceNode& text, const std::string& path);
  bool may_see(std::string_view id) const;
  bool knows_graph() const { return graph_.cycles().empty() && draft_.all_dependencies_known; }
  void report_missing(const NodeType& type, const ConfigFieldType& field, const SourceNode& config,
                      const std::string& path);
  void config_field(const ConfigFieldType& type, const SourceNode& source, const std::string& path);

  Node& node_;
  const NodeDraft& draft_;
  const NodeNames& names_;
  const Graph& graph_;
  const Workflow& workflow_;
  ProblemList& problems_;
  std::set<int> needs_;
  bool all_nodes_ = false;
  bool input_ = false;
};

// "{{ e }}" means the same as "e" where an expression is expected. The braces become blanks, so that places stay.
std::string without_braces(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  const std::size_t end = text.find_last_not_of(" \t\r\n");
  if (begin == std::string::npos || end < begin + 3 || text.compare(begin, 2, "{{") != 0 ||
      text.compare(end - 1, 2, "}}") != 0)
    return text;
  if (text.find("{{", begin + 2) != std::string::npos) return text;
  std::string bare = text;
  bare[begin] = bare[begin + 1] = bare[end] = bare[end - 1] = ' ';
  return bare;
}

std::optional<expr::Program> NodeCompiler::expression(const SourceNode& source, const std::string& path,
                                                      bool sees_item) {
  if (!source.is_scalar()) {
    problems_.add(path, source, fmt::format("an expression is expected, not {}", source.kind_name()),
                  source.is_map() ? "put the expression in quotes, or write it as a block after '|'" : "");
    return std::nullopt;
  }
  auto program = expr::Program::compile(without_braces(source.scalar), options());
  if (!program) {
    expr::Problem& problem = program.error();
    if (problem.hint.empty() && source.scalar.find("{{") != std::string::npos)
      problem.hint = "an expression stands without {{ }}";
    problems_.add_inside(path, source, problem.line, problem.column, std::move(problem.message),
                         std::move(problem.hint));
    return std::nullopt;
  }
  report_references(program->references(), source, path, sees_item);
  return std::move(*program);
}

std::optional<expr::ValueTemplate> NodeCompiler::value(const SourceNode& source, const expr::Value& tree,
                                                       const std::string& path, std::vector<std::string> extra) {
  auto compiled = expr::ValueTemplate::compile(tree, options(extra));
  if (!compiled || !acceptable(compiled->references(), false)) {
    // The slow way, string by string, to say where.
    const std::size_t before = problems_.count();
    report_strings(source, path, extra);
    if (problems_.count() == before)
      problems_.add(path, source,
                    compiled ? "the value refers to something unknown" : compiled.error().problem.message);
    return std::nullopt;
  }
  report_references(compiled->references(), source, path, false);
  return std::move(*compiled);
}

// Recursion is bounded by the readers' nesting limit.
void NodeCompiler::report_strings(const SourceNode& source, const std::string& path,
                                  const std::vector<std::string>& extra) {
  for (std::size_t i = 0; i < source.children.size(); ++i) {
    report_strings(source.children[i],
                   source.is_map() ? fmt::format("{}.{}", path, source.keys[i].text) : fmt::format("{}[{}]", path, i),
                   extra);
  }
  if (!source.is_string()) return;
  auto text = expr::Template::compile(source.scalar, options(extra));
  if (!text) {
    const expr::Problem& problem = text.error();
    problems_.add_inside(path, source, problem.line, problem.column, problem.message, problem.hint);
    return;
  }
  report_references(text->references(), source, path, false);
}

bool NodeCompiler::may_see(std::string_view id) const {
  const auto found = names_.index.find(id);
  if (found == names_.index.end()) return false;
  return !knows_graph() || graph_.is_upstream(found->second, node_.index);
}

bool NodeCompiler::acceptable(const expr::References& references, bool sees_item) const {
  return references.unknown_roots.empty() && references.credentials.empty() && (sees_item || !references.item) &&
         std::all_of(references.nodes.begin(), references.nodes.end(),
                     [&](const std::string& id) { return may_see(id); });
}

void NodeCompiler::report_node(const expr::References::Place& place, const SourceNode& text, const std::string& path) {
  const auto found = names_.index.find(place.name);
  if (found == names_.index.end()) {
    problems_.add_inside(path, text, place.line, place.column, fmt::format("there is no node '{}'", place.name),
                         nearest_hint(place.name, names_.ids));
  } else if (found->second == node_.index) {
    problems_.add_inside(path, text, place.line, place.column,
                         fmt::format("the node '{}' refers to its own output", place.name));
  } else {
    problems_.add_inside(
        path, text, place.line, place.column,
        fmt::format("the node '{}' is not upstream of '{}': its output may not be there yet", place.name, node_.id),
        fmt::format("add '{}' to depends_on", place.name));
  }
}

void NodeCompiler::report_references(const expr::References& references, const SourceNode& text,
                                     const std::string& path, bool sees_item) {
  for (const auto& root : references.unknown_roots) {
    problems_.add_inside(path, text, root.line, root.column, fmt::format("unknown name '{}'", root.name),
                         root.nearest.empty() ? "known: input, nodes, variables, env, execution and the ids of nodes"
                                              : fmt::format("did you mean '{}'?", root.nearest));
  }
  std::set<std::string_view> reported;
  for (const auto& place : references.node_places) {
    if (!may_see(place.name) && reported.insert(place.name).second) report_node(place, text, path);
  }
  if (references.item && !sees_item) {
    problems_.add(path, text, "'item' and 'index' have no meaning here",
                  "they are there only where something is done for each item");
  }
  if (!references.credentials.empty()) {
    problems_.add(path, text,
                  fmt::format("'credentials.{}' is not available in this version", *references.credentials.begin()),
                  "pass secrets in environment variables that begin with R8R_, as env.R8R_NAME");
  }
  for (const std::string& name : references.variables) {
    if (!workflow_.variables.is_map() || workflow_.variables.as_map().contains(name)) continue;
    problems_.warn(path, text, fmt::format("the workflow has no variable '{}': it is null", name),
                   "add it to 'variables'");
  }
  for (const std::string& id : references.nodes) {
    const auto found = names_.index.find(id);
    if (found != names_.index.end()) needs_.insert(found->second);
  }
  all_nodes_ |= references.all_nodes;
  input_ |= references.input;
}

void NodeCompiler::config_field(const ConfigFieldType& type, const SourceNode& source, const std::string& path) {
  ConfigField field;
  field.name = type.name;
  if (type.kind == ConfigKind::expression) {
    field.expression = expression(source, path, type.sees_item);
    if (field.expression) node_.config.push_back(std::move(field));
    return;
  }
  expr::Value tree = to_value(source);
  field.value = value(source, tree, path);
  if (!field.value) return;
  if (field.value->is_constant()) {
    const expr::Scope nothing;
    expr::EvalContext context{.scope = nothing};
    const Result<expr::Value> constant = field.value->evaluate(context);
    const Result<expr::Value> checked = constant ? check_config_value(type, *constant) : constant;
    if (!checked) {
      problems_.add(path, source, checked.error().message);
      return;
    }
    // The canonical form (of a word) is what the body of the node wants to see.
    if (type.kind == ConfigKind::word) field.value = value(source, *checked, path);
  }
  node_.config.push_back(std::move(field));
}

void NodeCompiler::report_missing(const NodeType& type, const ConfigFieldType& field, const SourceNode& config,
                                  const std::string& path) {
  for (const SourceNode::Key& key : config.keys) {
    if (type.field(key.text) != &field) continue;
    const bool comment = problems_.line(key.line).find("#{") != std::string_view::npos;
    problems_.add(path, key, fmt::format("the config field '{}' is empty", key.text),
                  comment ? "YAML reads '#' as the start of a comment: put the expression in quotes"
                          : fmt::format("a {} node needs it", type.name));
    return;
  }
  problems_.add(path, config, fmt::format("the config field '{}' is missing", field.name),
                fmt::format("a {} node needs it", type.name));
}

void NodeCompiler::config() {
  const NodeType* type = find_node_type(node_.type);
  if (type == nullptr) return;
  const SourceNode none{.kind = SourceNode::Kind::map, .line = draft_.source->line, .column = draft_.source->column};
  const SourceNode& source = draft_.config != nullptr ? *draft_.config : none;
  FieldReader fields(source, draft_.path + ".config", problems_);
  for (const ConfigFieldType& field : type->fields) {
    const SourceNode* given = fields.take(field.name, field.aliases);
    if (given != nullptr && !given->is_map() && !given->is_sequence() && scalar_value(*given).is_null())
      given = nullptr;
    if (given != nullptr) {
      config_field(field, *given, fields.path_of(field.name));
    } else if (field.required) {
      report_missing(*type, field, source, fields.path_of(field.name));
    }
  }
  for (const std::string_view name : type->unavailable) fields.unavailable(name);
  fields.finish();
  if (type->check != nullptr) type->check(*type, source, fields.path(), problems_);
}

// Whether the body of the node looks at its input although no expression says so.
bool body_reads_input(const Node& node) {
  const NodeType* type = find_node_type(node.type);
  if (type == nullptr || !type->reads_input || node.pinned) return false;
  const ConfigField* keep = node.field(node.type == "set" ? "keep_input" : "passthrough");
  if (keep == nullptr || !keep->value || !keep->value->is_constant()) return true;
  const expr::Scope nothing;
  expr::EvalContext context{.scope = nothing};
  const Result<expr::Value> value = keep->value->evaluate(context);
  return !value || !value->is_bool() || value->as_bool();
}

void NodeCompiler::finish() {
  if (all_nodes_) {
    const std::vector<int> upstream = graph_.upstream(node_.index);
    needs_.insert(upstream.begin(), upstream.end());
  }
  needs_.insert(node_.depends_on.begin(), node_.depends_on.end());
  node_.needs.assign(needs_.begin(), needs_.end());
  node_.needs_input = node_.depends_on.empty() && (input_ || body_reads_input(node_));
}

// Files for a server that wraps webhooks read input.body; here the body is the input unless the trigger says otherwise.
void warn_about_body(const SourceNode& source, const std::string& path, ProblemList& problems) {
  for (const SourceNode& child : source.children) warn_about_body(child, path, problems);
  if (!source.is_scalar() || source.scalar.find("input.body") == std::string::npos) return;
  problems.warn(path, source, "the body of a webhook is the input itself: 'input.body' is a field 'body' of that body",
                "write input instead, or set input_mode: envelope in the trigger");
}

bool reads_bare_webhook(const Node& node, const Workflow& workflow) {
  const auto declares_body = [](const InputDeclaration& input) { return input.name == "body"; };
  return node.depends_on.empty() && std::none_of(workflow.inputs.begin(), workflow.inputs.end(), declares_body) &&
         std::any_of(workflow.triggers.begin(), workflow.triggers.end(),
                     [](const Trigger& trigger) { return trigger.webhook && !trigger.webhook->envelope; });
}

}  // namespace

void compile_node(Node& node, const NodeDraft& draft, const NodeNames& names, const Graph& graph,
                  const Workflow& workflow, ProblemList& problems) {
  if (!draft.source->is_map()) return;
  NodeCompiler compiler(node, draft, names, graph, workflow, problems);
  if (draft.condition != nullptr && !draft.condition->is_null()) {
    node.condition = compiler.expression(*draft.condition, draft.path + ".condition", false);
  }
  compiler.config();
  if (draft.fallback_value != nullptr) {
    node.fallback_value = compiler.value(*draft.fallback_value, to_value(*draft.fallback_value),
                                         draft.path + ".on_error.fallback_value", {"error"});
  }
  compiler.finish();
  if (draft.config != nullptr && reads_bare_webhook(node, workflow))
    warn_about_body(*draft.config, draft.path + ".config", problems);
}

}  // namespace r8r::workflow
