#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/cron/schedule.hpp"
#include "common/expr/program.hpp"
#include "common/expr/template.hpp"
#include "common/expr/value.hpp"
#include "common/workflow/json_path.hpp"
#include "common/workflow/webhook_trigger.hpp"

namespace r8r::workflow {
class JsonSchema;
}

/// A workflow version as the engine uses it: checked, compiled, immutable, shared by everyone who runs it.
namespace r8r::workflow {

/// What a node may do, and with it where it runs and when it may start (see docs/decisions/001-node-classes.md).
enum class NodeClass {
  pure,     ///< same inputs, same output, no I/O: fused into segments, may run ahead of the commit
  effect,   ///< touches the outside world: one task each, starts after the commit of what it follows from
  control,  ///< the scheduler acts on it (wait); its preparation is pure and runs fused
};

enum class Backoff { fixed, linear, exponential };

struct RetryPolicy {
  int max_attempts = 1;  ///< total; 1: no retry
  std::chrono::milliseconds delay{1000};
  Backoff backoff = Backoff::fixed;
  std::chrono::milliseconds max_delay{std::chrono::hours(24)};
  bool jitter = false;
  bool all_errors = false;             ///< retry_on: all — permanent errors too
  bool pause_when_exhausted = false;   ///< on_exhausted: pause
  bool fail_when_worker_lost = false;  ///< on_worker_lost: fail — at most once
};

enum class OnError { fail, use_null, use_fallback };

struct NodeType;
struct ParsedConfig;

/// One field of a node's config, compiled by its kind.
struct ConfigField {
  std::string name;  ///< the canonical name, whatever alias the file used
  /// Exactly one of the three.
  std::optional<expr::Program> expression;
  std::optional<expr::ValueTemplate> value;
  std::shared_ptr<const ParsedConfig> part;
};

/// One way out of a node that routes (if, switch).
struct Branch {
  std::string name;        ///< true, false, the case, default
  std::vector<int> nodes;  ///< those that it names, all downstream; empty: the branch is only a label
  /// switch: the case is an expression that sees `value`.
  std::optional<expr::Program> when;
};

/// The node runs once for each item of a list.
struct ForEach {
  std::optional<expr::Program> list;  ///< nothing: the node's input is the list
};

struct Node {
  int index = 0;  ///< position in the file and in Workflow::nodes
  std::string id;
  std::string type;
  const NodeType* kind = nullptr;  ///< what is fixed about the type
  NodeClass node_class = NodeClass::pure;
  std::vector<int> depends_on;  ///< in the order of the file
  std::vector<int> dependents;
  int level = 0;  ///< longest path from a root
  std::optional<expr::Program> condition;
  std::vector<ConfigField> config;
  /// The whole config as its type reads it (see config.hpp), if that is known before the node runs.
  std::shared_ptr<const ParsedConfig> parsed;
  std::optional<ForEach> for_each;
  RetryPolicy retry;
  OnError on_error = OnError::fail;
  std::optional<expr::ValueTemplate> fallback_value;  ///< with OnError::use_fallback
  std::optional<std::string> fallback_constant;       ///< raw fallback_value, when it holds no templates
  int fallback_node = -1;                             ///< with OnError::use_fallback: runs in its place
  bool only_fallback = false;                         ///< named by a fallback_node: no part of the normal flow
  std::optional<std::chrono::milliseconds> timeout;   ///< of one attempt
  std::optional<std::string> pinned;                  ///< raw JSON: the node is not run, this is its output
  std::string pool = "default";
  /// if, switch: where it may lead, in the order of the file (see routing.hpp).
  std::vector<Branch> branches;

  /// What its expressions and templates may look at: upstream nodes whose outputs a task must carry (dependencies
  /// included, sorted), and whether it sees the workflow's input.
  std::vector<int> needs;
  bool needs_input = false;
  /// With for_each: the same for the run of one item, whose input is the item.
  std::vector<int> item_needs;
  /// The `variables` nodes upstream whose changes it sees, in the order in which they apply; empty when it looks at no
  /// variables.
  std::vector<int> variable_nodes;

  const ConfigField* field(std::string_view name) const;
};

struct InputDeclaration {
  std::string name;
  std::string type = "any";  ///< string number integer boolean object array any
  std::string description;
  bool required = false;
  std::optional<expr::Value> default_value;
};

struct CronTrigger {
  cron::Schedule schedule;
  std::string timezone = "UTC";
  std::shared_ptr<const expr::TimeZone> zone;
  bool catch_up = false;  ///< after an outage the most recent missed time fires
  /// Gives a map whose fields stand beside `scheduled_at` in the workflow's input. In scope are `scheduled_at` (RFC
  /// 3339) and `input`, a map that holds it.
  std::optional<expr::ValueTemplate> input;
};

/// Its expressions see `event`, `data`, `source`, `correlation_id`, and all of them as one map under `input`, which is
/// also the input of the workflow unless the trigger shapes it.
struct EventTrigger {
  std::string event;                    ///< a name; `*` as its last part stands for one or more parts
  std::optional<expr::Program> filter;  ///< the event counts when this is true
  std::optional<JsonPath> json_path;    ///< the event counts when its data have this place
  std::chrono::milliseconds delay{0};   ///< from the event to the start
  struct Route {
    expr::Program condition;
    std::string target_workflow;
  };
  std::vector<Route> routing;  ///< the first that holds names the workflow that runs instead
  std::optional<expr::ValueTemplate> input;

  bool matches(std::string_view name) const;
};

struct Trigger {
  std::string type;  ///< manual, webhook, cron, event
  std::optional<WebhookTrigger> webhook;
  std::optional<CronTrigger> cron;
  std::optional<EventTrigger> event;
};

/// At most `limit` starts in any `per`; executions beyond wait in order.
struct RateLimit {
  int limit = 0;
  std::chrono::milliseconds per{0};
  std::optional<expr::ValueTemplate> key;  ///< sees input; absent: one limit for the whole workflow
};

struct Settings {
  std::chrono::milliseconds timeout{3'600'000};
  int max_concurrency = 10;  ///< nodes and for_each items of one execution at once
  int max_for_each_items = 10'000;
  int chunk_size = 0;  ///< 0: no batches
  bool store_traces = true;
  bool debug = false;
  bool enable_checkpoints = true;
  std::string timezone = "UTC";  ///< known to exist when the workflow was loaded
  std::string error_workflow;    ///< empty: none
  std::optional<int> max_concurrent_executions;
  std::optional<RateLimit> rate_limit;
  std::optional<int> retention_days;  ///< 0: for ever; absent: as the server says
};

/// The workflow starts when another one has ended.
struct WorkflowDependency {
  std::string workflow;
  std::string status = "completed";  ///< completed, failed, any
  std::optional<std::chrono::milliseconds> within;
};

struct Workflow {
  std::string name;
  std::string description;
  std::string version = "1";  ///< as the author wrote it; the store numbers versions itself
  std::vector<Trigger> triggers;
  std::vector<InputDeclaration> inputs;
  std::shared_ptr<const JsonSchema> input_schema;  ///< checked after `inputs`; null: none
  expr::Value variables;                           ///< a map: what expressions see as `variables`
  std::vector<WorkflowDependency> depends_on_workflows;
  Settings settings;
  std::vector<Node> nodes;
  /// Indexes in the order that decides the final output: by level, then by position in the file.
  std::vector<int> order;
  bool pure = true;  ///< no effect and no control node

  /// -1 when there is none.
  int find(std::string_view node_id) const;
};

/// One thing wrong (or doubtful) in a file, at the offending key or value.
struct Problem {
  std::string path;  ///< nodes[2].config.url
  int line = 0;      ///< 1-based; 0 when the place is not known
  int column = 0;
  std::string message;
  std::string hint;  ///< may be empty
};

struct LoadResult {
  std::shared_ptr<const Workflow> workflow;  ///< null when there are problems
  std::vector<Problem> problems;             ///< all of them, in the order of the file
  std::vector<Problem> warnings;
  std::vector<Problem> not_run;  ///< what is right and this version does not act on (not_run.cpp)
};

/// Reads a workflow from YAML or JSON text, checks and compiles it: structure, names, dependencies, cycles, node
/// configs, expressions. Never throws, whatever the text.
LoadResult load(std::string_view text);

/// The same as a server takes it: what this version would not act on (`not_run`) counts among the problems, so that no
/// workflow waits for something that never comes.
LoadResult load_to_run(std::string_view text);

/// [{path, line, column, message, hint}, …]
std::string problems_json(const std::vector<Problem>& problems);

/// Applies declared inputs to a raw JSON value: defaults filled in, types and presence checked. The answer is the raw
/// JSON that the execution stores. Errors: invalid_input naming every bad parameter, with a list of problems in
/// `details`.
Result<std::string> check_input(const Workflow& workflow, std::string_view input);

}  // namespace r8r::workflow
