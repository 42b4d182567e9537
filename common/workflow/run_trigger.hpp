#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/result.hpp"
#include "common/base/time.hpp"
#include "common/expr/value.hpp"
#include "common/workflow/workflow.hpp"

/// What a trigger makes of the moment or the event that it waited for. Services evaluate this on the thread that also
/// serves everything else, so each evaluation gets far fewer steps than a node's.
namespace r8r::workflow {

/// Steps that the expressions of one trigger may take for one start; some milliseconds.
inline constexpr std::int64_t kTriggerSteps = 50'000;
/// Of the input of a workflow, as JSON text.
inline constexpr std::size_t kMaxInputBytes = 1024 * 1024;

/// What the expressions of triggers see besides what the trigger brings.
struct TriggerContext {
  expr::Value env;  ///< see expression_env()
  Timestamp now;
  std::uint64_t seed = 0;
};

/// The cron triggers of a workflow: place in Workflow::triggers, and the name by which what has fired is remembered:
/// schedule and time zone. A later version that keeps both goes on where this one was.
std::vector<std::pair<std::size_t, std::string>> cron_triggers(const Workflow& workflow);

/// The input of the execution that starts for `scheduled_at`: checked, raw JSON. Errors: invalid_input.
Result<std::string> cron_input(const Workflow& workflow, const CronTrigger& trigger, Timestamp scheduled_at,
                               const TriggerContext& context);

}  // namespace r8r::workflow
