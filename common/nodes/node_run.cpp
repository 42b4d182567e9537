#include "common/expr/json.hpp"
#include "common/nodes/segment_state.hpp"
#include "common/workflow/node_types.hpp"

namespace r8r::nodes {
NodeRun failed_run(std::string_view code, std::string message) {
  NodeRun run;
  run.outcome = Outcome::failed;
  run.output = "null";
  run.error = std::move(message);
  run.error_code = code;
  run.permanent = true;
  return run;
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

tl::expected<expr::Map, Failure> Segment::State::with_expressions(const Node& node, expr::Map fields,
                                                                  expr::EvalContext& context) const {
  for (const workflow::ConfigField& field : node.config) {
    if (!field.expression) continue;
    Result<expr::Value> value = expr::evaluate(*field.expression, context);
    if (!value) return failure(kExpressionError, fmt::format("{}: {}", field.name, value.error().message));
    fields.set(field.name, std::move(*value));
  }
  return fields;
}

tl::expected<Segment::State::Configured, Failure> Segment::State::configure(const Node& node,
                                                                            expr::EvalContext& context) const {
  if (node.parsed != nullptr || node.kind->parse == nullptr) return node.parsed;
  const auto fields = config_of(node, context);
  if (!fields) return tl::make_unexpected(fields.error());
  auto parsed = workflow::parse_config(node, *fields);
  if (!parsed) return failure(kInvalidConfig, std::move(parsed.error().message));
  return std::move(*parsed);
}

std::optional<NodeRun> Segment::State::before(const Node& node, expr::EvalContext& context) {
  const auto condition = condition_of(node, context);
  if (!condition) {
    return fail_node(node, failed_run(condition.error().code, condition.error().message), context);
  }
  if (!*condition) return skip(node);
  if (!node.pinned) return std::nullopt;
  auto pinned = expr::parse_json(*node.pinned);
  if (!pinned) return fail_node(node, failed_run(kInvalidConfig, "pinned_data: " + pinned.error().message), context);
  NodeRun run;
  run.output = *node.pinned;
  output(node.index) = std::move(*pinned);
  return run;
}

NodeRun Segment::State::skip(const Node& node) {
  NodeRun run;
  run.outcome = Outcome::skipped;
  run.output = "null";
  output(node.index) = expr::Value();
  return run;
}

NodeRun Segment::State::complete(const Node& node, const expr::Value& value, expr::EvalContext& context) {
  NodeRun run;
  std::optional<std::string> text = expr::to_json_within(value, max_output_bytes);
  if (!text) {
    return fail_node(node,
                     failed_run("OUTPUT_TOO_LARGE", fmt::format("the output is over the limit of {} (as JSON)",
                                                                payload::size_text(max_output_bytes))),
                     context);
  }
  run.output = std::move(*text);
  output(node.index) = value;
  return run;
}

std::optional<expr::Value> Segment::State::recover(const Node& node, NodeRun& run, expr::EvalContext& context) {
  if (node.on_error == workflow::OnError::fail) return std::nullopt;
  expr::Value recovery;
  if (node.on_error == workflow::OnError::use_fallback) {
    if (!node.fallback_value) return std::nullopt;
    expr::Map error;
    error.set("message", expr::Value::string(run.error));
    error.set("code", expr::Value::string(run.error_code));
    error.set("node_id", expr::Value::string(node.id));
    expr::Scope scope = context.scope;
    scope.set("error", expr::Value::map(std::move(error)));
    expr::EvalContext fallback_context = context.with(scope);
    fallback_context.limits = {};  // the node may have failed because it used up its own
    fallback_context.log = nullptr;
    Result<expr::Value> value = node.fallback_value->evaluate(fallback_context);
    if (!value) {
      run.error += fmt::format("; its fallback_value failed as well: {}", value.error().message);
      return std::nullopt;
    }
    recovery = std::move(*value);
  }
  if (!expr::to_json_within(recovery, max_output_bytes)) {
    run.error += fmt::format("; its fallback_value is over the limit of {}", payload::size_text(max_output_bytes));
    return std::nullopt;
  }
  return recovery;
}

NodeRun Segment::State::fail_node(const Node& node, NodeRun run, expr::EvalContext& context) {
  std::string message = run.error;
  std::optional<expr::Value> recovery = recover(node, run, context);
  if (recovery) run.recovery = expr::to_json(*recovery);
  if (node.fallback_node >= 0) {
    // Its output is known only when the fallback node has run; until then nobody goes on with the value.
    expr::Map given;
    given.set("error", expr::Value::string(message));
    given.set("node_id", expr::Value::string(node.id));
    given.set("input", context.scope.input());
    // The input was within the limit, and the rest of it is small: more is one that nobody would read.
    const std::size_t limit = 2 * max_output_bytes;
    if (std::optional<std::string> raw = expr::to_json_within(expr::Value::map(std::move(given)), limit)) {
      run.fallback_input = std::move(*raw);
    } else {
      run.error +=
          fmt::format("; its fallback node cannot run: the input is over the limit of {}", payload::size_text(limit));
      if (recovery) output(node.index) = std::move(*recovery);
    }
  } else if (recovery) {
    output(node.index) = std::move(*recovery);
  }
  return run;
}

NodeRun Segment::State::run_node(const Node& node, const expr::Scope& scope) {
  std::string logs;
  expr::EvalContext context{.scope = scope, .now = now, .seed = seed_of(node), .log = &logs};
  NodeRun run;
  if (auto done = before(node, context)) {
    run = std::move(*done);
  } else if (node.for_each) {
    run = node.node_class == workflow::NodeClass::effect ? expand(node, context) : run_items(node, context);
  } else {
    run = run_body(node, context);
  }
  run.logs = std::move(logs);
  return run;
}

NodeRun Segment::State::run_body(const Node& node, expr::EvalContext& context) {
  const Body body = find_body(node.type);
  if (body == nullptr)
    return failed_run("INTERNAL_ERROR", fmt::format("a node of type '{}' does not run in a segment", node.type));
  const auto config = configure(node, context);
  if (!config) return fail_node(node, failed_run(config.error().code, config.error().message), context);
  Call call{*workflow, node, context.scope.input(), config->get(), context};
  BodyResult result = body(call);
  if (!result) return fail_node(node, failed_run(result.error().code, std::move(result.error().message)), context);
  NodeRun run = complete(node, *result, context);
  if (run.outcome != Outcome::completed) return run;
  if (call.approval) {
    run.outcome = Outcome::asking;
    run.approval = std::move(call.approval);
    output(node.index).reset();
  } else if (call.wait.count() > 0) {
    run.outcome = Outcome::waiting;
    run.wait = call.wait;
    output(node.index).reset();  // it holds only when the wait is over
  } else if (call.taken) {
    run.routed_away = workflow::routed_away(node, *call.taken);
    for (const int away : run.routed_away) routing.skip(away);
  }
  return run;
}

}  // namespace r8r::nodes
