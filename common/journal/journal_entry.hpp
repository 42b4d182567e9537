#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"
#include "common/base/time.hpp"

namespace r8r::journal {

enum class EntryKind {
  started,    ///< an attempt of an effect node was dispatched (pure nodes have no such entry); with `error`: what
              ///< follows from this failure is worked out
  completed,  ///< with output
  skipped,
  failed,     ///< an attempt failed: tried again at `wake_at`, or recovered with `output`, or final
  waiting,    ///< the node waits for its timer at `wake_at`; `output` is what it will have then
  cancelled,  ///< was running when the execution ended
  expanded,   ///< an effect with for_each has `items`; from now on its items have entries of their own
  paused,     ///< the execution: nothing new starts; `node_id`: the node whose retries were used up, if it was one
  resumed,    ///< the execution goes on; in a later run this follows what was kept of the run before
  called,     ///< the node waits for the end of the execution `child_id`, until `wake_at` if that is set
  asked,  ///< the node waits for the decision `approval_id`, until `wake_at` if that is set; `output` is the question
};

/// An item of a pure node with for_each that failed.
struct ItemError {
  std::int32_t index = 0;
  std::string error;
  std::string error_code;
  bool recovered = false;
};

/// One fact in the life of an execution. Payloads in it are raw JSON or references to stored ones
/// (common/base/payload.hpp). A journal row, and the trace column of a history row, is a JSON array of
/// these: the scheduler rebuilds its state from them, the api makes the trace from them.
struct JournalEntry {
  EntryKind kind = EntryKind::completed;
  std::string node_id;
  std::string node_type;
  std::int32_t attempt = 1;
  std::int64_t epoch = 0;        ///< started: incarnation that dispatched
  std::int64_t dispatch_id = 0;  ///< started
  Timestamp started_at{};
  Timestamp finished_at{};
  bool has_output = false;
  std::string output;
  std::string error;
  std::string error_code;
  bool recovered = false;  ///< failed, and `output` took the place of the node's own
  Timestamp wake_at{};     ///< waiting; failed and tried again. Zero: none
  std::string worker;
  std::string logs;
  std::vector<std::string> routed_away;  ///< completed: nodes that its decision leads away from
  /// With for_each: which item this is about (-1: the node as a whole), and how many there are (0: not known).
  std::int32_t item_index = -1;
  std::int32_t item_count = 0;
  std::vector<std::string> items;      ///< expanded: raw JSON, one each
  std::string items_at;                ///< expanded, instead of `items`: a list reference
  std::vector<ItemError> item_errors;  ///< completed, failed: of a pure node, whose items have no entries of their own
  /// failed: input for the node that now runs in its place, and the recovery if that fails as well.
  std::string fallback_input;
  std::string recovery;
  std::string in_place_of;          ///< the node that this one, a fallback, stands for
  bool after_fallback = false;      ///< failed: said before; now it is known what its fallback came to
  std::string approval_id;          ///< asked; completed by a decision
  bool approves_by_itself = false;  ///< asked: what happens at `wake_at`
  std::string child_id;             ///< called; completed without waiting: the execution that the node started
  bool exhausted = false;  ///< failed: retries used up, and the node waits for somebody to resume the execution
};

/// Appends the entry as a JSON object.
void append_entry(std::string& out, const JournalEntry& entry);
/// The entries of a JSON array, in order. Payloads are cut out unparsed. Errors: storage_error.
Result<std::vector<JournalEntry>> parse_entries(std::string_view array);

}  // namespace r8r::journal
