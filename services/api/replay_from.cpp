#include "services/api/replay_from.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "common/base/payload.hpp"
#include "common/journal/journal_entry.hpp"
#include "services/api/api_error.hpp"

namespace r8r::api {
namespace {

using journal::EntryKind;
using journal::JournalEntry;
using workflow::Node;

// It is written in the transaction that accepts the execution, and others wait for that.
constexpr std::size_t kMostKeptBytes = 64u << 20;

bool is_done(const JournalEntry& entry) {
  return entry.kind == EntryKind::completed || entry.kind == EntryKind::skipped ||
         (entry.kind == EntryKind::failed && entry.recovered);
}

/// For each node whether it runs: these, and what is downstream of them.
std::vector<bool> nodes_that_run(const workflow::Workflow& workflow, std::vector<int> next) {
  std::vector<bool> runs(workflow.nodes.size());
  while (!next.empty()) {
    const auto index = static_cast<std::size_t>(next.back());
    next.pop_back();
    if (runs[index]) continue;
    runs[index] = true;
    const std::vector<int>& dependents = workflow.nodes[index].dependents;
    next.insert(next.end(), dependents.begin(), dependents.end());
  }
  return runs;
}

/// The node where it begins, and those without a result: they were not reached, or failed.
std::vector<int> where_it_begins(const workflow::Workflow& workflow, int from, const std::vector<JournalEntry>& last) {
  std::vector<bool> has_result(workflow.nodes.size());
  for (const JournalEntry& entry : last) {
    const int index = workflow.find(entry.node_id);
    if (index >= 0 && is_done(entry)) has_result[static_cast<std::size_t>(index)] = true;
  }
  std::vector<int> begin{from};
  for (const Node& node : workflow.nodes) {
    if (!node.only_fallback && !has_result[static_cast<std::size_t>(node.index)]) begin.push_back(node.index);
  }
  return begin;
}

/// The last that was recorded of each node as a whole, in the order in which that happened.
Result<std::vector<JournalEntry>> last_entries(const std::vector<std::string>& recorded) {
  std::vector<JournalEntry> last;
  for (const std::string& row : recorded) {
    Result<std::vector<JournalEntry>> entries = journal::parse_entries(row);
    if (!entries) return fail(std::move(entries.error()));
    for (JournalEntry& entry : *entries) {
      const bool about_execution = entry.kind == EntryKind::paused || entry.kind == EntryKind::resumed;
      // What a fallback did is part of the node that it stood for.
      if (about_execution || entry.item_index >= 0 || !entry.in_place_of.empty()) continue;
      std::erase_if(last, [&](const JournalEntry& other) { return other.node_id == entry.node_id; });
      last.push_back(std::move(entry));
    }
  }
  return last;
}

Result<void> add_keys(std::string_view reference, std::vector<std::string>& keys) {
  Result<std::vector<payload::Piece>> pieces = payload::pieces(reference);
  if (!pieces) return fail(std::move(pieces.error()));
  for (payload::Piece& piece : *pieces) {
    if (!piece.key.empty() && std::find(keys.begin(), keys.end(), piece.key) == keys.end())
      keys.push_back(std::move(piece.key));
  }
  return {};
}

}  // namespace

Result<KeptPart> kept_part(const workflow::Workflow& workflow, std::string_view from_node,
                           const std::vector<std::string>& recorded) {
  const int from = workflow.find(from_node);
  if (from < 0) {
    return invalid_field("from_node",
                         fmt::format("field 'from_node': workflow '{}' has no node '{}' in the version that "
                                     "would run",
                                     workflow.name, from_node));
  }
  if (workflow.nodes[static_cast<std::size_t>(from)].only_fallback) {
    return invalid_field(
        "from_node",
        fmt::format("field 'from_node': '{}' only runs in place of another node that failed; name that one",
                    from_node));
  }
  Result<std::vector<JournalEntry>> last = last_entries(recorded);
  if (!last) return fail(std::move(last.error()));

  const std::vector<bool> runs = nodes_that_run(workflow, where_it_begins(workflow, from, *last));
  KeptPart part{.journal = "["};
  std::size_t stored_bytes = 0;
  for (JournalEntry& entry : *last) {
    const int index = workflow.find(entry.node_id);
    if (index < 0 || runs[static_cast<std::size_t>(index)] || !is_done(entry)) continue;
    if (entry.kind != EntryKind::skipped && !entry.has_output) {
      return fail(ErrorCode::invalid_state,
                  fmt::format("from_node: the output of node '{}', which would be kept, was not recorded "
                              "(settings.store_traces is false); leave from_node out to run all nodes",
                              entry.node_id));
    }
    if (payload::is_reference(entry.output)) {
      stored_bytes += payload::bytes(entry.output);
      Result<void> named = add_keys(entry.output, part.payload_keys);
      if (!named) return fail(std::move(named.error()));
    }
    // How it came to its output does not matter any more.
    entry.fallback_input.clear();
    entry.recovery.clear();
    if (part.journal.size() > 1) part.journal += ',';
    journal::append_entry(part.journal, entry);
  }
  part.journal += ']';
  if (part.journal.size() + stored_bytes > kMostKeptBytes) {
    return fail(
        ErrorCode::payload_too_large,
        fmt::format("from_node: the outputs that would be kept are larger than {} together; leave from_node out "
                    "to run all nodes",
                    payload::size_text(kMostKeptBytes)));
  }
  return part;
}

}  // namespace r8r::api
