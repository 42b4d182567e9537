// Nodes with for_each. Pure ones run here, item by item; of effects only the list is made here, each item is a task.
#include "common/expr/json.hpp"
#include "common/nodes/segment_state.hpp"

namespace r8r::nodes {
namespace {

// So many failed items are named, one by one, in the trace of a pure node, with so much of their errors.
constexpr std::size_t kNamedErrors = 1'000;
constexpr std::size_t kNamedBytes = 1'024;

constexpr std::int64_t kStepsPerItem = 10'000;

std::string shortened(const std::string& text) {
  if (text.size() <= kNamedBytes) return text;
  std::size_t end = kNamedBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end) + "…";
}

}  // namespace

tl::expected<expr::Value, Failure> Segment::State::items_of(const Node& node, expr::EvalContext& context) const {
  expr::Value list = context.scope.input();
  if (node.for_each->list) {
    Result<expr::Value> value = expr::evaluate(*node.for_each->list, context);
    if (!value) return failure(kExpressionError, fmt::format("for_each: {}", value.error().message));
    list = std::move(*value);
  }
  if (!list.is_array()) {
    return failure(kInvalidInput, fmt::format("the {} of for_each is {}, not an array",
                                              node.for_each->list ? "value" : "input", list.description()));
  }
  const auto limit = static_cast<std::size_t>(workflow->settings.max_for_each_items);
  if (list.as_array().size() > limit) {
    return failure(kInvalidInput, fmt::format("for_each has {} items; settings.max_for_each_items allows {}",
                                              list.as_array().size(), limit));
  }
  return list;
}

NodeRun Segment::State::run_items(const Node& node, expr::EvalContext& context) {
  const auto items = items_of(node, context);
  if (!items) return fail_node(node, failed_run(items.error().code, items.error().message), context);
  const Body body = find_body(node.type);
  if (body == nullptr)
    return failed_run("INTERNAL_ERROR", fmt::format("a node of type '{}' does not run in a segment", node.type));

  const auto count = static_cast<int>(items->as_array().size());
  std::vector<expr::Value> outputs;
  outputs.reserve(items->as_array().size());
  std::vector<ItemError> errors;
  std::uint64_t weight = 0;
  // Honest work grows with the list, so its bound does too; no list may hold the worker for as long as each item could.
  std::int64_t steps = context.limits.operations + kStepsPerItem * count;
  for (int i = 0; i < count; ++i) {
    const expr::Value& item = items->as_array()[static_cast<std::size_t>(i)];
    expr::Scope scope = context.scope;
    scope.set_input(item);
    scope.set_item(item, i);
    expr::EvalContext own = context.with(scope);
    own.seed = mix(context.seed, static_cast<std::uint64_t>(i));
    own.limits.operations = std::min(own.limits.operations, steps);
    BodyResult result = tl::make_unexpected(Failure{});
    const auto config = configure(node, own);
    if (config) {
      Call call{*workflow, node, item, config->get(), own};
      result = body(call);
    } else {
      result = tl::make_unexpected(config.error());
    }
    steps -= own.used;
    if (!result) {
      NodeRun failed = failed_run(result.error().code, std::move(result.error().message));
      ItemError error{.index = i, .error = shortened(failed.error), .error_code = failed.error_code};
      std::optional<expr::Value> recovery = recover(node, failed, own);
      error.recovered = recovery.has_value();
      if (errors.size() < kNamedErrors || !recovery) errors.push_back(std::move(error));
      if (!recovery) {
        failed.item_count = count;
        failed.item_errors = std::move(errors);
        return failed;
      }
      result = std::move(*recovery);
    }
    weight += result->measure().weight;
    outputs.push_back(std::move(*result));
    // Long before the text of it is made; the exact limit is looked at there.
    if (weight > 2 * max_output_bytes) {
      NodeRun failed =
          failed_run("OUTPUT_TOO_LARGE", fmt::format("the outputs of {} of {} items are over the limit of {}", i + 1,
                                                     count, payload::size_text(max_output_bytes)));
      failed.item_count = count;
      return failed;
    }
  }
  NodeRun run = complete(node, expr::Value::array(std::move(outputs)), context);
  run.item_count = count;
  run.item_errors = std::move(errors);
  return run;
}

NodeRun Segment::State::expand(const Node& node, expr::EvalContext& context) {
  const auto items = items_of(node, context);
  if (!items) return fail_node(node, failed_run(items.error().code, items.error().message), context);
  NodeRun run;
  run.outcome = Outcome::expanded;
  run.output = "null";
  run.item_count = static_cast<int>(items->as_array().size());
  std::size_t bytes = 0;
  for (const expr::Value& item : items->as_array()) {
    std::optional<std::string> text = expr::to_json_within(item, max_output_bytes - bytes);
    if (!text) {
      return fail_node(
          node,
          failed_run("OUTPUT_TOO_LARGE", fmt::format("the items of for_each are over the limit of {} together",
                                                     payload::size_text(max_output_bytes))),
          context);
    }
    bytes += text->size();
    run.items.push_back(std::move(*text));
  }
  return run;
}

}  // namespace r8r::nodes
