#include "common/workflow/types/template.hpp"

#include "common/expr/json.hpp"
#include "common/nodes/body.hpp"
#include "common/workflow/node_types.hpp"

namespace r8r::nodes {

BodyResult run_template(Call& call) {
  const auto& config = call.config_as<workflow::TemplateConfig>();
  BodyResult fields = call.evaluate(config.fields, "fields");
  if (!fields || fields->is_map()) return fields;
  if (!fields->is_null()) {
    return failure(kInvalidConfig, fmt::format("'fields' must be a map, not {}", workflow::shown_in_message(*fields)));
  }
  const BodyResult value = call.evaluate(config.text, "template");
  if (!value) return value;
  std::string text;
  expr::append_rendered(text, *value);
  expr::Map output;
  output.set("text", expr::Value::string(std::move(text)));
  return expr::Value::map(std::move(output));
}

}  // namespace r8r::nodes
