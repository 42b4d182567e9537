#include "services/api/why_endpoint.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "common/base/json_text.hpp"
#include "common/journal/journal_entry.hpp"
#include "services/api/api_error.hpp"
#include "services/api/query.hpp"

namespace r8r::api {
namespace {

/// How long an owner is looked for. Nobody to be found is an answer too.
constexpr auto kPatience = std::chrono::seconds(3);

void append_text(std::string& out, std::string_view key, std::string_view text) {
  out += fmt::format(",\"{}\":", key);
  append_json_string(out, text);
}

std::string head_of(const store::ExecutionRow& row, std::string_view status) {
  std::string out = fmt::format("{{\"execution_id\":\"{}\"", row.id.to_string());
  append_text(out, "workflow_name", row.workflow_name);
  append_text(out, "status", status);
  return out;
}

// {execution_id, workflow_name, status} and the members of `answer`, a raw object.
std::string with_answer(const store::ExecutionRow& row, std::string_view status, std::string_view answer) {
  std::string out = head_of(row, status);
  out += ',';
  out += answer.substr(1);
  return out;
}

std::string how_it_ended(const store::ExecutionRow& row) {
  const Timestamp started = row.started_at.value_or(row.accepted_at);
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(*row.finished_at - started).count();
  if (row.status == "completed") return fmt::format("it completed after {} ms", took);
  std::string how = row.status == "cancelled" ? fmt::format("it was cancelled after {} ms", took)
                                              : fmt::format("it failed after {} ms", took);
  if (row.error_node) how += fmt::format(" at node '{}'", *row.error_node);
  if (row.error && !row.error->empty()) how += fmt::format(": {}", *row.error);
  if (row.status == "failed" || row.status == "cancelled") how += "; it can be resumed";
  return how;
}

std::string ended_answer(const store::ExecutionRow& row) {
  std::string out = head_of(row, row.status);
  out += fmt::format(",\"last_progress_at\":\"{}\",\"owner\":null", to_rfc3339(*row.finished_at));
  append_text(out, "detail", how_it_ended(row));
  return out + ",\"waiting_for\":[],\"waiting_for_count\":0}";
}

Timestamp last_progress_of(const store::ExecutionRow& row, const std::vector<std::string>& journal) {
  Timestamp last = row.started_at.value_or(row.accepted_at);
  if (journal.empty()) return last;
  const Result<std::vector<journal::JournalEntry>> entries = journal::parse_entries(journal.back());
  if (!entries) return last;
  for (const journal::JournalEntry& entry : *entries) last = std::max({last, entry.started_at, entry.finished_at});
  return last;
}

std::string nobody_answer(const store::ExecutionRow& row, Timestamp last_progress) {
  constexpr std::string_view kDetail =
      "no scheduler owns this execution at the moment; one takes it over when the lease of the last owner has run out, "
      "or as soon as a scheduler runs";
  std::string out = head_of(row, row.status);
  out += fmt::format(",\"last_progress_at\":\"{}\",\"owner\":null", to_rfc3339(last_progress));
  append_text(out, "detail", kDetail);
  out += R"(,"waiting_for":[{"kind":"owner","node_id":null,"item_index":null,"since":null,"until":null,"worker":null)";
  append_text(out, "detail", kDetail);
  return out + "}],\"waiting_for_count\":1}";
}

// Calls of its webhook may still change it.
std::string debounced_answer(const store::ExecutionRow& row) {
  constexpr std::string_view kDetail = "it begins when no more calls with its debounce key come";
  std::string out = head_of(row, row.status);
  out += fmt::format(",\"last_progress_at\":\"{}\",\"owner\":null", to_rfc3339(row.accepted_at));
  append_text(out, "detail", kDetail);
  out += fmt::format(R"(,"waiting_for":[{{"kind":"timer","node_id":null,"item_index":null,"since":"{}","until":null)",
                     to_rfc3339(row.accepted_at));
  out += ",\"worker\":null";
  append_text(out, "detail", kDetail);
  return out + "}],\"waiting_for_count\":1}";
}

http::Response not_found(const http::Request& request) {
  return error_response(
      request, ApiError(ErrorCode::execution_not_found, fmt::format("Execution '{}' not found", request.param("id"))));
}

}  // namespace

awaitable<http::Response> WhyEndpoint::get(http::Request& request, Admission::Slot&) {
  if (Result<void> known = check_query_names(request, {}); !known) co_return error_response(request, known.error());
  const std::optional<Uuid> id = Uuid::parse(request.param("id"));
  if (!id) co_return not_found(request);
  Result<std::optional<store::ExecutionRow>> row = co_await executions_.find(*id);
  if (!row) co_return error_response(request, std::move(row.error()));
  if (!*row) {
    row = co_await executions_.find_debounced(*id);
    if (!row) co_return error_response(request, std::move(row.error()));
    if (!*row) co_return not_found(request);
    co_return http::Response::json(200, debounced_answer(**row));
  }
  if (!(*row)->live) co_return http::Response::json(200, ended_answer(**row));

  bus::ControlRequest question{.execution_id = *id, .action = "why"};
  Result<OwnerAnswer> answer =
      co_await owner_.ask(std::move(question), (*row)->partition, SteadyClock::now() + kPatience);
  if (answer && answer->reply.answer.starts_with('{'))
    co_return http::Response::json(200, with_answer(**row, answer->reply.status, answer->reply.answer));

  // It ended meanwhile, or nobody owns it.
  auto found = co_await executions_.find_with_journal(*id);
  if (!found) co_return error_response(request, std::move(found.error()));
  if (!*found) co_return not_found(request);
  const store::ExecutionRow& now = (*found)->first;
  const Timestamp last_progress = last_progress_of(now, (*found)->second);
  co_return http::Response::json(200, now.live ? nobody_answer(now, last_progress) : ended_answer(now));
}

}  // namespace r8r::api
