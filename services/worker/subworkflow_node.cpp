#include "services/worker/subworkflow_node.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "common/expr/json.hpp"
#include "services/worker/task_inputs.hpp"

namespace r8r::worker {
namespace {

using std::chrono::milliseconds;

constexpr int kMaxDepth = 8;
constexpr std::size_t kMaxInputBytes = 1u << 20;
constexpr milliseconds kFirstPause{250};
constexpr milliseconds kLongestPause{5'000};

EffectOutcome failed(Error error) {
  EffectOutcome outcome;
  outcome.output = fail(std::move(error));
  outcome.permanent = true;
  return outcome;
}

EffectOutcome bad_config(std::string message) {
  return failed({ErrorCode::config_error, std::move(message), {}});
}

std::optional<milliseconds> duration_of(const expr::Value* seconds) {
  if (seconds == nullptr || !seconds->is_number()) return std::nullopt;
  return milliseconds(static_cast<std::int64_t>(std::ceil(seconds->as_number() * 1'000)));
}

}  // namespace

awaitable<EffectOutcome> SubworkflowNode::run(EffectContext context, expr::Value config, Cancellation& cancellation) {
  const expr::Map& fields = config.as_map();
  const std::string name(fields.find("workflow")->as_string());
  if (context.depth >= kMaxDepth) {
    co_return bad_config(fmt::format("workflow '{}' would run {} levels deep; at most {} are allowed", name,
                                     context.depth + 1, kMaxDepth));
  }
  const expr::Value* given = fields.find("input");
  if (given == nullptr) given = fields.find("input_field");
  std::string input = expr::to_json(given == nullptr ? context.input : *given);
  if (input.size() > kMaxInputBytes) {
    co_return failed({ErrorCode::invalid_input,
                      fmt::format("the input of workflow '{}' has {} bytes; at most {} are allowed", name, input.size(),
                                  kMaxInputBytes),
                      {}});
  }
  milliseconds pause = kFirstPause;
  Result<ChildCall> call = co_await find(name, input);
  while (!call && is_transient(call.error()) && !cancellation.requested()) {
    co_await cancellation.pause(pause);
    pause = std::min(pause * 2, kLongestPause);
    call = co_await find(name, input);
  }
  if (!call) co_return failed(std::move(call.error()));

  const expr::Value* wait = fields.find("wait");
  call->awaited = wait == nullptr || !wait->is_bool() || wait->as_bool();
  std::optional<milliseconds> limit = duration_of(fields.find("timeout_seconds"));
  if (context.timeout) limit = std::min(limit.value_or(*context.timeout), *context.timeout);
  if (limit) call->timeout = *limit;
  EffectOutcome outcome;
  outcome.child = std::move(*call);
  co_return outcome;
}

// Errors that are not transient: there is no such workflow, it is disabled or does not load, it refuses the input.
awaitable<Result<ChildCall>> SubworkflowNode::find(std::string name, std::string input) {
  Result<std::optional<WorkflowNames::Current>> current = co_await names_.current(name);
  if (!current) co_return fail(std::move(current.error()));
  if (!*current) co_return fail(ErrorCode::workflow_not_found, fmt::format("there is no workflow '{}'", name));
  if (!(*current)->enabled)
    co_return fail(ErrorCode::workflow_disabled, fmt::format("workflow '{}' is disabled", name));
  Result<WorkflowSource::Entry> workflow = co_await workflows_.get((*current)->workflow_id, (*current)->version);
  if (!workflow) co_return fail(std::move(workflow.error()));
  Result<std::string> checked = workflow::check_input(**workflow, input);
  if (!checked)
    co_return fail(ErrorCode::invalid_input, fmt::format("workflow '{}': {}", name, checked.error().message));
  ChildCall call;
  call.workflow_id = (*current)->workflow_id;
  call.version = (*current)->version;
  call.workflow = std::move(name);
  call.limit = workflow::start_limit(**workflow, *checked);
  call.input = std::move(*checked);
  co_return call;
}

}  // namespace r8r::worker
