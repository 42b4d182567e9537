// Nodes that ask people how to go on.
#include <fmt/format.h>

#include <algorithm>

#include "common/base/json_text.hpp"
#include "common/workflow/routing.hpp"
#include "services/scheduler/engine/execution.hpp"

namespace r8r::engine {

using journal::EntryKind;
using journal::JournalEntry;
using workflow::Node;

namespace {

void append_text(std::string& out, std::string_view key, std::string_view text) {
  out += fmt::format("\"{}\":", key);
  append_json_string(out, text);
}

void append_text_or_null(std::string& out, std::string_view key, std::string_view text) {
  if (text.empty()) {
    out += fmt::format("\"{}\":null", key);
  } else {
    append_text(out, key, text);
  }
}

// The part of the output that is known when the question is asked.
std::string question_json(const Question& question, std::optional<Timestamp> expires_at) {
  std::string out = "{";
  append_text(out, "title", question.title);
  out += ',';
  append_text_or_null(out, "description", question.description);
  out += ',';
  append_text_or_null(out, "expires_at", expires_at ? to_rfc3339(*expires_at) : "");
  out += ',';
  append_text_or_null(out, "default_action", question.default_action);
  out += ',';
  append_text_or_null(out, "assignee", question.assignee);
  out += ",\"groups\":[";
  for (std::size_t i = 0; i < question.groups.size(); ++i) {
    if (i > 0) out += ',';
    append_json_string(out, question.groups[i]);
  }
  out += "]}";
  return out;
}

// `question`: an object of question_json().
std::string output_json(const Uuid& approval, std::string_view question, const Verdict* verdict, Timestamp at) {
  std::string out = fmt::format(R"({{"approval_id":"{}",)", approval.to_string());
  append_text(out, "status", verdict == nullptr ? "pending" : verdict->approved ? "approved" : "rejected");
  out += ',';
  if (verdict != nullptr) {
    append_text(out, "decision", verdict->approved ? "approve" : "reject");
    out += ',';
    append_text_or_null(out, "comment", verdict->comment);
    out += ',';
  }
  out += question.substr(1, question.size() - 2);
  if (verdict != nullptr) {
    out += ',';
    append_text(out, "decided_by", verdict->decided_by);
    out += ',';
    append_text(out, "decided_at", to_rfc3339(at));
  }
  out += '}';
  return out;
}

}  // namespace

void Execution::take_question(Question&& question, Unit unit, JournalEntry entry, std::int64_t dispatch_id,
                              Decision& decision, Timestamp now) {
  if (unit.item >= 0) return;  // no item asks
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch());
  ApprovalChange change{.node = unit.node, .at = now};
  change.id = Uuid::derived(ms, fmt::format("{} {} {}", id_.to_string(), dispatch_id, unit.node));
  if (question.timeout.count() > 0) {
    change.expires_at = now + question.timeout;
    entry.wake_at = *change.expires_at;
    decision.timers.push_back({unit, entry.wake_at});
  }
  entry.kind = EntryKind::asked;
  entry.approval_id = change.id.to_string();
  entry.finished_at = now;
  entry.has_output = true;
  entry.output = question_json(question, change.expires_at);
  entry.approves_by_itself = question.default_action == "approve";
  record(std::move(entry), decision);
  change.asked = std::move(question);
  decision.approvals.push_back(std::move(change));
}

Payload Execution::open_question() const {
  for (const NodeStatus& node : nodes_) {
    if (node.state == NodeState::asking)
      return std::make_shared<const std::string>(output_json(node.approval, *node.when_woken, nullptr, {}));
  }
  return nullptr;
}

Result<Decision> Execution::decide(const Uuid& approval, Verdict verdict, Timestamp now) {
  const auto found = std::find_if(nodes_.begin(), nodes_.end(), [&](const NodeStatus& node) {
    return node.state == NodeState::asking && node.approval == approval;
  });
  if (ended_ || found == nodes_.end())
    return r8r::fail(ErrorCode::conflict_error,
                     "the approval is decided already, or its execution does not wait for it");
  Decision decision;
  settle_question(static_cast<int>(found - nodes_.begin()), std::move(verdict), decision, now);
  schedule(decision, now);
  return decision;
}

void Execution::settle_question(int index, Verdict verdict, Decision& decision, Timestamp now) {
  const Node& node = info(index);
  const NodeStatus& status = status_of(index);
  const Uuid approval = status.approval;
  const int place = status.stands_for;
  if (status.wake_at != Timestamp{}) decision.timers.push_back({{index}, std::nullopt});
  JournalEntry entry = entry_for({index}, EntryKind::completed);
  entry.approval_id = approval.to_string();
  entry.finished_at = now;
  entry.has_output = true;
  entry.output = output_json(approval, *status.when_woken, &verdict, now);
  for (std::size_t i = 0; i < node.branches.size(); ++i) {
    if ((node.branches[i].name == "approved") != verdict.approved) continue;
    for (const int away : workflow::routed_away(node, {static_cast<int>(i)}))
      entry.routed_away.push_back(info(away).id);
  }
  const Payload output = place < 0 ? nullptr : std::make_shared<const std::string>(entry.output);
  record(std::move(entry), decision);
  if (place >= 0) settle_fallback(place, output, "", decision, now);
  decision.approvals.push_back({.id = approval, .node = index, .decided = std::move(verdict), .at = now});
}

}  // namespace r8r::engine
