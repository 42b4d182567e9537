#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/result.hpp"
#include "common/base/time.hpp"
#include "common/base/uuid.hpp"

/// Every message that crosses the bus: JSON {"v": 1, "items": [...]}, many items for one receiver in one message.
/// Payload fields (marked raw) hold JSON text that is embedded as it is and cut out again unparsed: whoever only passes
/// a payload on never looks inside. Where it says so they may be references to stored payloads
/// (common/base/payload.hpp) instead. Times are microseconds since the epoch. Unknown fields are ignored; a newer `v`
/// than known is refused.
namespace r8r::bus {

/// api → owner of the partition: run this execution. The row exists already.
struct ExecRequest {
  Uuid execution_id;
  std::int32_t partition = 0;
  Uuid workflow_id;
  std::int32_t workflow_version = 0;
  std::string workflow_name;
  std::string trigger_type;
  std::string correlation_id;
  std::string input;     ///< raw; empty: too large for a message, read it from the row
  std::string webhook;   ///< raw `execution.webhook`, or empty
  std::string event;     ///< raw `execution.event`, or empty
  std::string reply_to;  ///< subject for the Completion, or empty when nobody waits
  bool limited = false;  ///< limits of its workflow say when it may start
  std::string limit_key;
  Timestamp accepted_at;
};

/// One segment to run: scheduler → a worker, over the work queue. `attempt`, `dispatch_id` and `epoch` are the token
/// that a result must give back.
struct Task {
  Uuid execution_id;
  std::int32_t run = 1;
  std::int32_t depth = 0;  ///< how many executions stand above this one
  std::int32_t partition = 0;
  std::int64_t epoch = 0;  ///< the scheduler's incarnation
  std::int64_t dispatch_id = 0;
  Uuid workflow_id;
  std::int32_t workflow_version = 0;
  std::string workflow_name;
  std::string correlation_id;
  std::string webhook;                ///< raw or empty
  std::string event;                  ///< raw or empty
  std::vector<std::string> node_ids;  ///< the segment in an order in which dependencies come first
  std::int32_t attempt = 1;           ///< of the node, for a segment of one effect node; else 1
  bool effect = false;                ///< the segment is one effect node: result by request on effect_result_subject
  std::optional<std::string> input;   ///< raw workflow input, when a node of the segment needs it
  bool input_by_reference = false;    ///< read the input from the execution's row
  /// raw outputs, or references, of finished nodes that the segment refers to: id → output; skipped nodes have "null"
  std::vector<std::pair<std::string, std::string>> outputs;
  /// ids of `outputs` too large for a message: read them from the journal
  std::vector<std::string> outputs_by_reference;
  std::vector<std::string> routed_away;  ///< ids of nodes that routing skips: dependencies of the segment, or of it
  /// The segment is one item of its only node, which has for_each: which of how many (0: it is no item), and the item,
  /// raw.
  std::int32_t item_count = 0;
  std::int32_t item_index = 0;
  std::optional<std::string> item;  ///< or a reference
  bool item_by_reference = false;   ///< read the item from the journal
  std::string failure;              ///< not to be run: what follows from this failure of it is asked for
  /// raw or a reference: the only node runs in place of another and gets this as its input
  std::optional<std::string> given_input;
  std::string in_place_of;    ///< with given_input: the node that it stands for
  bool at_most_once = false;  ///< an effect that is not started again when its worker was lost
  Timestamp started_at;       ///< of the execution
  Timestamp now;              ///< what now() answers: chosen at dispatch
  std::uint64_t seed = 0;
};

enum class NodeOutcome { completed, skipped, failed, waiting, expanded, calling, asking };

/// An item of a pure node with for_each that failed.
struct ItemError {
  std::int32_t index = 0;
  std::string error;
  std::string error_code;
  bool recovered = false;
};

struct NodeResult {
  std::string node_id;
  NodeOutcome outcome = NodeOutcome::completed;
  /// raw or a reference; completed: the output; waiting: what the output will be when the timer fires
  std::string output;
  std::string error;  ///< failed: the message for people
  std::string error_code;
  bool permanent = false;  ///< failed: trying again cannot help
  /// failed, raw or a reference: what on_error would put in place (continue: "null")
  std::optional<std::string> recovery;
  std::int64_t retry_after_ms = 0;       ///< failed: what a Retry-After header asked for
  std::int64_t wait_ms = 0;              ///< waiting: from `finished_at`
  std::string logs;                      ///< text, at most 64 KiB
  std::vector<std::string> routed_away;  ///< completed: ids of nodes that its decision leads away from
  /// failed, raw or a reference: for the node that runs in place of this one
  std::optional<std::string> fallback_input;
  std::int32_t item_count = 0;         ///< with for_each
  std::vector<std::string> items;      ///< expanded: raw, one each
  std::string items_at;                ///< expanded, instead of `items`: a list reference
  std::vector<ItemError> item_errors;  ///< of a pure node with for_each, the first of them
  /// calling: the execution that is to begin, and whether the node waits for its end, how long at most (0: as it
  /// takes).
  Uuid child_workflow_id;
  std::int32_t child_version = 0;
  std::string child_workflow;
  std::string child_input;  ///< raw, checked
  bool child_awaited = false;
  std::int64_t child_timeout_ms = 0;
  bool child_limited = false;  ///< limits say when it may start: by this key, and kept where this group is
  std::string child_limit_key;
  std::string child_limit_group;
  /// asking: what a person is to decide, and what happens by itself (approve, reject) after how long (0: nothing).
  std::string approval_title;
  std::string approval_description;
  std::string approval_assignee;
  std::vector<std::string> approval_groups;
  std::string approval_default;
  std::int64_t approval_timeout_ms = 0;
  std::string approval_input;  ///< raw: what it is about
  Timestamp started_at;
  Timestamp finished_at;
};

/// worker → scheduler.
struct TaskResult {
  Uuid execution_id;
  std::int32_t partition = 0;  ///< as in the task
  std::int64_t epoch = 0;
  std::int64_t dispatch_id = 0;
  std::int32_t attempt = 1;
  std::string worker;
  /// Nodes that did not run because one before them in the segment failed without recovery are absent.
  std::vector<NodeResult> nodes;
  /// Set when the task could not be run at all (no such workflow version, …); then `nodes` is empty.
  std::string error;
};

/// worker → owner: an effect task is in work (sent every few seconds).
struct Progress {
  Uuid execution_id;
  std::int64_t dispatch_id = 0;
  std::int32_t attempt = 1;
  std::string worker;
};

/// scheduler → api that waits.
struct Completion {
  Uuid execution_id;
  std::string status;  ///< completed, failed, cancelled, …
  std::string output;  ///< raw, "null" when there is none; empty: too large, read it from the row
  std::string error;   ///< empty when there is none
  std::int64_t duration_ms = 0;
};

/// scheduler → api instances with monitor clients. `body` is the whole event as monitor clients get it (spec: monitor).
struct Event {
  Uuid execution_id;
  std::string type;
  std::string body;  ///< raw object
};

struct WorkflowChanged {
  Uuid workflow_id;
  std::string name;
  std::int32_t version = 0;
  bool enabled = true;
};

struct CancelNotice {
  Uuid execution_id;
  std::int64_t dispatch_id = 0;  ///< only this attempt; 0: all of the execution
};

/// → owner of the partition: the database has news of this execution (it is new, or one that it waits for has ended).
struct ExecutionNotice {
  Uuid execution_id;
  std::int32_t partition = 0;
  std::string reply_to;  ///< of a new one: subject for the Completion, or empty when nobody waits
};

/// Whoever asks → owner of the partition, as a request: what people do to an execution, or want to know of it (why).
/// The reply comes after the commit.
struct ControlRequest {
  Uuid execution_id;
  std::int32_t partition = 0;
  std::string action;  ///< cancel, pause, resume, why, decide
  std::string reason;  ///< for people; may be empty
  std::string
      reply_to;  ///< resume, decide: subject for the Completion when it ends or waits for a person again, or empty
  /// decide: which question, how (approve, reject), and by whom; `reason` is the comment.
  std::string approval_id;
  std::string decision;
  std::string decided_by;
};

struct ControlReply {
  Uuid execution_id;
  std::string status;      ///< of the execution now, also when nothing was done; empty: not known
  std::string error_code;  ///< EXECUTION_NOT_FOUND, INVALID_STATE, CONFLICT_ERROR, SERVICE_UNAVAILABLE; empty: done
  std::string error;       ///< for people
  std::string answer;      ///< raw, to why: an object with what the execution waits for
};

/// Appends one item to a message under construction; `encode` closes it:
///   Batch<Task> batch; batch.add(task); publish(subject, batch.take());
template <class T>
class Batch {
 public:
  void add(const T& item);
  bool empty() const { return count_ == 0; }
  std::size_t count() const { return count_; }
  /// Bytes so far.
  std::size_t size() const { return text_.size(); }
  /// The complete message; the batch is empty afterwards.
  std::string take();

 private:
  std::string text_;
  std::size_t count_ = 0;
};

/// One item as a complete message.
template <class T>
std::string encode(const T& item) {
  Batch<T> batch;
  batch.add(item);
  return batch.take();
}

/// The items of a message. Anything malformed is an error for the whole message.
template <class T>
Result<std::vector<T>> decode(std::string_view message);

/// What fits into one message: the server's max_payload of 8 MiB less room for the envelope. Payloads over
/// kInlinePayloadLimit travel by reference.
inline constexpr std::size_t kMessageLimit = 6 * 1024 * 1024;
inline constexpr std::size_t kInlinePayloadLimit = 1024 * 1024;

}  // namespace r8r::bus
