#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <unordered_map>

#include "common/base/json_text.hpp"
#include "services/api/execution_json.hpp"

namespace r8r::api {
namespace {

using journal::EntryKind;
using journal::JournalEntry;

// All that the journal says of one node.
struct NodeTrace {
  std::string_view id;
  std::string_view type;
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
    case EntryKind::waiting:
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
      if (entry.wake_at != Timestamp{}) {
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
        out += ",\"output\":";
        out += has_output && !last->output.empty() ? std::string_view(last->output) : std::string_view("null");
        optional_text(out, "logs", last ? std::string_view(last->logs) : std::string_view());
      }
      out += ",\"item_index\":null,\"item_count\":null";
    }
    out += '}';
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
  void error(std::string& out, const JournalEntry* failed) const {
    optional_text(out, "error", failed ? std::string_view(failed->error) : std::string_view());
  }
  void attempt(std::string& out, const JournalEntry& entry) const {
    const bool failed = entry.kind == EntryKind::failed;
    const bool over = entry.kind != EntryKind::started && entry.kind != EntryKind::waiting;
    std::string_view status = "running";
    if (failed) status = "failed";
    if (entry.kind == EntryKind::completed) status = "completed";
    if (entry.kind == EntryKind::skipped) status = "skipped";
    if (entry.kind == EntryKind::cancelled) status = "cancelled";
    if (entry.kind == EntryKind::waiting) status = "waiting";
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
  std::unordered_map<std::string_view, std::size_t> index;
  for (const JournalEntry& entry : entries) {
    const auto [found, added] = index.emplace(entry.node_id, nodes.size());
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
  }
  out += "]}";
  return out;
}

}  // namespace r8r::api
