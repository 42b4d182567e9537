#include "cli/commands/dead_letters.hpp"

#include "cli/console/local_time.hpp"
#include "cli/console/text.hpp"

namespace r8r::cli {
namespace {

std::string path_of(const std::string& id) {
  return "/api/dead-letters/" + path_segment(id);
}

void add_query(std::string& path, const char* name, const std::string& value) {
  if (value.empty()) return;
  path += path.find('?') == std::string::npos ? '?' : '&';
  path += fmt::format("{}={}", name, path_segment(value));
}

// One request retries a bounded number; as long as it moved some and more are left, another follows.
int retry_all(Context& context, const RetryDeadLetters& wanted) {
  Console& console = context.console;
  Json filter = Json::object();
  for (const auto& [name, value] : {std::pair("workflow", &wanted.workflow), std::pair("error", &wanted.error),
                                    std::pair("since", &wanted.since)}) {
    if (!value->empty()) filter[name] = *value;
  }
  Json retried = Json::array();
  Json refused = Json::array();
  while (true) {
    const auto reply = context.api.post("/api/dead-letters/retry", filter.dump());
    if (!reply) return console.fail(reply.error());
    const Json some = reply->json.value("retried", Json::array());
    for (const Json& id : some) retried.push_back(id);
    refused = reply->json.value("refused", Json::array());
    if (some.empty() || !reply->json.value("more", false)) break;
  }
  console.document({{"retried", retried}, {"refused", refused}});
  for (const Json& one : refused)
    console.note(fmt::format("{}: {}", member_text(one, "execution_id"), member_text(one, "message")));
  if (!console.json) console.success(counted(retried.size(), "execution") + " begun again");
  return refused.empty() ? exit_code::kSuccess : exit_code::kError;
}

}  // namespace

int list_dead_letters(Context& context, const ListDeadLetters& wanted) {
  Console& console = context.console;
  std::string path = "/api/dead-letters";
  add_query(path, "status", wanted.status);
  add_query(path, "workflow", wanted.workflow);
  add_query(path, "error", wanted.error);
  add_query(path, "since", wanted.since);
  add_query(path, "limit", std::to_string(wanted.limit));
  const auto reply = context.api.get(path);
  if (!reply) return console.fail(reply.error());
  const Json entries = reply->json.value("dead_letters", Json::array());
  console.document(entries);
  if (console.json) return exit_code::kSuccess;
  if (entries.empty()) {
    console.line("No dead letters.");
    return exit_code::kSuccess;
  }
  std::vector<std::vector<std::string>> rows;
  for (const Json& entry : entries)
    rows.push_back({member_text(entry, "execution_id"), member_text(entry, "workflow_name"),
                    member_text(entry, "status"), member_text(entry, "failed_node_id"),
                    member_text(entry, "retry_count"), short_time(member_text(entry, "created_at"), console.utc),
                    member_text(entry, "error")});
  console.table({"EXECUTION ID", "WORKFLOW", "STATUS", "NODE", "RETRIES", "FAILED", "ERROR"}, rows);
  if (!reply->json.value("next_cursor", Json()).is_null())
    console.hint(fmt::format("There are more than {}; see them with --limit.", wanted.limit));
  return exit_code::kSuccess;
}

int show_dead_letter(Context& context, const std::string& id) {
  Console& console = context.console;
  const auto reply = context.api.get(path_of(id));
  if (!reply) return console.fail(reply.error());
  const Json& entry = reply->json;
  console.document(entry);
  if (console.json) return exit_code::kSuccess;
  console.fact("Dead letter", member_text(entry, "id"));
  console.fact("Execution", member_text(entry, "execution_id"));
  console.fact("Workflow", member_text(entry, "workflow_name"));
  console.fact("Status", member_text(entry, "status"));
  console.fact("Trigger", member_text(entry, "trigger_type"));
  console.fact("Failed", full_time(member_text(entry, "created_at"), console.utc));
  if (const std::string node = member_text(entry, "failed_node_id"); !node.empty()) console.fact("Node", node);
  console.fact("Error", member_text(entry, "error"));
  console.fact("Retries", member_text(entry, "retry_count"));
  console.line("Input:\n" + pretty(entry.value("input", Json())));
  const std::string execution = member_text(entry, "execution_id");
  console.hint(fmt::format("Next: r8r executions trace {0}, r8r dlq retry {0} or r8r dlq discard {0}", execution));
  return exit_code::kSuccess;
}

int retry_dead_letters(Context& context, const RetryDeadLetters& wanted) {
  if (wanted.all) return retry_all(context, wanted);
  Console& console = context.console;
  const auto reply = context.api.post(path_of(wanted.id) + "/retry", "{}");
  if (!reply) return console.fail(reply.error());
  console.document(reply->json);
  if (console.json) return exit_code::kSuccess;
  const std::string execution = member_text(reply->json, "execution_id");
  console.success(fmt::format("execution {} goes on with the nodes that had not completed", execution));
  console.hint("Next: r8r executions show " + execution);
  return exit_code::kSuccess;
}

int discard_dead_letter(Context& context, const std::string& id) {
  Console& console = context.console;
  const auto reply = context.api.remove(path_of(id));
  if (!reply) return console.fail(reply.error());
  console.document({{"ok", true}, {"message", "discarded"}});
  if (!console.json) console.success("discarded; the execution stays readable");
  return exit_code::kSuccess;
}

}  // namespace r8r::cli
