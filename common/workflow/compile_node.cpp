#include "common/base/environment.hpp"
#include "common/expr/foreign_words.hpp"
#include "common/expr/json.hpp"
#include "common/workflow/config.hpp"
#include "common/workflow/data_path.hpp"
#include "common/workflow/json_schema.hpp"
#include "common/workflow/node_compiler.hpp"

namespace r8r::workflow {
namespace {

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

}  // namespace

std::optional<expr::Program> NodeCompiler::expression(const SourceNode& source, const std::string& path, bool sees_item,
                                                      std::vector<std::string> extra) {
  if (!source.is_scalar()) {
    problems_.add(path, source, fmt::format("an expression is expected, not {}", source.kind_name()),
                  source.is_map() ? "put the expression in quotes, or write it as a block after '|'" : "");
    return std::nullopt;
  }
  auto program = expr::Program::compile(without_braces(source.scalar), options(std::move(extra)));
  if (!program) {
    expr::Problem& problem = program.error();
    if (problem.hint.empty() && source.scalar.find("{{") != std::string::npos)
      problem.hint = "an expression stands without {{ }}";
    problems_.add_inside(path, source, problem.line, problem.column, std::move(problem.message),
                         std::move(problem.hint));
    return std::nullopt;
  }
  report_references(program->references(), source, path, sees_item);
  note_references(program->references());
  return std::move(*program);
}

std::optional<expr::Program> NodeCompiler::data_path(const SourceNode& source, const std::string& path) {
  if (!source.is_scalar() || source.scalar.empty()) {
    problems_.add(path, source, fmt::format("a path to data is expected, not {}", source.kind_name()),
                  "for example input.items, nodes.fetch.output.rows, or items");
    return std::nullopt;
  }
  const PathExpression expression = path_expression(source.scalar, names_.ids);
  // Where a place in the expression is in the text of the file.
  const auto column = [&](int line, int in_expression) {
    if (!expression.is_written) return 1;
    return line == 1 ? std::max(1, in_expression - expression.columns_before) : in_expression;
  };
  auto program = expr::Program::compile(expression.text, options());
  if (!program) {
    expr::Problem& problem = program.error();
    problems_.add_inside(path, source, problem.line, column(problem.line, problem.column), std::move(problem.message),
                         std::move(problem.hint));
    return std::nullopt;
  }
  expr::References references = program->references();
  for (auto& place : references.unknown_roots) place.column = column(place.line, place.column);
  for (auto* places : {&references.node_places, &references.input_places, &references.variable_places}) {
    for (auto& place : *places) place.column = column(place.line, place.column);
  }
  report_references(references, source, path, false);
  note_references(references);
  return std::move(*program);
}

std::optional<expr::ValueTemplate> NodeCompiler::value(const SourceNode& source, const expr::Value& tree,
                                                       const std::string& path, const ExtraNames& names) {
  auto compiled = expr::ValueTemplate::compile(tree, options(names.extra));
  if (!compiled || has_remarks(compiled->references(), names.item)) {
    // The slow way, string by string, to say where.
    const std::size_t before = problems_.count();
    report_strings(source, path, names);
    if (!compiled && problems_.count() == before) problems_.add(path, source, compiled.error().problem.message);
    if (!compiled || problems_.count() > before) return std::nullopt;
  }
  note_references(compiled->references());
  return std::move(*compiled);
}

// Recursion is bounded by the readers' nesting limit.
void NodeCompiler::report_strings(const SourceNode& source, const std::string& path, const ExtraNames& names) {
  for (std::size_t i = 0; i < source.children.size(); ++i) {
    report_strings(source.children[i],
                   source.is_map() ? fmt::format("{}.{}", path, source.keys[i].text) : fmt::format("{}[{}]", path, i),
                   names);
  }
  if (!source.is_string()) return;
  auto text = expr::Template::compile(source.scalar, options(names.extra));
  if (!text) {
    const expr::Problem& problem = text.error();
    problems_.add_inside(path, source, problem.line, problem.column, problem.message, problem.hint);
    return;
  }
  report_references(text->references(), source, path, names.item);
}

bool NodeCompiler::may_see(std::string_view id) const {
  const auto found = names_.index.find(id);
  if (found == names_.index.end()) return false;
  return !knows_graph() || graph_.is_upstream(found->second, node_.index);
}

bool NodeCompiler::is_unknown_variable(std::string_view name) const {
  return workflow_.variables.is_map() && !workflow_.variables.as_map().contains(name) && names_.variable_nodes.empty();
}

// `input` is the workflow's input where nothing comes before; of an item it is the item, of a fallback what failed.
bool NodeCompiler::is_forbidden_input(std::string_view name) const {
  return node_.depends_on.empty() && !in_item_ && !node_.only_fallback && draft_.dependencies.empty() &&
         workflow_.input_schema != nullptr && workflow_.input_schema->forbids(name) &&
         std::none_of(workflow_.inputs.begin(), workflow_.inputs.end(),
                      [&](const InputDeclaration& declared) { return declared.name == name; });
}

// Files for a server that wraps webhooks read input.body; here the body is the input unless the trigger says otherwise.
bool NodeCompiler::is_body_of_webhook(std::string_view name) const {
  if (name != "body" || !node_.depends_on.empty() || !draft_.dependencies.empty()) return false;
  if (in_item_ || node_.only_fallback) return false;
  const auto declares_body = [](const InputDeclaration& input) { return input.name == "body"; };
  return std::none_of(workflow_.inputs.begin(), workflow_.inputs.end(), declares_body) &&
         std::any_of(workflow_.triggers.begin(), workflow_.triggers.end(),
                     [](const Trigger& trigger) { return trigger.webhook && !trigger.webhook->envelope; });
}

// Whether report_references would say something.
bool NodeCompiler::has_remarks(const expr::References& references, bool sees_item) const {
  return !references.unknown_roots.empty() || !references.credentials.empty() ||
         (references.item && !sees_item && !in_item_) ||
         !std::all_of(references.nodes.begin(), references.nodes.end(),
                      [&](const std::string& id) { return may_see(id); }) ||
         std::any_of(references.variables.begin(), references.variables.end(),
                     [&](const std::string& name) { return is_unknown_variable(name); }) ||
         std::any_of(references.input_places.begin(), references.input_places.end(), [&](const auto& place) {
           return is_forbidden_input(place.name) || is_body_of_webhook(place.name);
         });
}

void NodeCompiler::report_data(const expr::References& references, const SourceNode& text, const std::string& path) {
  std::set<std::string_view> reported;
  for (const auto& place : references.variable_places) {
    if (!is_unknown_variable(place.name) || !reported.insert(place.name).second) continue;
    std::vector<std::string> known;
    for (const auto& [name, value] : workflow_.variables.as_map()) known.emplace_back(name);
    const std::string near = nearest_name(place.name, known);
    problems_.warn_inside(path, text, place.line, place.column,
                          fmt::format("the workflow has no variable '{}': it is null", place.name),
                          near.empty() ? "add it to 'variables'" : fmt::format("did you mean '{}'?", near));
  }
  reported.clear();
  for (const auto& place : references.input_places) {
    if (is_forbidden_input(place.name) && reported.insert(place.name).second) {
      problems_.add_inside(path, text, place.line, place.column,
                           fmt::format("input_schema allows no input '{}'", place.name),
                           nearest_hint(place.name, workflow_.input_schema->properties()));
    } else if (is_body_of_webhook(place.name) && reported.insert(place.name).second) {
      problems_.warn_inside(path, text, place.line, place.column,
                            "the body of a webhook is the input itself: 'input.body' is a field 'body' of that body",
                            "write input instead, or set input_mode: envelope in the trigger");
    }
  }
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
    std::string hint(expr::hint_for_foreign_name(root.name));
    if (hint.empty()) {
      hint = root.nearest.empty() ? "known: input, nodes, variables, env, execution and the ids of nodes"
                                  : fmt::format("did you mean '{}'?", root.nearest);
    }
    problems_.add_inside(path, text, root.line, root.column, fmt::format("unknown name '{}'", root.name),
                         std::move(hint));
  }
  std::set<std::string_view> reported;
  for (const auto& place : references.node_places) {
    if (!may_see(place.name) && reported.insert(place.name).second) report_node(place, text, path);
  }
  if (references.item && !sees_item && !in_item_) {
    problems_.add(path, text, "'item' and 'index' have no meaning here",
                  "they are there only where something is done for each item");
  }
  if (!references.credentials.empty()) {
    problems_.note_not_run(
        path, text, fmt::format("'credentials.{}' is not available in this version", *references.credentials.begin()),
        "pass secrets in environment variables that begin with R8R_, as env.R8R_NAME");
  }
  report_data(references, text, path);
}

// What the node's task must carry.
void NodeCompiler::note_references(const expr::References& references) {
  Seen& seen = in_item_ ? item_seen_ : seen_;
  for (const std::string& id : references.nodes) {
    const auto found = names_.index.find(id);
    if (found != names_.index.end()) seen.nodes.insert(found->second);
  }
  seen.all_nodes |= references.all_nodes;
  seen.variables |= references.all_variables || !references.variables.empty();
  seen.input |= references.input;
}

namespace {

// Whether the body of the node looks at its input although no expression says so.
bool body_reads_input(const Node& node) {
  if (node.kind == nullptr || node.pinned) return false;
  if (node.kind->parse == nullptr) return node.kind->reads_input;
  return node.parsed == nullptr || node.parsed->reads_input;
}

}  // namespace

std::vector<int> NodeCompiler::variable_nodes() const {
  const auto node = [this](int index) -> const Node& { return workflow_.nodes[static_cast<std::size_t>(index)]; };
  std::vector<int> found;
  for (const int index : names_.variable_nodes) {
    if (graph_.is_upstream(index, node_.index)) found.push_back(index);
  }
  std::stable_sort(found.begin(), found.end(), [&](int a, int b) { return node(a).level < node(b).level; });
  return found;
}

// What is looked at without being named.
void NodeCompiler::add_indirect(Seen& seen) const {
  if (seen.variables) {
    const std::vector<int> changes = variable_nodes();
    seen.nodes.insert(changes.begin(), changes.end());
  }
  if (seen.all_nodes) {
    const std::vector<int> upstream = graph_.upstream(node_.index);
    seen.nodes.insert(upstream.begin(), upstream.end());
  }
}

void NodeCompiler::finish() {
  seen_.variables |= node_.type == "variables";
  if (seen_.variables || item_seen_.variables) node_.variable_nodes = variable_nodes();
  add_indirect(seen_);
  add_indirect(item_seen_);
  node_.item_needs.assign(item_seen_.nodes.begin(), item_seen_.nodes.end());
  // Items of a pure node run where the node does.
  seen_.nodes.insert(item_seen_.nodes.begin(), item_seen_.nodes.end());
  seen_.nodes.insert(node_.depends_on.begin(), node_.depends_on.end());
  node_.needs.assign(seen_.nodes.begin(), seen_.nodes.end());
  const bool reads_input = node_.for_each ? !node_.for_each->list : body_reads_input(node_);
  node_.needs_input = node_.depends_on.empty() && (seen_.input || reads_input);
}

void NodeCompiler::for_each() {
  if (draft_.for_each != nullptr && node_.for_each)
    node_.for_each->list = expression(*draft_.for_each, draft_.path + ".for_each", false);
}

void compile_node(Node& node, const NodeDraft& draft, const NodeNames& names, const Graph& graph,
                  const Workflow& workflow, ProblemList& problems) {
  if (!draft.source->is_map()) return;
  NodeCompiler compiler(node, draft, names, graph, workflow, problems);
  if (draft.condition != nullptr && !draft.condition->is_null()) {
    node.condition = compiler.expression(*draft.condition, draft.path + ".condition", false);
  }
  compiler.for_each();
  compiler.begin_item();
  compiler.config();
  if (draft.fallback_value != nullptr) {
    node.fallback_value = compiler.value(*draft.fallback_value, to_value(*draft.fallback_value),
                                         draft.path + ".on_error.fallback_value", {.extra = {"error"}});
    if (node.fallback_value && node.fallback_value->is_constant()) {
      const expr::Scope nothing;
      expr::EvalContext context{.scope = nothing};
      const Result<expr::Value> constant = node.fallback_value->evaluate(context);
      if (constant) node.fallback_constant = expr::to_json(*constant);
    }
  }
  compiler.finish();
}

}  // namespace r8r::workflow
