#pragma once
#include <chrono>
#include <optional>
#include <string>

#include "common/base/async.hpp"
#include "common/base/result.hpp"
#include "common/expr/value.hpp"
#include "services/worker/cancellation.hpp"

namespace r8r::worker {

/// Which attempt of which node an effect is.
struct EffectContext {
  std::string idempotency_key;                       ///< the same for every delivery of this attempt, and for no other
  std::optional<std::chrono::milliseconds> timeout;  ///< the node's own, for the whole attempt
};

/// What the outside world said.
struct EffectOutcome {
  Result<expr::Value> output;
  bool permanent = false;  ///< a failure that trying again cannot mend
  std::chrono::milliseconds retry_after{0};
  std::string logs;
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
