#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <unordered_map>

#include "common/base/json_text.hpp"
#include "common/base/payload.hpp"
#include "services/api/execution_json.hpp"

namespace r8r::api {
namespace {

using journal::EntryKind;
using journal::JournalEntry;

// All that the journal says of one node.
struct NodeTrace {
  std::string_view id;
  std::string_view type;
  std::int32_t item_index = -1;  ///< -1: the node as a whole
  std::int32_t item_count = 0;
  bool has_item_entries = false;
  Timestamp started_at{};                ///< of the first attempt
  std::optional<Timestamp> finished_at;  ///< of the last one, when the node is done
  std::string_view status = "running";
  const JournalEntry* last = nullptr;         ///< the newest entry with a result
  std::vector<const JournalEntry*> attempts;  ///< one each: its end, or its start while it runs
  int attempt = 1;
};

void take(NodeTrace& node, const JournalEntry& entry) {
  if (node.attempts.empty() && !node.last)
    node.started_at = entry.started_at != Timestamp{} ? entry.started_at : entry.finished_at;
  if (!entry.node_type.empty()) node.type = entry.node_type;
  node.item_index = entry.item_index;
  node.item_count = std::max(node.item_count, entry.item_count);
  node.attempt = std::max(node.attempt, entry.attempt);
  // A later entry of the same attempt replaces the one before: started, then its end.
  if (!node.attempts.empty() && node.attempts.back()->attempt == entry.attempt) {
    node.attempts.back() = &entry;
  } else {
    node.attempts.push_back(&entry);
  }
  node.finished_at.reset();
  switch (entry.kind) {
    case EntryKind::started:
      node.status = "running";
      return;
    case EntryKind::expanded:
      node.has_item_entries = true;
      node.status = "running";
      return;
    case EntryKind::paused:
    case EntryKind::resumed:
      return;  // not about a node
    case EntryKind::waiting:
    case EntryKind::called:
    case EntryKind::asked:
      node.status = "waiting";
      return;
    case EntryKind::completed:
      node.status = "completed";
      break;
    case EntryKind::skipped:
      node.status = "skipped";
      break;
    case EntryKind::cancelled:
      node.status = "cancelled";
      break;
    case EntryKind::failed:
      node.last = &entry;
      // Another attempt, its fallback, or a person decides what becomes of it.
      if (entry.wake_at != Timestamp{} || entry.exhausted || (!entry.fallback_input.empty() && !entry.after_fallback)) {
        node.status = "waiting";
        return;
      }
      node.status = "failed";
      break;
  }
  node.last = &entry;
  node.finished_at = entry.finished_at;
  if (entry.kind == EntryKind::skipped) node.started_at = entry.finished_at;
}

class Writer {
 public:
  explicit Writer(TraceDetail detail) : detail_(detail) {}

  void node(std::string& out, const NodeTrace& node) {
    const JournalEntry* last = node.last;
    out += "{\"node_id\":";
    append_json_string(out, node.id);
    text(out, "status", node.status);
    times(out, node.started_at, node.finished_at);
    error(out, node.status == "failed" ? last : nullptr);
    if (detail_ != TraceDetail::six_fields) {
      text(out, "node_type", node.type);
      fmt::format_to(std::back_inserter(out), R"(,"attempt":{},"attempts":[)", node.attempt);
      bool first = true;
      for (const JournalEntry* attempt : node.attempts) {
        if (!std::exchange(first, false)) out += ',';
        this->attempt(out, *attempt);
      }
      out += ']';
      const JournalEntry* newest = node.attempts.empty() ? last : node.attempts.back();
      optional_text(out, "worker", newest ? std::string_view(newest->worker) : std::string_view());
      if (detail_ == TraceDetail::full) {
        const bool has_output = last && last->has_output && node.finished_at;
        const std::string_view text = has_output && !last->output.empty() ? last->output : std::string_view("null");
        const bool left_out = payload::is_reference(text);
        out += ",\"output\":";
        out += left_out ? std::string_view("null") : text;
        if (left_out) fmt::format_to(std::back_inserter(out), R"(,"output_bytes":{})", payload::bytes(text));
        optional_text(out, "logs", last ? std::string_view(last->logs) : std::string_view());
      }
      item(out, node.item_index, node.item_count);
    }
    out += '}';
  }

  /// Items of a pure node have no entries of their own: lines from what the node's own entry says. The first thousand.
  void items(std::string& out, const NodeTrace& node) {
    const JournalEntry* last = node.last;
    if (detail_ == TraceDetail::six_fields || node.has_item_entries || node.item_index >= 0 || !last) return;
    constexpr std::int32_t kMaxLines = 1'000;
    std::int32_t ran = std::min(node.item_count, kMaxLines);
    std::unordered_map<std::int32_t, const journal::ItemError*> errors;
    for (const journal::ItemError& error : last->item_errors) {
      errors.emplace(error.index, &error);
      if (!error.recovered) ran = std::min(ran, error.index + 1);
    }
    for (std::int32_t i = 0; i < ran; ++i) {
      const auto failed = errors.find(i);
      const std::string_view status = failed == errors.end() ? "completed" : "failed";
      out += ",{\"node_id\":";
      append_json_string(out, node.id);
      text(out, "status", status);
      times(out, node.started_at, node.finished_at);
      optional_text(out, "error",
                    failed == errors.end() ? std::string_view() : std::string_view(failed->second->error));
      text(out, "node_type", node.type);
      fmt::format_to(std::back_inserter(out), R"(,"attempt":{},"attempts":[])", node.attempt);
      optional_text(out, "worker", last->worker);
      if (detail_ == TraceDetail::full) out += R"(,"output":null,"logs":null)";
      item(out, i, node.item_count);
      out += '}';
    }
  }

 private:
  static void text(std::string& out, std::string_view key, std::string_view value) {
    fmt::format_to(std::back_inserter(out), ",\"{}\":", key);
    append_json_string(out, value);
  }
  static void optional_text(std::string& out, std::string_view key, std::string_view value) {
    if (value.empty()) {
      fmt::format_to(std::back_inserter(out), ",\"{}\":null", key);
    } else {
      text(out, key, value);
    }
  }
  static void times(std::string& out, Timestamp started, std::optional<Timestamp> finished) {
    fmt::format_to(std::back_inserter(out), R"(,"started_at":"{}")", to_rfc3339(started));
    if (finished) {
      const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(*finished - started).count();
      fmt::format_to(std::back_inserter(out), R"(,"finished_at":"{}","duration_ms":{})", to_rfc3339(*finished),
                     std::max<std::int64_t>(0, took));
    } else {
      out += R"(,"finished_at":null,"duration_ms":null)";
    }
  }
  static void item(std::string& out, std::int32_t index, std::int32_t count) {
    if (count <= 0) {
      out += ",\"item_index\":null,\"item_count\":null";
    } else if (index < 0) {
      fmt::format_to(std::back_inserter(out), ",\"item_index\":null,\"item_count\":{}", count);
    } else {
      fmt::format_to(std::back_inserter(out), ",\"item_index\":{},\"item_count\":{}", index, count);
    }
  }
  void error(std::string& out, const JournalEntry* failed) const {
    optional_text(out, "error", failed ? std::string_view(failed->error) : std::string_view());
  }
  void attempt(std::string& out, const JournalEntry& entry) const {
    const bool failed = entry.kind == EntryKind::failed;
    const bool over = entry.kind != EntryKind::started && entry.kind != EntryKind::waiting &&
                      entry.kind != EntryKind::called && entry.kind != EntryKind::asked;
    std::string_view status = "running";
    if (failed) status = "failed";
    if (entry.kind == EntryKind::completed) status = "completed";
    if (entry.kind == EntryKind::skipped) status = "skipped";
    if (entry.kind == EntryKind::cancelled) status = "cancelled";
    if (entry.kind == EntryKind::waiting || entry.kind == EntryKind::called || entry.kind == EntryKind::asked)
      status = "waiting";
    fmt::format_to(std::back_inserter(out), R"({{"attempt":{},"status":"{}")", entry.attempt, status);
    times(out, entry.started_at != Timestamp{} ? entry.started_at : entry.finished_at,
          over ? std::optional(entry.finished_at) : std::nullopt);
    error(out, failed ? &entry : nullptr);
    optional_text(out, "worker", entry.worker);
    out += '}';
  }

  TraceDetail detail_;
};

}  // namespace

std::string trace_json(const store::ExecutionRow& row, const std::vector<JournalEntry>& entries, TraceDetail detail) {
  std::vector<NodeTrace> nodes;
  std::map<std::pair<std::string_view, std::int32_t>, std::size_t> index;
  for (const JournalEntry& entry : entries) {
    if (entry.kind == EntryKind::paused || entry.kind == EntryKind::resumed) continue;
    const auto [found, added] =
        index.emplace(std::pair(std::string_view(entry.node_id), entry.item_index), nodes.size());
    if (added) nodes.push_back(NodeTrace{.id = entry.node_id});
    take(nodes[found->second], entry);
  }
  std::stable_sort(nodes.begin(), nodes.end(),
                   [](const NodeTrace& a, const NodeTrace& b) { return a.started_at < b.started_at; });

  std::string out = "{\"execution_id\":\"" + row.id.to_string() + "\",\"workflow_name\":";
  append_json_string(out, row.workflow_name);
  out += ",\"status\":";
  append_json_string(out, row.status);
  out += ",\"nodes\":[";
  Writer writer(detail);
  bool first = true;
  for (const NodeTrace& node : nodes) {
    if (!std::exchange(first, false)) out += ',';
    writer.node(out, node);
    writer.items(out, node);
  }
  out += "]}";
  return out;
}

}  // namespace r8r::api
