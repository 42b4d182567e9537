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

/// An event as triggers see it: `event` (the name), `data`, `source`, `correlation_id`, and all of them under `input`.
struct EventFacts {
  std::string name;
  expr::Value data;
  expr::Value source;  ///< a string, or null
  std::string correlation_id;
};

/// What an event starts.
struct EventStart {
  std::string workflow;  ///< another workflow, named by `routing`; empty: the trigger's own
  std::string input;     ///< raw JSON; the workflow that starts has not checked it yet
};

/// What an event whose name matches starts; nothing when it does not count for the trigger. Errors: invalid_input, when
/// that cannot be told.
Result<std::optional<EventStart>> event_start(const Workflow& workflow, const EventTrigger& trigger,
                                              const EventFacts& event, const TriggerContext& context);

/// A call of a webhook as the templates of its trigger see it.
struct WebhookFacts {
  expr::Value input;    ///< of the workflow, as it was sent
  expr::Value body;     ///< the same, unless the input is the envelope
  expr::Value headers;  ///< a map, lower-case names
  expr::Value query;    ///< a map
};

/// The text that a key of a trigger gives for a call. Errors: invalid_input, when it cannot be evaluated, or is null or
/// empty.
Result<std::string> webhook_key(const Workflow& workflow, const expr::ValueTemplate& key, const WebhookFacts& call,
                                const TriggerContext& context);

}  // namespace r8r::workflow
