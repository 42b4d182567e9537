#include "services/api/execution_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "common/base/json_text.hpp"

namespace r8r::api {
namespace {

void append_raw(std::string& out, std::string_view key, std::string_view raw) {
  out += ",\"";
  out += key;
  out += "\":";
  out += raw;
}

void append_text(std::string& out, std::string_view key, std::string_view text) {
  append_raw(out, key, {});
  append_json_string(out, text);
}

void append_text_or_null(std::string& out, std::string_view key, const std::optional<std::string>& text) {
  text ? append_text(out, key, *text) : append_raw(out, key, "null");
}

void append_time_or_null(std::string& out, std::string_view key, std::optional<Timestamp> time) {
  time ? append_raw(out, key, '"' + to_rfc3339(*time) + '"') : append_raw(out, key, "null");
}

std::int64_t milliseconds_between(Timestamp from, Timestamp to) {
  return std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::milliseconds>(to - from).count());
}

void append_duration(std::string& out, Timestamp started, std::optional<Timestamp> finished) {
  append_raw(out, "duration_ms",
             finished ? std::to_string(milliseconds_between(started, *finished)) : std::string("null"));
}

}  // namespace

std::string execute_answer(std::string_view execution_id, const Finished& finished) {
  std::string out;
  out.reserve(finished.output.size() + finished.error.size() + 160);
  out += "{\"execution_id\":\"";
  out += execution_id;
  out += '"';
  append_text(out, "status", finished.status);
  append_raw(out, "output", finished.output.empty() ? std::string_view("null") : std::string_view(finished.output));
  if (finished.error.empty()) {
    append_raw(out, "error", "null");
  } else {
    append_text(out, "error", finished.error);
  }
  append_raw(out, "duration_ms", std::to_string(finished.duration_ms));
  out += '}';
  return out;
}

std::string running_answer(std::string_view execution_id) {
  return fmt::format(R"({{"execution_id":"{}","status":"running","output":null,"error":null,"duration_ms":null}})",
                     execution_id);
}

std::string control_answer(const store::ExecutionRow& row, std::string_view message) {
  const Timestamp started = row.started_at.value_or(row.accepted_at);
  std::string out = "{\"execution_id\":\"" + row.id.to_string() + '"';
  append_text(out, "status", row.status);
  append_text(out, "workflow_name", row.workflow_name);
  append_time_or_null(out, "started_at", started);
  append_time_or_null(out, "finished_at", row.finished_at);
  append_duration(out, started, row.finished_at);
  append_text(out, "message", message);
  out += '}';
  return out;
}

std::string resume_answer(const store::ExecutionRow& row, std::string_view message) {
  std::string out = control_answer(row, message);
  out.pop_back();
  append_raw(out, "output", row.output ? std::string_view(*row.output) : std::string_view("null"));
  append_text_or_null(out, "error", row.error);
  out += '}';
  return out;
}

std::string summary_json(const store::ExecutionSummary& execution) {
  std::string out = "{\"id\":\"" + execution.id.to_string() + '"';
  append_text(out, "workflow_id", execution.workflow_id.to_string());
  append_text(out, "workflow_name", execution.workflow_name);
  append_text(out, "status", execution.status);
  append_text(out, "trigger_type", execution.trigger_type);
  append_time_or_null(out, "started_at", execution.started_at);
  append_time_or_null(out, "finished_at", execution.finished_at);
  append_duration(out, execution.started_at, execution.finished_at);
  append_text_or_null(out, "error", execution.error);
  append_text(out, "correlation_id", execution.correlation_id);
  append_raw(out, "workflow_version", std::to_string(execution.workflow_version));
  out += '}';
  return out;
}

std::string execution_json(const store::ExecutionRow& row) {
  const std::string id = row.id.to_string();
  const Timestamp started = row.started_at.value_or(row.accepted_at);
  std::string out = "{\"id\":\"" + id + '"';
  append_text(out, "workflow_id", row.workflow_id.to_string());
  append_text(out, "workflow_name", row.workflow_name);
  append_text(out, "status", row.status);
  append_text(out, "trigger_type", row.trigger_type);
  append_raw(out, "input", row.input.empty() ? std::string_view("null") : std::string_view(row.input));
  append_raw(out, "output", row.output ? std::string_view(*row.output) : std::string_view("null"));
  append_text_or_null(out, "error", row.error);
  append_time_or_null(out, "started_at", started);
  append_time_or_null(out, "finished_at", row.finished_at);
  append_duration(out, started, row.finished_at);
  append_text(out, "correlation_id", row.correlation_id);
  append_text_or_null(out, "idempotency_key", row.idempotency_key);
  append_text(out, "origin", row.origin);
  append_text(out, "execution_id", id);
  append_raw(out, "workflow_version", std::to_string(row.workflow_version));
  append_time_or_null(out, "created_at", row.accepted_at);
  append_text_or_null(out, "error_node", row.error_node);
  append_text_or_null(out, "parent_execution_id",
                      row.parent_execution_id ? std::optional(row.parent_execution_id->to_string()) : std::nullopt);
  append_text_or_null(out, "replayed_from",
                      row.replayed_from ? std::optional(row.replayed_from->to_string()) : std::nullopt);
  append_raw(out, "attempt_of_run", std::to_string(row.run));
  out += '}';
  return out;
}

}  // namespace r8r::api
