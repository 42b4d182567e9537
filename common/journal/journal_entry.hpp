#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"
#include "common/base/time.hpp"

namespace r8r::journal {

enum class EntryKind {
  started,    ///< an attempt of an effect node was dispatched (pure nodes have no such entry)
  completed,  ///< with output
  skipped,
  failed,     ///< an attempt failed: tried again at `wake_at`, or recovered with `output`, or final
  waiting,    ///< the node waits for its timer at `wake_at`; `output` is what it will have then
  cancelled,  ///< was running when the execution ended
};

/// One fact in the life of an execution. A journal row, and the trace column of a history row, is a JSON array of
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
  std::string output;  ///< raw JSON
  std::string error;
  std::string error_code;
  bool recovered = false;  ///< failed, and `output` took the place of the node's own
  Timestamp wake_at{};     ///< waiting; failed and tried again. Zero: none
  std::string worker;
  std::string logs;
};

/// Appends the entry as a JSON object.
void append_entry(std::string& out, const JournalEntry& entry);
/// The entries of a JSON array, in order. Payloads are cut out unparsed. Errors: storage_error.
Result<std::vector<JournalEntry>> parse_entries(std::string_view array);

}  // namespace r8r::journal
