#include "cli/commands/approvals.hpp"

#include "cli/client/exit_code.hpp"
#include "cli/console/local_time.hpp"
#include "common/base/json_text.hpp"

namespace r8r::cli {
namespace {

/// The server waits up to five minutes for what comes of a decision; ours is longer, so that its answer arrives.
constexpr std::chrono::seconds kWait{330};

std::string query_part(std::string_view name, const std::string& value) {
  return value.empty() ? "" : fmt::format("&{}={}", name, path_segment(value));
}

std::string who(const Json& approval) {
  const std::string assignee = member_text(approval, "assignee");
  if (!assignee.empty()) return assignee;
  const Json groups = approval.value("groups", Json::array());
  if (groups.empty()) return "(any)";
  std::string all = "[";
  for (const Json& group : groups) {
    if (all.size() > 1) all += ", ";
    all += group.is_string() ? group.get<std::string>() : group.dump();
  }
  return all + "]";
}

Failure not_one(const std::string& id, const Json& approvals) {
  Failure failure{"NOT_FOUND",
                  fmt::format("there is no approval '{}', and no execution '{}' that waits for one", id, id),
                  exit_code::kNotFound,
                  {},
                  {},
                  {},
                  {},
                  {}};
  if (approvals.size() > 1) {
    failure.code = "AMBIGUOUS";
    failure.message = fmt::format("execution {} waits for {} approvals: name one of them", id, approvals.size());
    failure.exit = exit_code::kError;
    for (const Json& approval : approvals)
      failure.hints.push_back(fmt::format("{}  {}", member_text(approval, "id"), member_text(approval, "title")));
  } else {
    failure.hints.push_back("see what waits: r8r approvals list --status pending");
  }
  return failure;
}

/// The id of the approval that `id` means.
Outcome<std::string> approval_of(Context& context, const std::string& id) {
  const auto direct = context.api.get("/api/approvals/" + path_segment(id));
  if (direct) return member_text(direct->json, "id");
  if (direct.error().exit != exit_code::kNotFound) return failed(direct.error());
  const auto waiting = context.api.get("/api/approvals?status=pending" + query_part("execution_id", id));
  if (!waiting) {
    // What is no id at all is refused as a query.
    if (waiting.error().exit == exit_code::kError && waiting.error().code == "INVALID_FIELD")
      return failed(not_one(id, Json::array()));
    return failed(waiting.error());
  }
  const Json approvals = waiting->json.value("approvals", Json::array());
  if (approvals.size() != 1) return failed(not_one(id, approvals));
  return member_text(approvals.front(), "id");
}

int show_list(Context& context, const std::string& path, const std::vector<std::string>& headers,
              std::vector<std::string> (*row_of)(const Json&, bool utc)) {
  Console& console = context.console;
  const auto reply = context.api.get(path);
  if (!reply) return console.fail(reply.error());
  console.document(reply->json);
  if (console.json) return exit_code::kSuccess;
  const Json approvals = reply->json.value("approvals", Json::array());
  if (approvals.empty()) {
    console.line("No approvals.");
    return exit_code::kSuccess;
  }
  std::vector<std::vector<std::string>> rows;
  for (const Json& approval : approvals) rows.push_back(row_of(approval, console.utc));
  console.table(headers, rows);
  console.hint("Next: r8r approve ID, or r8r deny ID");
  return exit_code::kSuccess;
}

}  // namespace

int list_approvals(Context& context, const ListApprovals& options) {
  const std::string path = fmt::format("/api/approvals?limit={}", options.limit) +
                           query_part("status", options.status) + query_part("assignee", options.assignee) +
                           query_part("group", options.group) + query_part("workflow", options.workflow);
  return show_list(context, path, {"APPROVAL ID", "STATUS", "WORKFLOW", "TITLE", "ASSIGNEE", "CREATED"},
                   [](const Json& approval, bool utc) -> std::vector<std::string> {
                     return {member_text(approval, "id"),
                             member_text(approval, "status"),
                             member_text(approval, "workflow_name"),
                             member_text(approval, "title"),
                             who(approval),
                             full_time(member_text(approval, "created_at"), utc)};
                   });
}

int list_pending_runs(Context& context, int limit) {
  return show_list(context, fmt::format("/api/approvals?status=pending&limit={}", limit),
                   {"APPROVAL ID", "WORKFLOW", "ASSIGNEE", "CREATED"},
                   [](const Json& approval, bool utc) -> std::vector<std::string> {
                     return {member_text(approval, "id"), member_text(approval, "workflow_name"), who(approval),
                             full_time(member_text(approval, "created_at"), utc)};
                   });
}

int decide_approval(Context& context, const DecideApproval& options, bool approve) {
  Console& console = context.console;
  const auto id = approval_of(context, options.id);
  if (!id) return console.fail(id.error());
  std::string body = fmt::format("{{\"decision\":\"{}\",\"decided_by\":", approve ? "approve" : "reject");
  append_json_string(body, options.by);
  if (!options.comment.empty()) {
    body += ",\"comment\":";
    append_json_string(body, options.comment);
  }
  body += '}';
  const auto reply = context.api.post(fmt::format("/api/approvals/{}/decide", path_segment(*id)), body, kWait);
  if (!reply) return console.fail(reply.error());
  console.document(reply->json);
  const Json& answer = reply->json;
  const std::string status = member_text(answer, "execution_status");
  const std::string execution = member_text(answer, "execution_id");
  const Json approval = answer.value("approval", Json::object());
  console.success(fmt::format("{}: {}", member_text(approval, "status"), member_text(approval, "title")));
  console.fact("Execution ID", execution);
  console.fact("Status", status);
  if (const std::string error = member_text(answer, "error"); !error.empty()) console.fact("Error", error);
  if (const auto output = answer.find("output"); output != answer.end() && !output->is_null())
    console.line("Output:\n" + pretty(*output));
  console.hint(fmt::format("Next: r8r executions trace {}", execution));
  // The decision was taken; that the execution goes on, or asks again, is no failure of this command.
  return status == "failed" || status == "cancelled" ? exit_code::of_execution_status(status, options.allow_failed)
                                                     : exit_code::kSuccess;
}

}  // namespace r8r::cli
