#include "common/nodes/body.hpp"

namespace r8r::nodes {

BodyResult Call::evaluate(std::string_view name) const {
  const workflow::ConfigField* found = node.field(name);
  if (found == nullptr || !found->expression)
    return failure(kInvalidConfig, fmt::format("the config field '{}' is missing", name));
  return evaluate(*found->expression, name);
}

BodyResult Call::evaluate(const expr::Program& program, std::string_view place) const {
  Result<expr::Value> value = expr::evaluate(program, context);
  if (!value) return failure(kExpressionError, fmt::format("{}: {}", place, value.error().message));
  return std::move(*value);
}

BodyResult Call::evaluate(const std::optional<workflow::Operand>& operand, std::string_view place) const {
  return operand ? evaluate(*operand, place) : expr::Value();
}

BodyResult Call::evaluate(const workflow::Operand& operand, std::string_view place) const {
  if (operand.is_constant()) return operand.constant();
  Result<expr::Value> value = operand.evaluate(context);
  if (!value) return failure(kExpressionError, fmt::format("{}: {}", place, value.error().message));
  return std::move(*value);
}

Body find_body(std::string_view type) {
  struct Entry {
    std::string_view type;
    Body body;
  };
  static constexpr Entry kBodies[] = {
      {"transform", run_transform}, {"set", run_set},
      {"filter", run_filter},       {"sort", run_sort},
      {"limit", run_limit},         {"dedupe", run_dedupe},
      {"aggregate", run_aggregate}, {"summarize", run_summarize},
      {"split", run_split},         {"merge", run_merge},
      {"debug", run_debug},         {"wait", run_wait},
      {"approval", run_approval},   {"crypto", run_crypto},
      {"datetime", run_datetime},   {"if", run_if},
      {"switch", run_switch},       {"variables", run_variables},
      {"template", run_template},
  };
  for (const Entry& entry : kBodies) {
    if (entry.type == type) return entry.body;
  }
  return nullptr;
}

}  // namespace r8r::nodes
