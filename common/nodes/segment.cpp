#include "common/nodes/segment.hpp"

#include "common/expr/json.hpp"
#include "common/nodes/body.hpp"
#include "common/workflow/node_types.hpp"

namespace r8r::nodes {
namespace {

using workflow::Node;

// Chance differs from node to node, and is the same for the same node whatever ran before it.
std::uint64_t mix(std::uint64_t seed, std::uint64_t node) {
  std::uint64_t x = seed + 0x9e3779b97f4a7c15ull * (node + 1);
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}

expr::Value text_or_null(const std::string& text) {
  return text.empty() ? expr::Value() : expr::Value::string(text);
}

expr::Value execution_value(const ExecutionInfo& info) {
  expr::Map map;
  map.set("id", expr::Value::string(info.id));
  map.set("workflow", expr::Value::string(info.workflow));
  map.set("correlation_id", text_or_null(info.correlation_id));
  map.set("started_at", expr::Value::string(to_rfc3339(info.started_at)));
  map.set("attempt", expr::Value::integer(info.attempt));
  expr::Value webhook;
  if (!info.webhook.empty()) {
    if (auto parsed = expr::parse_json(info.webhook)) webhook = std::move(*parsed);
  }
  map.set("webhook", std::move(webhook));
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

NodeRun failed_run(std::string_view code, std::string message) {
  NodeRun run;
  run.outcome = Outcome::failed;
  run.output = "null";
  run.error = std::move(message);
  run.error_code = code;
  run.permanent = true;
  return run;
}

}  // namespace

struct Segment::State {
  std::shared_ptr<const workflow::Workflow> workflow;
  Timestamp now;
  std::uint64_t seed = 0;
  expr::Scope base;  // what is the same for every node
  expr::Value input;
  std::vector<std::optional<expr::Value>> outputs;

  const Node& node(int index) const { return workflow->nodes[static_cast<std::size_t>(index)]; }
  bool has(int index) const { return index >= 0 && static_cast<std::size_t>(index) < workflow->nodes.size(); }
  std::optional<expr::Value>& output(int index) { return outputs[static_cast<std::size_t>(index)]; }

  tl::expected<expr::Value, Failure> input_of(const Node& node) const;
  tl::expected<expr::Scope, Failure> scope_of(const Node& node) const;
  tl::expected<bool, Failure> condition_of(const Node& node, expr::EvalContext& context) const;
  tl::expected<expr::Map, Failure> config_of(const Node& node, expr::EvalContext& context) const;
  /// The config as the body wants it; the fields only when the type has no struct of its own.
  struct Configured {
    std::shared_ptr<const workflow::ParsedConfig> parsed;
    expr::Map fields;
  };
  tl::expected<Configured, Failure> configure(const Node& node, expr::EvalContext& context) const;

  /// What comes before a body: nothing if the body is to run.
  std::optional<NodeRun> before(const Node& node, expr::EvalContext& context);
  NodeRun complete(const Node& node, const expr::Value& output, expr::EvalContext& context, std::string logs);
  NodeRun fail_node(const Node& node, NodeRun run, expr::EvalContext& context, std::string logs);
  NodeRun run_body(const Node& node, const expr::Scope& scope);
};

tl::expected<expr::Value, Failure> Segment::State::input_of(const Node& node) const {
  if (node.depends_on.empty()) return input;
  const auto output_of = [&](int index) -> const std::optional<expr::Value>& {
    return outputs[static_cast<std::size_t>(index)];
  };
  for (const int index : node.depends_on) {
    if (!output_of(index))
      return failure("INTERNAL_ERROR", fmt::format("the output of node '{}' is not at hand", this->node(index).id));
  }
  if (node.depends_on.size() == 1) return *output_of(node.depends_on.front());
  expr::Map joined;
  for (const int index : node.depends_on) joined.set(this->node(index).id, *output_of(index));
  return expr::Value::map(std::move(joined));
}

tl::expected<expr::Scope, Failure> Segment::State::scope_of(const Node& node) const {
  auto own_input = input_of(node);
  if (!own_input) return tl::make_unexpected(std::move(own_input.error()));
  expr::Scope scope = base;
  scope.set_input(std::move(*own_input));
  // Exactly the upstream outputs, so that what a dynamic reference sees does not depend on how nodes were fused.
  for (const int index : node.needs) {
    const auto& output = outputs[static_cast<std::size_t>(index)];
    if (!output)
      return failure("INTERNAL_ERROR", fmt::format("the output of node '{}' is not at hand", this->node(index).id));
    scope.set_node(this->node(index).id, *output);
  }
  return scope;
}

tl::expected<bool, Failure> Segment::State::condition_of(const Node& node, expr::EvalContext& context) const {
  if (!node.condition) return true;
  const Result<expr::Value> value = expr::evaluate(*node.condition, context);
  if (!value) return failure(kExpressionError, fmt::format("condition: {}", value.error().message));
  if (!value->is_bool()) {
    return failure(kExpressionError,
                   fmt::format("condition: the value must be true or false, not {}", value->description()));
  }
  return value->as_bool();
}

tl::expected<expr::Map, Failure> Segment::State::config_of(const Node& node, expr::EvalContext& context) const {
  expr::Map config;
  const workflow::NodeType* type = node.kind;
  for (const workflow::ConfigField& field : node.config) {
    if (!field.value) continue;
    Result<expr::Value> value = field.value->evaluate(context);
    if (!value) return failure(kExpressionError, fmt::format("{}: {}", field.name, value.error().message));
    const workflow::ConfigFieldType* field_type = type == nullptr ? nullptr : type->field(field.name);
    if (field_type != nullptr && !field.value->is_constant()) {
      // A template that gives nothing leaves the field out.
      if (value->is_null() && !field_type->required) continue;
      value = workflow::check_config_value(*field_type, *value);
      if (!value) return failure(kInvalidConfig, std::move(value.error().message));
    }
    config.set(field.name, std::move(*value));
  }
  return config;
}

tl::expected<Segment::State::Configured, Failure> Segment::State::configure(const Node& node,
                                                                            expr::EvalContext& context) const {
  if (node.parsed != nullptr) return Configured{node.parsed, {}};
  auto fields = config_of(node, context);
  if (!fields) return tl::make_unexpected(std::move(fields.error()));
  if (node.kind->parse == nullptr) return Configured{nullptr, std::move(*fields)};
  auto parsed = workflow::parse_config(node, *fields);
  if (!parsed) return failure(kInvalidConfig, std::move(parsed.error().message));
  return Configured{std::move(*parsed), {}};
}

std::optional<NodeRun> Segment::State::before(const Node& node, expr::EvalContext& context) {
  const auto condition = condition_of(node, context);
  if (!condition) {
    return fail_node(node, failed_run(condition.error().code, condition.error().message), context, std::string());
  }
  if (!*condition) {
    NodeRun run;
    run.outcome = Outcome::skipped;
    run.output = "null";
    output(node.index) = expr::Value();
    return run;
  }
  if (!node.pinned) return std::nullopt;
  auto pinned = expr::parse_json(*node.pinned);
  if (!pinned)
    return fail_node(node, failed_run(kInvalidConfig, "pinned_data: " + pinned.error().message), context,
                     std::string());
  NodeRun run;
  run.output = *node.pinned;
  output(node.index) = std::move(*pinned);
  return run;
}

NodeRun Segment::State::complete(const Node& node, const expr::Value& value, expr::EvalContext& context,
                                 std::string logs) {
  NodeRun run;
  run.output = expr::to_json(value);
  if (run.output.size() > kMaxOutputBytes) {
    return fail_node(
        node,
        failed_run("OUTPUT_TOO_LARGE", fmt::format("output of {} bytes is over the limit of 8 MiB", run.output.size())),
        context, std::move(logs));
  }
  run.logs = std::move(logs);
  output(node.index) = value;
  return run;
}

NodeRun Segment::State::fail_node(const Node& node, NodeRun run, expr::EvalContext& context, std::string logs) {
  run.logs = std::move(logs);
  if (node.on_error == workflow::OnError::fail) return run;
  expr::Value recovery;
  if (node.on_error == workflow::OnError::use_fallback && node.fallback_value) {
    expr::Map error;
    error.set("message", expr::Value::string(run.error));
    error.set("code", expr::Value::string(run.error_code));
    error.set("node_id", expr::Value::string(node.id));
    expr::Scope scope = context.scope;
    scope.set("error", expr::Value::map(std::move(error)));
    expr::EvalContext fallback_context{.scope = scope, .now = now, .seed = context.seed, .log = nullptr};
    Result<expr::Value> value = node.fallback_value->evaluate(fallback_context);
    if (!value) {
      run.error += fmt::format("; its fallback_value failed as well: {}", value.error().message);
      return run;
    }
    recovery = std::move(*value);
  }
  std::string raw = expr::to_json(recovery);
  if (raw.size() > kMaxOutputBytes) {
    run.error += fmt::format("; its fallback_value of {} bytes is over the limit of 8 MiB", raw.size());
    return run;
  }
  run.recovery = std::move(raw);
  output(node.index) = std::move(recovery);
  return run;
}

NodeRun Segment::State::run_body(const Node& node, const expr::Scope& scope) {
  std::string logs;
  expr::EvalContext context{
      .scope = scope, .now = now, .seed = mix(seed, static_cast<std::uint64_t>(node.index)), .log = &logs};
  if (auto done = before(node, context)) {
    if (done->logs.empty()) done->logs = std::move(logs);
    return std::move(*done);
  }
  const Body body = find_body(node.type);
  if (body == nullptr)
    return failed_run("INTERNAL_ERROR", fmt::format("a node of type '{}' does not run in a segment", node.type));
  const auto config = configure(node, context);
  if (!config)
    return fail_node(node, failed_run(config.error().code, config.error().message), context, std::move(logs));
  Call call{*workflow, node, scope.input(), config->parsed.get(), config->fields, context};
  BodyResult result = body(call);
  if (!result)
    return fail_node(node, failed_run(result.error().code, std::move(result.error().message)), context,
                     std::move(logs));
  NodeRun run = complete(node, *result, context, std::move(logs));
  if (run.outcome == Outcome::completed && call.wait.count() > 0) {
    run.outcome = Outcome::waiting;
    run.wait = call.wait;
    output(node.index).reset();  // it holds only when the wait is over
  }
  return run;
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

NodeRun Segment::run(int index) {
  if (!state_->has(index)) return failed_run("INTERNAL_ERROR", fmt::format("there is no node number {}", index));
  try {
    const Node& node = state_->node(index);
    const auto scope = state_->scope_of(node);
    if (!scope) return failed_run(scope.error().code, scope.error().message);
    return state_->run_body(node, *scope);
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
    expr::EvalContext context{.scope = *scope,
                              .now = state_->now,
                              .seed = mix(state_->seed, static_cast<std::uint64_t>(index)),
                              .log = &logs};
    prepared.done = state_->before(node, context);
    if (prepared.done) {
      if (prepared.done->logs.empty()) prepared.done->logs = std::move(logs);
      return prepared;
    }
    auto config = state_->config_of(node, context);
    if (config) {
      prepared.config = expr::Value::map(std::move(*config));
    } else {
      prepared.done =
          state_->fail_node(node, failed_run(config.error().code, config.error().message), context, std::move(logs));
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
    expr::EvalContext context{
        .scope = *scope, .now = state_->now, .seed = mix(state_->seed, static_cast<std::uint64_t>(index))};
    if (output) return state_->complete(node, *output, context, std::move(logs));
    NodeRun run = failed_run(effect_error_code(output.error().code, node.type), std::move(output.error().message));
    run.permanent = permanent;
    run.retry_after = retry_after;
    return state_->fail_node(node, std::move(run), context, std::move(logs));
  } catch (const std::exception& error) {
    return failed_run("INTERNAL_ERROR", error.what());
  }
}

}  // namespace r8r::nodes
