#include "cli/commands/events.hpp"

#include <iostream>

#include "cli/client/json_argument.hpp"
#include "cli/console/local_time.hpp"

namespace r8r::cli {

int publish_event(Context& context, const PublishEvent& options) {
  Console& console = context.console;
  std::string data = "null";
  if (!options.data.empty()) {
    auto given = read_json_argument(options.data, std::cin);
    if (!given) return console.fail(given.error());
    data = std::move(*given);
  }
  // The data go as they were written, to the digit.
  std::string body = "{\"event\":" + Json(options.name).dump() + ",\"data\":" + data;
  const auto add = [&body](const char* key, const std::string& value) {
    if (!value.empty()) body += std::string(",\"") + key + "\":" + Json(value).dump();
  };
  add("source", options.source);
  add("correlation_id", options.correlation_id);
  add("idempotency_key", options.idempotency_key);
  const auto reply = context.api.post("/api/events/publish", body + "}");
  if (!reply) return console.fail(reply.error());
  console.document(reply->json);
  if (console.json) return exit_code::kSuccess;

  console.fact("Event", member_text(reply->json, "event"));
  console.fact("ID", member_text(reply->json, "event_id"));
  const Json triggered = reply->json.value("triggered", Json::array());
  const Json failed = reply->json.value("failed", Json::array());
  if (triggered.empty() && failed.empty()) console.line("No workflow waits for it.");
  if (!triggered.empty()) {
    std::vector<std::vector<std::string>> rows;
    for (const Json& entry : triggered)
      rows.push_back({member_text(entry, "workflow"), member_text(entry, "execution_id"),
                      full_time(member_text(entry, "run_at"), console.utc)});
    console.line("");
    console.table({"WORKFLOW", "EXECUTION", "RUNS AT"}, rows);
  }
  for (const Json& entry : failed)
    console.note(
        fmt::format("workflow '{}' did not start: {}", member_text(entry, "workflow"), member_text(entry, "error")));
  return exit_code::kSuccess;
}

}  // namespace r8r::cli
