#include "common/workflow/sections.hpp"
#include "common/workflow/trigger_compiler.hpp"

namespace r8r::workflow {
namespace {

constexpr std::size_t kMaxName = 128;
constexpr std::size_t kMaxRoutes = 100;
constexpr double kMaxDelaySeconds = 30 * 86'400.0;

/// What is wrong with the name of an event, or nothing.
std::string_view flaw_of(std::string_view name) {
  if (name.empty()) return "it is empty";
  for (const char c : name) {
    if (static_cast<unsigned char>(c) <= ' ' || c == 0x7f) return "it has a blank or a control character";
  }
  for (std::size_t at = 0; at <= name.size();) {
    const std::size_t end = std::min(name.find('.', at), name.size());
    const std::string_view part = name.substr(at, end - at);
    if (part.empty()) return "a part between two dots is empty";
    if (part.find('*') != std::string_view::npos && (part != "*" || end != name.size()))
      return "'*' can only be its last part";
    at = end + 1;
  }
  return {};
}

bool read_name(FieldReader& fields, EventTrigger& trigger) {
  const SourceNode* source = fields.source().find("event");
  auto name = fields.text("event", kMaxName);
  if (!name) {
    if (source == nullptr || source->is_null()) {
      fields.problems().add(fields.path_of("event"), fields.source(), "the field 'event' is missing",
                            "for example event: order.created, or order.*");
    }
    return false;
  }
  if (const std::string_view flaw = flaw_of(*name); !flaw.empty()) {
    fields.problems().add(fields.path_of("event"), *source,
                          fmt::format("'{}' cannot be the name of an event: {}", *name, flaw),
                          "parts joined by dots, as order.created; order.* is every event below order");
    return false;
  }
  trigger.event = std::move(*name);
  return true;
}

void read_json_path(FieldReader& fields, EventTrigger& trigger) {
  const SourceNode* source = fields.source().find("json_path");
  const auto text = fields.text("json_path", 1'000);
  if (!text) return;
  auto path = JsonPath::parse(*text);
  if (path) {
    trigger.json_path = std::move(*path);
  } else {
    fields.problems().add_inside(fields.path_of("json_path"), *source, 1, path.error().column,
                                 std::move(path.error().message), std::move(path.error().hint));
  }
}

void read_route(const SourceNode& source, const std::string& path, TriggerCompiler& compiler, ProblemList& problems,
                EventTrigger& trigger) {
  if (!source.is_map()) {
    problems.add(
        path, source,
        fmt::format("a route must be a map with 'condition' and 'target_workflow', not {}", source.kind_name()));
    return;
  }
  FieldReader fields(source, path, problems);
  const SourceNode* condition = fields.take("condition");
  std::optional<expr::Program> program;
  if (condition == nullptr || condition->is_null()) {
    problems.add(fields.path_of("condition"), source, "the field 'condition' is missing");
  } else {
    program = compiler.expression(*condition, fields.path_of("condition"));
  }
  const SourceNode* target_source = source.find("target_workflow");
  const auto target = fields.text("target_workflow", 10'000);
  if (!target) {
    if (target_source == nullptr || target_source->is_null())
      problems.add(fields.path_of("target_workflow"), source, "the field 'target_workflow' is missing");
  } else if (!is_identifier(*target)) {
    problems.add(fields.path_of("target_workflow"), *target_source,
                 fmt::format("'{}' cannot be the name of a workflow", *target));
  } else if (program) {
    trigger.routing.push_back({std::move(*program), *target});
  }
  fields.finish();
}

}  // namespace

std::optional<EventTrigger> read_event_trigger(FieldReader& fields, const Workflow& workflow) {
  ProblemList& problems = fields.problems();
  TriggerCompiler compiler(workflow, problems, {"event", "data", "source", "correlation_id"});
  EventTrigger trigger;
  const bool named = read_name(fields, trigger);
  if (const SourceNode* filter = fields.take("filter"); filter != nullptr && !filter->is_null())
    trigger.filter = compiler.expression(*filter, fields.path_of("filter"));
  read_json_path(fields, trigger);
  if (const auto seconds = fields.number("delay", 0, kMaxDelaySeconds))
    trigger.delay = std::chrono::milliseconds(static_cast<std::int64_t>(*seconds * 1'000));
  if (const SourceNode* routes = fields.list("routing")) {
    if (routes->children.size() > kMaxRoutes)
      problems.add(fields.path_of("routing"), routes->children[kMaxRoutes], "an event has at most 100 routes");
    for (std::size_t i = 0; i < std::min(routes->children.size(), kMaxRoutes); ++i)
      read_route(routes->children[i], fmt::format("{}[{}]", fields.path_of("routing"), i), compiler, problems, trigger);
  }
  if (const SourceNode* input = fields.take("input"); input != nullptr && !input->is_null())
    trigger.input = compiler.value(*input, fields.path_of("input"));
  if (!named) return std::nullopt;
  return trigger;
}

bool EventTrigger::matches(std::string_view name) const {
  if (event == "*") return !name.empty();
  if (!event.ends_with(".*")) return name == event;
  const std::string_view stem = std::string_view(event).substr(0, event.size() - 1);
  return name.size() > stem.size() && name.starts_with(stem);
}

}  // namespace r8r::workflow
