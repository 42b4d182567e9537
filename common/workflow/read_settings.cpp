#include "common/workflow/sections.hpp"
#include "common/workflow/trigger_compiler.hpp"

namespace r8r::workflow {
namespace {

void read_rate_limit(FieldReader& settings_fields, Workflow& workflow) {
  const SourceNode* map = settings_fields.map("rate_limit");
  if (map == nullptr) return;
  ProblemList& problems = settings_fields.problems();
  FieldReader fields(*map, settings_fields.path_of("rate_limit"), problems);
  RateLimit& limit = workflow.settings.rate_limit.emplace();
  if (fields.needs("limit", "at most this many starts"))
    limit.limit = static_cast<int>(fields.integer("limit", 1, 1'000'000).value_or(1));
  if (fields.needs("per_seconds", "in this many seconds"))
    limit.per = from_seconds(fields.number("per_seconds", 0.001, 31'536'000).value_or(1));
  if (const SourceNode* key = fields.take_given("key"))
    limit.key = TriggerCompiler(workflow, problems, {}).value(*key, fields.path_of("key"));
  fields.finish();
}

WorkflowDependency read_dependency(const SourceNode& source, const std::string& path, const Workflow& workflow,
                                   ProblemList& problems) {
  WorkflowDependency dependency;
  const SourceNode* name = &source;
  if (source.is_map()) {
    FieldReader fields(source, path, problems);
    if (!fields.needs("workflow", "the name of the workflow that must end first")) return dependency;
    name = source.find("workflow");
    dependency.workflow = fields.text("workflow", 10'000).value_or("");
    if (auto status = fields.word("status", {"completed", "failed", "any"})) dependency.status = std::move(*status);
    if (auto seconds = fields.number("within_seconds", 1, 31'536'000)) dependency.within = from_seconds(*seconds);
    fields.finish();
    if (dependency.workflow.empty()) return dependency;
  } else if (source.is_string()) {
    dependency.workflow = source.scalar;
  } else {
    problems.add(
        path, source,
        fmt::format("the name of a workflow, or a map with 'workflow', is expected, not {}", source.kind_name()));
    return dependency;
  }
  if (!is_workflow_name(dependency.workflow)) {
    problems.add(path, *name, fmt::format("'{}' cannot be the name of a workflow", dependency.workflow), kNameForm);
  } else if (dependency.workflow == workflow.name) {
    problems.add(path, *name, fmt::format("the workflow '{}' depends on itself", workflow.name), "remove this entry");
  }
  return dependency;
}

}  // namespace

void read_settings(FieldReader& top, Workflow& workflow) {
  const SourceNode* map = top.map("settings");
  if (map == nullptr) return;
  Settings& settings = workflow.settings;
  FieldReader fields(*map, "settings", top.problems());
  if (auto seconds = fields.number("timeout_seconds", 1, 31'536'000)) settings.timeout = from_seconds(*seconds);
  if (auto count = fields.integer("max_concurrency", 1, 1'000)) settings.max_concurrency = static_cast<int>(*count);
  if (auto count = fields.integer("max_for_each_items", 1, 1'000'000))
    settings.max_for_each_items = static_cast<int>(*count);
  if (auto size = fields.integer("chunk_size", 0, 1'000'000)) settings.chunk_size = static_cast<int>(*size);
  if (auto keep = fields.boolean("store_traces")) settings.store_traces = *keep;
  if (auto debug = fields.boolean("debug")) settings.debug = *debug;
  if (auto keep = fields.boolean("enable_checkpoints")) settings.enable_checkpoints = *keep;
  if (auto count = fields.integer("max_concurrent_executions", 1, 100'000))
    settings.max_concurrent_executions = static_cast<int>(*count);
  if (auto days = fields.integer("retention_days", 0, 36'500)) settings.retention_days = static_cast<int>(*days);
  if (auto name = fields.text("error_workflow", 10'000)) {
    if (!is_workflow_name(*name)) {
      top.problems().add("settings.error_workflow", *map->find("error_workflow"),
                         fmt::format("'{}' cannot be the name of a workflow", *name), kNameForm);
    }
    settings.error_workflow = std::move(*name);
  }
  if (const auto zone = read_time_zone(fields, "timezone")) settings.timezone = zone->name;
  read_rate_limit(fields, workflow);
  fields.finish();
}

void read_workflow_dependencies(FieldReader& top, Workflow& workflow) {
  constexpr std::size_t kMaxDependencies = 100;
  const SourceNode* list = top.list("depends_on_workflows");
  if (list == nullptr) return;
  ProblemList& problems = top.problems();
  if (list->children.size() > kMaxDependencies) {
    problems.add("depends_on_workflows", list->children[kMaxDependencies],
                 fmt::format("a workflow depends on at most {} others", kMaxDependencies));
    return;
  }
  std::map<std::string, int> lines;
  for (std::size_t i = 0; i < list->children.size(); ++i) {
    const std::string path = fmt::format("depends_on_workflows[{}]", i);
    const SourceNode& source = list->children[i];
    WorkflowDependency dependency = read_dependency(source, path, workflow, problems);
    if (dependency.workflow.empty()) continue;
    const auto [first, fresh] = lines.emplace(dependency.workflow, source.line);
    if (!fresh) {
      problems.add(path, source, fmt::format("'{}' is there twice", dependency.workflow),
                   fmt::format("it is first given on line {}; remove one", first->second));
    }
    workflow.depends_on_workflows.push_back(std::move(dependency));
  }
}

}  // namespace r8r::workflow
