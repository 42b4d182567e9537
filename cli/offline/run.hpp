#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"
#include "common/base/time.hpp"
#include "common/expr/value.hpp"
#include "common/workflow/workflow.hpp"

namespace r8r::offline {

/// What one attempt of an effect node comes to.
struct EffectAnswer {
  Result<expr::Value> output;
  bool permanent = false;  ///< with an error: trying again cannot help
};
/// Stands for the outside world. `config` is the node's evaluated config by canonical names.
using Effects = std::function<EffectAnswer(const workflow::Node& node, int attempt, const expr::Value& config)>;

struct Options {
  /// Outputs (raw JSON) by node id: these nodes are not run, as with `pinned_data`, which they replace.
  std::map<std::string, std::string> pinned;
  /// Time at the start; it goes on only when everything waits for a timer, and then jumps.
  Timestamp now = from_unix_us(1'767'225'600'000'000);  // 2026-01-01T00:00:00Z
  /// Decides the execution's id and all chance.
  std::uint64_t seed = 1;
  /// The map that expressions see as `env`.
  expr::Value env = expr::Value::map({});
  /// Empty: effect nodes that are not pinned fail and are listed in Report::unmocked.
  Effects effects;
};

struct NodeReport {
  std::string id;
  std::string status = "pending";  ///< pending: the execution ended before it ran
  std::string output = "null";     ///< raw JSON
  std::string error;
  int attempts = 0;
  std::string logs;  ///< of all attempts
};

struct Report {
  std::string status;           ///< completed, failed; waiting: only a person could make it go on
  std::string output = "null";  ///< raw JSON
  std::string error;
  std::string error_node;
  std::vector<NodeReport> nodes;      ///< in the order of the file
  std::vector<std::string> unmocked;  ///< effect nodes that would have gone outside
  Timestamp finished_at{};

  const NodeReport* node(std::string_view id) const;
};

/// Runs a workflow on a raw JSON input from start to end. Declared inputs are applied first. Errors: invalid_input as
/// the API would give it; not_found when `pinned` names a node that is not there.
Result<Report> run(std::shared_ptr<const workflow::Workflow> workflow, std::string_view input, const Options& options);

}  // namespace r8r::offline
