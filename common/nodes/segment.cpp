#include "common/nodes/segment.hpp"

#include "common/expr/json.hpp"
#include "common/nodes/segment_state.hpp"

namespace r8r::nodes {
namespace {

using workflow::Node;

expr::Value text_or_null(const std::string& text) {
  return text.empty() ? expr::Value() : expr::Value::string(text);
}

expr::Value object_or_null(const std::string& raw) {
  if (raw.empty()) return {};
  return expr::parse_json(raw).value_or(expr::Value());
}

expr::Value execution_value(const ExecutionInfo& info) {
  expr::Map map;
  map.set("id", expr::Value::string(info.id));
  map.set("workflow", expr::Value::string(info.workflow));
  map.set("correlation_id", text_or_null(info.correlation_id));
  map.set("started_at", expr::Value::string(to_rfc3339(info.started_at)));
  map.set("attempt", expr::Value::integer(info.attempt));
  map.set("webhook", object_or_null(info.webhook));
  map.set("event", object_or_null(info.event));
  return expr::Value::map(std::move(map));
}

std::string effect_error_code(ErrorCode code, std::string_view type) {
  switch (code) {
    case ErrorCode::timeout:
    case ErrorCode::execution_timeout:
      return "TIMEOUT";
    case ErrorCode::config_error:
    case ErrorCode::invalid_field:
    case ErrorCode::missing_field:
      return std::string(kInvalidConfig);
    case ErrorCode::payload_too_large:
      return "OUTPUT_TOO_LARGE";
    default:
      break;
  }
  std::string name(type);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 0x20) : c; });
  return name + "_ERROR";
}

}  // namespace

std::uint64_t mix(std::uint64_t seed, std::uint64_t number) {
  std::uint64_t x = seed + 0x9e3779b97f4a7c15ull * (number + 1);
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}

std::uint64_t Segment::State::seed_of(const Node& node) const {
  const std::uint64_t own = mix(seed, static_cast<std::uint64_t>(node.index));
  return item ? mix(own, static_cast<std::uint64_t>(item_index)) : own;
}

Segment::Segment(std::shared_ptr<const workflow::Workflow> workflow, ExecutionInfo info, expr::Value env, Timestamp now,
                 std::uint64_t seed)
    : state_(std::make_unique<State>()) {
  state_->outputs.resize(workflow->nodes.size());
  state_->base.set_variables(workflow->variables);
  state_->base.set_env(std::move(env));
  state_->base.set_execution(execution_value(info));
  state_->workflow = std::move(workflow);
  state_->now = now;
  state_->seed = seed;
}

Segment::~Segment() = default;
Segment::Segment(Segment&&) noexcept = default;
Segment& Segment::operator=(Segment&&) noexcept = default;

Result<void> Segment::set_input(std::string_view raw) {
  auto value = expr::parse_json(raw);
  if (!value)
    return fail(ErrorCode::invalid_input, fmt::format("the input is not valid JSON: {}", value.error().message));
  state_->input = std::move(*value);
  return {};
}

Result<void> Segment::set_output(std::string_view node_id, std::string_view raw) {
  const int index = state_->workflow->find(node_id);
  if (index < 0) return fail(ErrorCode::not_found, fmt::format("there is no node '{}'", node_id));
  auto value = expr::parse_json(raw);
  if (!value) {
    return fail(ErrorCode::invalid_input,
                fmt::format("the output of node '{}' is not valid JSON: {}", node_id, value.error().message));
  }
  state_->output(index) = std::move(*value);
  return {};
}

Result<void> Segment::set_routed_away(std::string_view node_id) {
  const int index = state_->workflow->find(node_id);
  if (index < 0) return fail(ErrorCode::not_found, fmt::format("there is no node '{}'", node_id));
  state_->routing.skip(index);
  return {};
}

Result<void> Segment::set_item(std::string_view raw, int index) {
  auto value = expr::parse_json(raw);
  if (!value)
    return fail(ErrorCode::invalid_input, fmt::format("item {} is not valid JSON: {}", index, value.error().message));
  state_->item = std::move(*value);
  state_->item_index = index;
  return {};
}

Result<void> Segment::set_given_input(std::string_view raw) {
  auto value = expr::parse_json(raw);
  if (!value)
    return fail(ErrorCode::invalid_input, fmt::format("the given input is not valid JSON: {}", value.error().message));
  state_->given_input = std::move(*value);
  return {};
}

void Segment::set_max_output_bytes(std::size_t bytes) {
  state_->max_output_bytes = bytes;
}

NodeRun Segment::run(int index) {
  if (!state_->has(index)) return failed_run("INTERNAL_ERROR", fmt::format("there is no node number {}", index));
  try {
    const Node& node = state_->node(index);
    if (state_->routing.skips(node)) {
      state_->routing.skip(index);
      return state_->skip(node);
    }
    const auto scope = state_->scope_of(node);
    if (!scope) return failed_run(scope.error().code, scope.error().message);
    return state_->run_node(node, *scope);
  } catch (const std::exception& error) {
    return failed_run("INTERNAL_ERROR", error.what());
  }
}

Segment::Prepared Segment::prepare(int index) {
  Prepared prepared;
  if (!state_->has(index)) {
    prepared.done = failed_run("INTERNAL_ERROR", fmt::format("there is no node number {}", index));
    return prepared;
  }
  try {
    const Node& node = state_->node(index);
    const auto scope = state_->scope_of(node);
    if (!scope) {
      prepared.done = failed_run(scope.error().code, scope.error().message);
      return prepared;
    }
    std::string logs;
    expr::EvalContext context{.scope = *scope, .now = state_->now, .seed = state_->seed_of(node), .log = &logs};
    // The condition is the node's; whoever comes with an item knows that it holds.
    if (!state_->item) prepared.done = state_->before(node, context);
    if (prepared.done) {
      prepared.done->logs = std::move(logs);
      return prepared;
    }
    auto config = state_->config_of(node, context);
    if (config) config = state_->with_expressions(node, std::move(*config), context);
    if (config) {
      prepared.config = expr::Value::map(std::move(*config));
      prepared.input = scope->input();
    } else {
      prepared.done = state_->fail_node(node, failed_run(config.error().code, config.error().message), context);
      prepared.done->logs = std::move(logs);
    }
  } catch (const std::exception& error) {
    prepared.done = failed_run("INTERNAL_ERROR", error.what());
  }
  return prepared;
}

NodeRun Segment::finish(int index, Result<expr::Value> output, bool permanent, std::chrono::milliseconds retry_after,
                        std::string logs) {
  if (!state_->has(index)) return failed_run("INTERNAL_ERROR", fmt::format("there is no node number {}", index));
  try {
    const Node& node = state_->node(index);
    const auto scope = state_->scope_of(node);
    if (!scope) return failed_run(scope.error().code, scope.error().message);
    expr::EvalContext context{.scope = *scope, .now = state_->now, .seed = state_->seed_of(node)};
    NodeRun run;
    if (output) {
      run = state_->complete(node, *output, context);
    } else {
      run = failed_run(effect_error_code(output.error().code, node.type), std::move(output.error().message));
      run.permanent = permanent;
      run.retry_after = retry_after;
      run = state_->fail_node(node, std::move(run), context);
    }
    run.logs = std::move(logs);
    return run;
  } catch (const std::exception& error) {
    return failed_run("INTERNAL_ERROR", error.what());
  }
}

}  // namespace r8r::nodes
