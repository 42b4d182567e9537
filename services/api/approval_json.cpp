#include "services/api/approval_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "common/base/json_text.hpp"

namespace r8r::api {
namespace {

void append_text(std::string& out, std::string_view key, std::string_view text) {
  out += fmt::format(",\"{}\":", key);
  append_json_string(out, text);
}

void append_text_or_null(std::string& out, std::string_view key, const std::optional<std::string>& text) {
  if (text) {
    append_text(out, key, *text);
  } else {
    out += fmt::format(",\"{}\":null", key);
  }
}

std::optional<std::string> time_text(std::optional<Timestamp> time) {
  return time ? std::optional(to_rfc3339(*time)) : std::nullopt;
}

}  // namespace

std::string approval_json(const store::ApprovalRow& row) {
  std::string out = "{\"id\":\"" + row.id.to_string() + '"';
  append_text(out, "execution_id", row.execution_id.to_string());
  append_text(out, "node_id", row.node_id);
  append_text(out, "workflow_name", row.workflow_name);
  append_text(out, "title", row.title);
  append_text_or_null(out, "description", row.description);
  append_text(out, "status", row.status);
  append_text_or_null(out, "decision_comment", row.comment);
  append_text_or_null(out, "decided_by", row.decided_by);
  out += ",\"context_data\":{\"input\":" + row.input;
  append_text_or_null(out, "default_action", row.default_action);
  out += '}';
  append_text(out, "created_at", to_rfc3339(row.created_at));
  append_text_or_null(out, "expires_at", time_text(row.expires_at));
  append_text_or_null(out, "decided_at", time_text(row.decided_at));
  append_text_or_null(out, "assignee", row.assignee);
  out += ",\"groups\":[";
  for (std::size_t i = 0; i < row.groups.size(); ++i) {
    if (i > 0) out += ',';
    append_json_string(out, row.groups[i]);
  }
  out += "]}";
  return out;
}

std::string approvals_json(const std::vector<store::ApprovalRow>& rows, const std::string& next_cursor) {
  std::string out = "{\"approvals\":[";
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i > 0) out += ',';
    out += approval_json(rows[i]);
  }
  out += fmt::format("],\"count\":{}", rows.size());
  append_text_or_null(out, "next_cursor", next_cursor.empty() ? std::nullopt : std::optional(next_cursor));
  out += '}';
  return out;
}

std::string decided_json(const store::ApprovalRow& approval, const store::ExecutionRow& execution,
                         const std::optional<Finished>& told) {
  std::string out = "{\"approval\":" + approval_json(approval);
  append_text(out, "execution_id", execution.id.to_string());
  append_text(out, "execution_status", execution.status);
  std::string duration = "null";
  if (execution.finished_at) {
    const auto took = *execution.finished_at - execution.started_at.value_or(execution.accepted_at);
    duration =
        std::to_string(std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::milliseconds>(took).count()));
  }
  out += ",\"duration_ms\":" + duration;
  // A live row has no output; what stands in for it while people are asked was told.
  const bool asks = told && told->status == execution.status && !told->output.empty();
  out += ",\"output\":" + (execution.output ? *execution.output : asks ? told->output : std::string("null"));
  append_text_or_null(out, "error", execution.error);
  out += '}';
  return out;
}

}  // namespace r8r::api
