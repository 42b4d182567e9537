#include "common/workflow/sections.hpp"

namespace r8r::workflow {
namespace {

constexpr double kMaxDelaySeconds = 30 * 86'400.0;

}  // namespace

std::chrono::milliseconds from_seconds(double seconds) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1'000 + 0.5));
}

const SourceNode* read_for_each(FieldReader& node_fields, Node& node) {
  const SourceNode* source = node_fields.take("for_each");
  if (source == nullptr || source->is_null()) return nullptr;
  const std::string path = node_fields.path_of("for_each");
  if (!source->is_scalar()) {
    node_fields.problems().add(
        path, *source,
        fmt::format("'for_each' must be true or an expression that gives an array, not {}", source->kind_name()),
        "for example for_each: input.items");
    return nullptr;
  }
  const expr::Value value = scalar_value(*source);
  if (value.is_bool() && !value.as_bool()) return nullptr;
  if (node.node_class == NodeClass::control || node.type == "variables") {
    node_fields.problems().add(path, *source, fmt::format("nodes of type {} cannot be run for each item", node.type));
    return nullptr;
  }
  node.for_each.emplace();
  return value.is_bool() ? nullptr : source;
}

void read_retry(FieldReader& node_fields, Node& node) {
  const SourceNode* map = node_fields.map("retry");
  if (map == nullptr) return;
  FieldReader fields(*map, node_fields.path_of("retry"), node_fields.problems());
  RetryPolicy& retry = node.retry;
  retry.max_attempts = static_cast<int>(fields.integer("max_attempts", 1, 100).value_or(3));
  const auto delay_seconds = fields.number("delay_seconds", 0, kMaxDelaySeconds);
  const auto delay_ms = fields.number("initial_delay_ms", 0, kMaxDelaySeconds * 1'000);
  if (delay_seconds && delay_ms) {
    fields.problems().add(fields.path_of("initial_delay_ms"), *map->find("initial_delay_ms"),
                          "'delay_seconds' and 'initial_delay_ms' are two names of one field", "give one of them");
  }
  if (delay_seconds) retry.delay = from_seconds(*delay_seconds);
  if (delay_ms) retry.delay = from_seconds(*delay_ms / 1'000);
  if (const auto backoff = fields.word("backoff", {"fixed", "linear", "exponential"})) {
    retry.backoff = *backoff == "linear"        ? Backoff::linear
                    : *backoff == "exponential" ? Backoff::exponential
                                                : Backoff::fixed;
  }
  if (const auto seconds = fields.number("max_delay_seconds", 0, kMaxDelaySeconds))
    retry.max_delay = from_seconds(*seconds);
  retry.jitter = fields.boolean("jitter").value_or(false);
  if (const auto which = fields.word("retry_on", {"transient", "all"})) retry.all_errors = *which == "all";
  if (const auto then = fields.word("on_exhausted", {"fail", "pause"})) retry.pause_when_exhausted = *then == "pause";
  if (const auto then = fields.word("on_worker_lost", {"retry", "fail"})) retry.fail_when_worker_lost = *then == "fail";
  fields.finish();
}

void read_on_error(FieldReader& node_fields, Node& node, NodeDraft& draft) {
  const SourceNode* source = node_fields.source().find("on_error");
  if (source != nullptr && source->is_scalar()) {
    node_fields.take("on_error");
    node_fields.problems().add(node_fields.path_of("on_error"), *source, "'on_error' must be a map",
                               fmt::format("write on_error: {{action: {}}}", source->scalar));
    return;
  }
  const SourceNode* map = node_fields.map("on_error");
  if (map == nullptr) return;
  FieldReader fields(*map, node_fields.path_of("on_error"), node_fields.problems());
  auto action = fields.word("action", {"fail", "continue", "skip", "fallback"});
  if (fields.boolean("continue").value_or(false)) {
    if (action && *action != "continue" && *action != "skip") {
      fields.problems().add(fields.path_of("continue"), *map->find("continue"),
                            fmt::format("'continue: true' contradicts 'action: {}'", *action), "give one of them");
    } else {
      action = "continue";
    }
  }
  const SourceNode* value = fields.take("fallback_value");
  const SourceNode* fallback = fields.take("fallback_node");
  fields.finish();
  if (fallback != nullptr && fallback->is_null()) fallback = nullptr;
  if (fallback != nullptr && !fallback->is_scalar()) {
    fields.problems().add(fields.path_of("fallback_node"), *fallback,
                          fmt::format("'fallback_node' must be the id of a node, not {}", fallback->kind_name()));
    return;
  }
  if ((value != nullptr || fallback != nullptr) && !action && map->find("action") == nullptr) action = "fallback";
  if (!action) return;
  if (*action == "continue" || *action == "skip") node.on_error = OnError::use_null;
  if (*action != "fallback") {
    if (value != nullptr) {
      fields.problems().add(fields.path_of("fallback_value"), *value,
                            fmt::format("'fallback_value' has no effect with 'action: {}'", *action),
                            "write action: fallback, or remove it");
    }
    if (fallback != nullptr) {
      fields.problems().add(fields.path_of("fallback_node"), *fallback,
                            fmt::format("'fallback_node' has no effect with 'action: {}'", *action),
                            "write action: fallback, or remove it");
    }
    return;
  }
  node.on_error = OnError::use_fallback;
  if (value == nullptr && fallback == nullptr) {
    fields.problems().add(fields.path_of("fallback_value"), *map,
                          "'action: fallback' needs a 'fallback_value' or a 'fallback_node'");
  }
  draft.fallback_value = value;
  draft.fallback_node = fallback;
}

}  // namespace r8r::workflow
