#include "common/workflow/json_schema.hpp"
#include "common/workflow/not_run.hpp"
#include "common/workflow/sections.hpp"
#include "common/workflow/source_reader.hpp"

namespace r8r::workflow {
namespace {

void read_name(FieldReader& top, Workflow& workflow) {
  const SourceNode* source = top.source().find("name");
  const auto name = top.text("name", 10'000);
  if (source == nullptr || (!name && source->is_null())) {
    top.problems().add("name", top.source(), "the field 'name' is missing", "begin the file with 'name: my-workflow'");
    return;
  }
  if (!name) return;
  if (!is_workflow_name(*name)) {
    top.problems().add("name", *source, fmt::format("'{}' cannot be a name: {}", *name, kNameForm));
    return;
  }
  workflow.name = *name;
}

void read_version(FieldReader& top, Workflow& workflow) {
  const SourceNode* version = top.take("version");
  if (version == nullptr || version->is_null()) return;
  if (version->is_scalar() && (version->is_string() || scalar_value(*version).is_number()) &&
      version->scalar.size() <= 128) {
    workflow.version = version->scalar;
    return;
  }
  top.problems().add(
      "version", *version,
      fmt::format("'version' must be an integer or a string of at most 128 characters, not {}", version->kind_name()));
}

void read_variables(FieldReader& top, Workflow& workflow) {
  workflow.variables = expr::Value::map({});
  const SourceNode* variables = top.map("variables");
  if (variables == nullptr) return;
  workflow.variables = to_value(*variables);
  for (std::size_t i = 0; i < variables->children.size(); ++i) {
    const SourceNode& value = variables->children[i];
    if (!value.is_scalar() || value.scalar.find("{{") == std::string::npos) continue;
    top.problems().warn("variables." + variables->keys[i].text, value,
                        "variables are constants: the {{ }} in it stays as it is",
                        "write the expression where the variable is used");
  }
}

void read_input_schema(FieldReader& top, Workflow& workflow) {
  if (const SourceNode* schema = top.map("input_schema"))
    workflow.input_schema = JsonSchema::compile(*schema, "input_schema", top.problems());
}

void read_top(const SourceNode& root, ProblemList& problems, Workflow& workflow) {
  if (!root.is_map()) {
    const std::string what = root.is_null() ? "the file is empty" : fmt::format("the file holds {}", root.kind_name());
    problems.add("", root, what + "; a workflow is a map with 'name' and 'nodes'");
    return;
  }
  FieldReader top(root, "", problems);
  read_name(top, workflow);
  if (auto description = top.text("description", 1'024)) workflow.description = std::move(*description);
  read_version(top, workflow);
  read_variables(top, workflow);
  read_settings(top, workflow);
  // These look at variables and the settings' time zone.
  read_triggers(top, workflow);
  read_inputs(top, workflow);
  read_input_schema(top, workflow);
  read_workflow_dependencies(top, workflow);
  read_nodes(top, workflow);
  top.list("tests");  // for `r8r test`, which reads them; an execution has no use for them
  top.finish();
  find_not_run(root, problems);
}

}  // namespace

LoadResult load(std::string_view text) {
  LoadResult result;
  try {
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    ProblemList problems(text);
    ReadResult read = read_source(text);
    for (Problem& problem : read.problems) problems.add(std::move(problem));
    for (Problem& warning : read.warnings) problems.warn(std::move(warning));
    auto workflow = std::make_shared<Workflow>();
    if (read.root) read_top(*read.root, problems, *workflow);
    if (problems.empty()) result.workflow = std::move(workflow);
    result.problems = problems.take_problems();
    result.warnings = problems.take_warnings();
    result.not_run = problems.take_not_run();
  } catch (const std::exception& error) {
    result.workflow = nullptr;
    result.problems = {{"", 0, 0, fmt::format("the workflow cannot be checked: {}", error.what()), ""}};
  }
  return result;
}

LoadResult load_to_run(std::string_view text) {
  LoadResult result = load(text);
  if (result.not_run.empty()) return result;
  result.workflow = nullptr;
  const auto in_order = [](const Problem& a, const Problem& b) {
    return a.line != b.line ? a.line < b.line : a.column < b.column;
  };
  // What has no place ("… more are not listed") stays last.
  const auto placed = std::find_if(result.problems.begin(), result.problems.end(),
                                   [](const Problem& problem) { return problem.line == 0; });
  result.problems.insert(placed, result.not_run.begin(), result.not_run.end());
  const auto end = std::find_if(result.problems.begin(), result.problems.end(),
                                [](const Problem& problem) { return problem.line == 0; });
  std::stable_sort(result.problems.begin(), end, in_order);
  return result;
}

int Workflow::find(std::string_view node_id) const {
  for (const Node& node : nodes) {
    if (node.id == node_id) return node.index;
  }
  return -1;
}

const ConfigField* Node::field(std::string_view name) const {
  for (const ConfigField& field : config) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

}  // namespace r8r::workflow
