#include "services/api/workflows_endpoints.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "common/base/json_text.hpp"
#include "common/bus/messages.hpp"
#include "common/bus/subjects.hpp"
#include "services/api/api_error.hpp"
#include "services/api/query.hpp"
#include "services/api/workflow_json.hpp"

namespace r8r::api {
namespace {

// What a client sent for a workflow, whichever way it sent it.
struct Submission {
  std::string definition;
  std::optional<std::string> name;
  bool enabled = true;
  std::optional<int> if_version;
  std::string changelog;
};

Result<std::string> definition_of(const RequestBody& body) {
  const auto kind = body.kind("definition");
  if (!kind) return fail(ErrorCode::missing_field, "field 'definition' is required", field_details("definition"));
  if (*kind == JsonKind::string) return unescape_json(*body.raw("definition"));
  if (*kind == JsonKind::object) return std::string(*body.raw("definition"));
  return invalid_field("definition", "field 'definition' must be a string (YAML or JSON text) or a JSON object");
}

Result<Submission> read_submission(const http::Request& request) {
  Submission submission;
  if (media_type_of(request) == MediaType::yaml) {
    submission.definition = request.body;
    return submission;
  }
  Result<RequestBody> body = RequestBody::parse(request);
  if (!body) return fail(std::move(body.error()));
  Result<std::optional<std::string>> name = body->label("name", 128);
  if (!name) return fail(std::move(name.error()));
  submission.name = std::move(*name);
  Result<std::string> definition = definition_of(*body);
  if (!definition) return fail(std::move(definition.error()));
  submission.definition = std::move(*definition);
  Result<std::optional<bool>> enabled = body->flag("enabled");
  if (!enabled) return fail(std::move(enabled.error()));
  submission.enabled = enabled->value_or(true);
  Result<std::optional<std::int64_t>> if_version = body->integer("if_version");
  if (!if_version) return fail(std::move(if_version.error()));
  if (*if_version) {
    if (**if_version < 0 || **if_version > std::numeric_limits<int>::max())
      return invalid_field("if_version", "field 'if_version' must be a version number");
    submission.if_version = static_cast<int>(**if_version);
  }
  Result<std::optional<std::string>> changelog = body->text("changelog");
  if (!changelog) return fail(std::move(changelog.error()));
  submission.changelog = changelog->value_or("");
  if (character_count(submission.changelog) > 1'024 || submission.changelog.find('\0') != std::string::npos)
    return invalid_field("changelog", "field 'changelog' must be text of at most 1024 characters");
  return submission;
}

workflow::LoadResult load_definition(const std::string& text,
                                     workflow::LoadResult (*load)(std::string_view) = workflow::load_to_run) {
  if (text.find('\0') == std::string::npos && is_valid_utf8(text)) return load(text);
  workflow::LoadResult refused;
  refused.problems.push_back({"", 0, 0, "the definition is not valid UTF-8 text", "save the file as UTF-8"});
  return refused;
}

Error invalid_definition(const workflow::LoadResult& loaded) {
  const std::size_t count = loaded.problems.size();
  const std::string first = loaded.problems.empty() ? "it cannot be read" : loaded.problems.front().message;
  return Error{ErrorCode::invalid_workflow_definition,
               count > 1 ? fmt::format("The workflow definition has {} problems; the first: {}", count, first)
                         : fmt::format("The workflow definition is not valid: {}", first),
               workflow::problems_json(loaded.problems)};
}

std::vector<workflow::Problem> unreachable_paths(const workflow::Workflow& workflow) {
  std::vector<workflow::Problem> warnings;
  for (std::size_t i = 0; i < workflow.triggers.size(); ++i) {
    const auto& webhook = workflow.triggers[i].webhook;
    if (!webhook || webhook->path.empty() || webhook->path.starts_with("/webhooks/") ||
        !is_reserved_path(webhook->path))
      continue;
    warnings.push_back({fmt::format("triggers[{}].path", i), 0, 0,
                        fmt::format("the path {} belongs to the server itself", webhook->path),
                        fmt::format("call it as /webhooks{}", webhook->path)});
  }
  return warnings;
}

bool matches_search(const store::WorkflowRow& row, std::string_view wanted) {
  const auto same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
  };
  const auto contains = [&](const std::string& text) {
    return std::search(text.begin(), text.end(), wanted.begin(), wanted.end(), same) != text.end();
  };
  return contains(row.name) || contains(row.description);
}

}  // namespace

awaitable<http::Response> WorkflowsEndpoints::list(http::Request& request, Admission::Slot&) {
  Result<void> known = check_query_names(request, {"search", "enabled", "limit", "cursor"});
  if (!known) co_return error_response(request, std::move(known.error()));
  Result<std::optional<std::int64_t>> limit = query_integer(request, "limit", 0, std::numeric_limits<int>::max());
  if (!limit) co_return error_response(request, std::move(limit.error()));
  Result<std::optional<bool>> enabled = query_flag(request, "enabled");
  if (!enabled) co_return error_response(request, std::move(enabled.error()));
  std::string after;
  if (const auto cursor = request.query_value("cursor")) {
    const std::optional<std::string> position = decode_cursor(*cursor);
    if (!position)
      co_return error_response(request,
                               invalid_field("cursor", "query 'cursor' is not one that this API gave").value());
    after = *position;
  }
  Result<std::vector<store::WorkflowRow>> rows = co_await store_.list();
  if (!rows) co_return error_response(request, std::move(rows.error()));

  // By bytes, whatever the database's collation: the cursor compares names the same way.
  std::sort(rows->begin(), rows->end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  // Without a limit all are returned; zero means the default of a page.
  std::size_t most = rows->size();
  if (*limit) most = **limit == 0 ? 50 : std::min<std::size_t>(static_cast<std::size_t>(**limit), 1'000);
  const auto search = request.query_value("search");
  std::string body = "{\"workflows\":[";
  std::size_t count = 0;
  std::string last;
  bool more = false;
  for (const store::WorkflowRow& row : *rows) {
    if (row.name <= after && !after.empty()) continue;
    if (*enabled && row.enabled != **enabled) continue;
    if (search && !matches_search(row, *search)) continue;
    if (count == most) {
      more = true;
      break;
    }
    if (count++ > 0) body += ',';
    body += workflow_fields(row);
    body += '}';
    last = row.name;
  }
  body += "],\"next_cursor\":";
  body += more ? '"' + encode_cursor(last) + '"' : std::string("null");
  body += '}';
  co_return http::Response::json(200, std::move(body));
}

awaitable<http::Response> WorkflowsEndpoints::get(http::Request& request, Admission::Slot&) {
  Result<void> known = check_query_names(request, {"version"});
  if (!known) co_return error_response(request, std::move(known.error()));
  Result<std::optional<std::int64_t>> version = query_integer(request, "version", 1, std::numeric_limits<int>::max());
  if (!version) co_return error_response(request, std::move(version.error()));
  const std::string name = request.param("name");
  const ApiError missing(ErrorCode::workflow_not_found, fmt::format("Workflow '{}' not found", name));
  if (!is_workflow_name(name)) co_return error_response(request, missing);

  std::optional<int> wanted;
  if (*version) wanted = static_cast<int>(**version);
  Result<std::optional<store::WorkflowWithDefinition>> found = co_await store_.find(name, wanted);
  if (!found) co_return error_response(request, std::move(found.error()));
  if (!*found) co_return error_response(request, missing);
  const store::WorkflowWithDefinition& stored = **found;

  http::Response response;
  const std::string tag = workflow_tag(stored.row);
  const auto accept = request.header("accept");
  if (!wanted && request.header("if-none-match") == std::optional<std::string_view>(tag)) {
    response = http::Response::empty(304);
  } else if (accept && (*accept == "application/yaml" || *accept == "text/yaml")) {
    response.content_type = "application/yaml";
    response.body = stored.definition;
  } else {
    const workflow::LoadResult loaded = load_definition(stored.definition);
    Result<std::string> runs = co_await runs_of(stored.row.id, stored.row.enabled, loaded.workflow);
    if (!runs) co_return error_response(request, std::move(runs.error()));
    std::string body = workflow_fields(stored.row);
    if (wanted) body += fmt::format(",\"definition_version\":{}", stored.definition_version);
    body += ",\"definition\":";
    append_json_string(body, stored.definition);
    body += ",\"webhooks\":";
    body += loaded.workflow ? webhooks_json(*loaded.workflow, request) : std::string("[]");
    body += *runs;
    body += ",\"created_by\":";
    append_json_string(body, stored.row.created_by);
    body += fmt::format(",\"valid\":{}}}", loaded.workflow != nullptr);
    response = http::Response::json(200, std::move(body));
  }
  response.headers.emplace_back("ETag", tag);
  co_return response;
}

// The members `next_runs` and `schedules`.
awaitable<Result<std::string>> WorkflowsEndpoints::runs_of(Uuid id, bool enabled,
                                                           std::shared_ptr<const workflow::Workflow> workflow) {
  const auto is_cron = [](const workflow::Trigger& trigger) { return trigger.cron.has_value(); };
  if (!workflow || std::none_of(workflow->triggers.begin(), workflow->triggers.end(), is_cron))
    co_return ",\"next_runs\":[],\"schedules\":[]";
  std::vector<Uuid> only{id};
  Result<std::vector<store::ScheduleRow>> states = co_await schedules_.of(std::move(only));
  if (!states) co_return fail(std::move(states.error()));
  const Timestamp now = wall_now();
  co_return fmt::format(R"(,"next_runs":{},"schedules":{})", enabled ? next_runs_json(*workflow, now) : "[]",
                        schedules_json(*workflow, enabled, *states, now));
}

awaitable<http::Response> WorkflowsEndpoints::validate(http::Request& request, Admission::Slot&) {
  if (Result<void> known = check_query_names(request, {}); !known)
    co_return error_response(request, std::move(known.error()));
  std::string definition;
  if (media_type_of(request) == MediaType::yaml) {
    definition = request.body;
  } else {
    Result<RequestBody> body = RequestBody::parse(request);
    if (!body) co_return error_response(request, std::move(body.error()));
    Result<std::string> text = definition_of(*body);
    if (!text) co_return error_response(request, std::move(text.error()));
    definition = std::move(*text);
  }
  workflow::LoadResult loaded = load_definition(definition, workflow::load);
  // The file is right although this version does not act on all of it.
  for (workflow::Problem& problem : loaded.not_run) loaded.warnings.push_back(std::move(problem));
  co_return http::Response::json(200, validation_json(loaded));
}

awaitable<http::Response> WorkflowsEndpoints::create(http::Request& request, Admission::Slot&) {
  if (Result<void> known = check_query_names(request, {}); !known)
    co_return error_response(request, std::move(known.error()));
  Result<Submission> submission = read_submission(request);
  if (!submission) co_return error_response(request, std::move(submission.error()));
  workflow::LoadResult loaded = load_definition(submission->definition);
  if (!loaded.workflow) co_return error_response(request, invalid_definition(loaded));
  const workflow::Workflow& workflow = *loaded.workflow;
  if (submission->name && *submission->name != workflow.name) {
    Error error = invalid_field("name", fmt::format("the name '{}' differs from the definition's name '{}'",
                                                    *submission->name, workflow.name))
                      .value();
    co_return error_response(request, std::move(error));
  }
  if (submission->enabled) {
    auto conflict = co_await directory_.webhook_conflict(loaded.workflow);
    if (!conflict) co_return error_response(request, std::move(conflict.error()));
    if (*conflict) {
      co_return error_response(
          request, ApiError(ErrorCode::conflict_error, fmt::format("The webhook path {} belongs to workflow '{}'",
                                                                   (*conflict)->second, (*conflict)->first)));
    }
  }

  store::SaveWorkflow save;
  save.name = workflow.name;
  save.description = workflow.description;
  save.enabled = submission->enabled;
  save.node_count = static_cast<int>(workflow.nodes.size());
  save.trigger_count = static_cast<int>(workflow.triggers.size());
  save.definition = std::move(submission->definition);
  save.created_by = "api";
  save.changelog = std::move(submission->changelog);
  for (const workflow::WorkflowDependency& one : workflow.depends_on_workflows)
    save.depends_on.push_back({one.workflow, one.status, one.within});
  save.retention_days = workflow.settings.retention_days;
  save.if_version = submission->if_version;
  const auto if_match = request.header("if-match");
  if (if_match) {
    std::string header(*if_match);
    Result<void> matches = co_await check_if_match(workflow.name, std::move(header), save);
    if (!matches) {
      const int status = matches.error().code == ErrorCode::version_conflict ? 412 : 0;
      co_return error_response(request, ApiError(std::move(matches.error())).with_status(status));
    }
  }
  Result<store::SavedWorkflow> saved = co_await store_.save(std::move(save));
  if (!saved) {
    if (saved.error().code == ErrorCode::invalid_workflow_definition) {
      loaded.problems.push_back(
          {"depends_on_workflows", 0, 0, std::move(saved.error().message), "remove one of these dependencies"});
      co_return error_response(request, invalid_definition(loaded));
    }
    const bool missed = if_match && saved.error().code == ErrorCode::version_conflict;
    co_return error_response(request, ApiError(std::move(saved.error())).with_status(missed ? 412 : 0));
  }
  if (saved->outcome != store::SaveOutcome::unchanged) announce(saved->row);

  std::vector<workflow::Problem> warnings = std::move(loaded.warnings);
  for (workflow::Problem& problem : unreachable_paths(workflow)) warnings.push_back(std::move(problem));
  std::string body = workflow_fields(saved->row);
  if (!warnings.empty()) body += ",\"warnings\":" + workflow::problems_json(warnings);
  body += '}';
  const bool unchanged = saved->outcome == store::SaveOutcome::unchanged;
  http::Response response = http::Response::json(unchanged ? 200 : 201, std::move(body));
  response.headers.emplace_back("Location", "/api/workflows/" + saved->row.name);
  response.headers.emplace_back("ETag", workflow_tag(saved->row));
  co_return response;
}

awaitable<Result<void>> WorkflowsEndpoints::check_if_match(std::string name, std::string header,
                                                           store::SaveWorkflow& save) {
  Result<std::optional<store::WorkflowWithDefinition>> current = co_await store_.find(name);
  if (!current) co_return fail(std::move(current.error()));
  if (!*current) co_return fail(ErrorCode::version_conflict, fmt::format("Workflow '{}' does not exist", name));
  const store::WorkflowRow& row = (*current)->row;
  if (header != "*" && header != workflow_tag(row)) {
    co_return fail(ErrorCode::version_conflict,
                   fmt::format("Workflow '{}' is {} now, not {}", name, workflow_tag(row), header));
  }
  if (!save.if_version) save.if_version = row.version;
  co_return Result<void>();
}

void WorkflowsEndpoints::announce(const store::WorkflowRow& row) {
  directory_.invalidate(row.name);
  bus::WorkflowChanged notice;
  notice.workflow_id = row.id;
  notice.name = row.name;
  notice.version = row.version;
  notice.enabled = row.enabled;
  bus_.publish(bus::kWorkflowChanged, bus::encode(notice));
}

}  // namespace r8r::api
