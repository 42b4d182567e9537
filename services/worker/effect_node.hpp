#pragma once
#include <chrono>
#include <optional>
#include <string>

#include "common/base/async.hpp"
#include "common/base/result.hpp"
#include "common/base/uuid.hpp"
#include "common/expr/value.hpp"
#include "common/workflow/start_limit.hpp"
#include "services/worker/cancellation.hpp"

namespace r8r::worker {

/// Which attempt of which node an effect is.
struct EffectContext {
  std::string idempotency_key;                       ///< the same for every delivery of this attempt, and for no other
  std::optional<std::chrono::milliseconds> timeout;  ///< the node's own, for the whole attempt
  expr::Value input;                                 ///< what the node sees as its input
  int depth = 0;                                     ///< how many executions stand above this one
};

/// An execution that the node wants to begin: a workflow version that exists, and an input that it takes.
struct ChildCall {
  Uuid workflow_id;
  int version = 0;
  std::string workflow;
  std::string input;  ///< raw
  bool awaited = true;
  std::chrono::milliseconds timeout{0};  ///< 0: as long as it takes
  std::optional<workflow::StartLimit> limit;
};

/// What the outside world said.
struct EffectOutcome {
  Result<expr::Value> output;
  bool permanent = false;  ///< a failure that trying again cannot mend
  std::chrono::milliseconds retry_after{0};
  std::string logs;
  std::optional<ChildCall> child = std::nullopt;  ///< then there is no output yet
};

/// The body of one effect node type.
class EffectNode {
 public:
  virtual ~EffectNode() = default;
  /// `config`: evaluated, by canonical names. When `cancellation`, which outlives the call, is requested, the answer
  /// comes at once and means nothing.
  virtual awaitable<EffectOutcome> run(EffectContext context, expr::Value config, Cancellation& cancellation) = 0;
};

}  // namespace r8r::worker
