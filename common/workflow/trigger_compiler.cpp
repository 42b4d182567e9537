#include "common/workflow/trigger_compiler.hpp"

namespace r8r::workflow {

std::optional<expr::Program> TriggerCompiler::expression(const SourceNode& source, const std::string& path) {
  if (!source.is_scalar()) {
    problems_.add(path, source, fmt::format("an expression is expected, not {}", source.kind_name()));
    return std::nullopt;
  }
  auto program = expr::Program::compile(source.scalar, options_);
  if (!program) {
    expr::Problem& problem = program.error();
    problems_.add_inside(path, source, problem.line, problem.column, std::move(problem.message),
                         std::move(problem.hint));
    return std::nullopt;
  }
  if (!check(program->references(), source, path)) return std::nullopt;
  return std::move(*program);
}

std::optional<expr::ValueTemplate> TriggerCompiler::value(const SourceNode& source, const std::string& path) {
  // String by string first, to say where something is wrong.
  if (!check_strings(source, path)) return std::nullopt;
  auto compiled = expr::ValueTemplate::compile(to_value(source), options_);
  if (compiled) return std::move(*compiled);
  problems_.add(path, source, compiled.error().problem.message, compiled.error().problem.hint);
  return std::nullopt;
}

// Recursion is bounded by the readers' nesting limit.
bool TriggerCompiler::check_strings(const SourceNode& source, const std::string& path) {
  bool good = true;
  for (std::size_t i = 0; i < source.children.size(); ++i) {
    const std::string child =
        source.is_map() ? fmt::format("{}.{}", path, source.keys[i].text) : fmt::format("{}[{}]", path, i);
    good &= check_strings(source.children[i], child);
  }
  if (!source.is_string()) return good;
  auto text = expr::Template::compile(source.scalar, options_);
  if (text) return check(text->references(), source, path);
  const expr::Problem& problem = text.error();
  problems_.add_inside(path, source, problem.line, problem.column, problem.message, problem.hint);
  return false;
}

bool TriggerCompiler::check(const expr::References& references, const SourceNode& text, const std::string& path) {
  const std::size_t before = problems_.count();
  std::vector<std::string> names{"input"};
  names.insert(names.end(), options_.extra_names.begin(), options_.extra_names.end());
  const std::string known = fmt::format("known: {}, variables, env", fmt::join(names, ", "));
  for (const auto& root : references.unknown_roots) {
    problems_.add_inside(path, text, root.line, root.column, fmt::format("unknown name '{}'", root.name),
                         root.nearest.empty() ? known : fmt::format("did you mean '{}'?", root.nearest));
  }
  if (!references.nodes.empty() || references.all_nodes || references.item || references.execution) {
    problems_.add(path, text,
                  "no node has run yet when a trigger is evaluated: nodes, item and execution mean nothing here",
                  known);
  }
  if (!references.credentials.empty()) {
    problems_.add(path, text,
                  fmt::format("'credentials.{}' cannot be used in a trigger", *references.credentials.begin()));
  }
  for (const std::string& name : references.variables) {
    if (!workflow_.variables.is_map() || workflow_.variables.as_map().contains(name)) continue;
    problems_.warn(path, text, fmt::format("the workflow has no variable '{}': it is null", name),
                   "add it to 'variables'");
  }
  return problems_.count() == before;
}

}  // namespace r8r::workflow
