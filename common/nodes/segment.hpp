#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"
#include "common/base/time.hpp"
#include "common/expr/value.hpp"
#include "common/workflow/workflow.hpp"

/// Runs nodes without touching the outside world: no I/O, no clock, no random source of its own. The same segment with
/// the same inputs, time and seed gives the same answers, wherever and how often it runs.
namespace r8r::nodes {

enum class Outcome {
  completed,
  skipped,
  failed,
  waiting,
  expanded,  ///< an effect with for_each: `items` are to be run, each by itself
  asking,    ///< a person decides how it goes on: `approval`
};

/// What a person is asked.
struct ApprovalRequest {
  std::string title;
  std::string description;
  std::string assignee;
  std::vector<std::string> groups;
  std::string default_action;            ///< approve, reject; empty: none
  std::chrono::milliseconds timeout{0};  ///< until the default action; 0: none
  std::string input;                     ///< raw: what the decision is about
};

/// An item of a pure node with for_each that failed.
struct ItemError {
  int index = 0;
  std::string error;
  std::string error_code;
  bool recovered = false;
};

/// What one attempt of one node came to.
struct NodeRun {
  Outcome outcome = Outcome::completed;
  std::string output;  ///< raw JSON; "null" when skipped or failed
  std::string error;   ///< for a person; empty unless failed
  std::string
      error_code;  ///< EXPRESSION_ERROR, INVALID_CONFIG, INVALID_INPUT, OUTPUT_TOO_LARGE, HTTP_ERROR, TIMEOUT, …
  bool permanent = false;  ///< trying again cannot help
  /// Raw JSON that stands for the output if the node's retries are used up and its on_error recovers.
  std::optional<std::string> recovery;
  std::chrono::milliseconds retry_after{0};  ///< what the other side asked for, 0: nothing
  std::chrono::milliseconds wait{0};         ///< with Outcome::waiting: how long from now
  std::string logs;                          ///< lines of debug nodes, print() and debug()
  /// Raw JSON for the node that runs in place of this one, when on_error names one and the retries are used up.
  std::optional<std::string> fallback_input;
  int item_count = -1;                      ///< with for_each: how many items there are; -1: it never came to items
  std::vector<ItemError> item_errors;       ///< pure nodes with for_each: the first of them that failed
  std::vector<std::string> items;           ///< expanded: raw JSON each
  std::optional<ApprovalRequest> approval;  ///< asking
  std::vector<int> routed_away;             ///< completed: nodes that a decision of this one leads away from
};

/// What `execution` means in expressions.
struct ExecutionInfo {
  std::string id;
  std::string workflow;
  std::string correlation_id;
  Timestamp started_at;
  int attempt = 1;
  std::string webhook;  ///< raw JSON object, or empty
  std::string event;    ///< raw JSON object, or empty
};

/// One task's worth of evaluation: keeps parsed values for all nodes of the task. Single-threaded.
///
///   Segment segment(workflow, info, env, now, seed);
///   segment.set_input(raw);               // when the task carries it
///   segment.set_output("fetch", raw);     // for each output that the task carries
///   NodeRun run = segment.run(3);         // in topological order
class Segment {
 public:
  /// `env`: the map that expressions see as `env`. `now` and `seed` stand for the clock and for chance.
  Segment(std::shared_ptr<const workflow::Workflow> workflow, ExecutionInfo info, expr::Value env, Timestamp now,
          std::uint64_t seed);
  ~Segment();
  Segment(Segment&&) noexcept;
  Segment& operator=(Segment&&) noexcept;

  /// The execution's input. Errors: invalid_input when it is no JSON.
  Result<void> set_input(std::string_view raw);
  /// The output of a node that runs outside of this segment. Errors: invalid_input when it is no JSON; not_found.
  Result<void> set_output(std::string_view node_id, std::string_view raw);

  /// A node that routing skips: outside of this segment, or in it by a decision outside. Errors: not_found.
  Result<void> set_routed_away(std::string_view node_id);

  /// The task is about one item of its only node, which has for_each: its config sees `item` and `index`, and its input
  /// is the item. Errors: invalid_input.
  Result<void> set_item(std::string_view raw, int index);
  /// The only node of the task gets this input instead of its own: it runs in place of another. Errors: invalid_input.
  Result<void> set_given_input(std::string_view raw);

  /// What an output may weigh as JSON; more fails the node for good.
  void set_max_output_bytes(std::size_t bytes);

  /// Runs a pure or control node: condition, config, body; with for_each the body once for each item. An effect with
  /// for_each gives its items. Its output is what later nodes of the segment see: null when
  /// it was skipped, the recovery when it failed with one. A `wait` gives Outcome::waiting with the output that it will
  /// have, or completed when there is nothing to wait for.
  NodeRun run(int node);

  struct Prepared {
    std::optional<NodeRun> done;  ///< skipped, pinned, or failed before it began: nothing is left to do
    expr::Value config;           ///< evaluated, by canonical names; fields that the file leaves out are not there
    expr::Value input;            ///< of the node
  };
  /// For effect nodes: condition and config, expressions and paths of the config included.
  Prepared prepare(int node);
  /// What an effect node's attempt came to, with recovery and size check. `error.code` of a failed output is only used
  /// for error_code when it says more than the node type does (timeout).
  NodeRun finish(int node, Result<expr::Value> output, bool permanent, std::chrono::milliseconds retry_after,
                 std::string logs);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace r8r::nodes
