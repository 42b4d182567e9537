#include "common/workflow/types/wait.hpp"

#include "common/nodes/body.hpp"

namespace r8r::nodes {

BodyResult run_wait(Call& call) {
  using std::chrono::milliseconds;
  const auto& config = call.config_as<workflow::WaitConfig>();
  milliseconds wait = config.length;
  if (config.until) {
    // Rounded up: never early.
    wait = std::max(std::chrono::ceil<milliseconds>(*config.until - call.context.now), milliseconds(0));
    if (wait > workflow::kMaxWait) return failure(kInvalidConfig, "a wait node waits at most 30 days");
  }
  call.wait = wait;
  expr::Map output;
  output.set("waited_ms", expr::Value::integer(wait.count()));
  if (config.passthrough) output.set("input", call.input);
  return expr::Value::map(std::move(output));
}

}  // namespace r8r::nodes
