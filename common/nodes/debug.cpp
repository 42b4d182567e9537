#include "common/workflow/types/debug.hpp"

#include "common/expr/json.hpp"
#include "common/nodes/body.hpp"

namespace r8r::nodes {
namespace {

// Names of fields of the input, or an object of values.
expr::Value chosen_fields(const expr::Value& fields, const expr::Value& input) {
  if (fields.is_map()) return fields;
  expr::Map chosen;
  const auto add = [&](const expr::Value& name) {
    if (!name.is_string()) return;
    const expr::Value* value = input.is_map() ? input.as_map().find(name.as_string()) : nullptr;
    chosen.set(name.as_string(), value == nullptr ? expr::Value() : *value);
  };
  if (fields.is_array()) {
    for (const expr::Value& name : fields.as_array()) add(name);
  } else {
    add(fields);
  }
  return expr::Value::map(std::move(chosen));
}

void append_part(std::string& line, std::string_view name, const expr::Value& value) {
  line += fmt::format(" {}=", name);
  expr::append_json(line, value);
}

}  // namespace

BodyResult run_debug(Call& call) {
  const auto& config = call.config_as<workflow::DebugConfig>();
  const BodyResult message = call.evaluate(config.message, "message");
  if (!message) return message;
  const BodyResult fields = call.evaluate(config.fields, "fields");
  if (!fields) return fields;
  const BodyResult custom_data = call.evaluate(config.custom_data, "custom_data");
  if (!custom_data) return custom_data;
  std::string line = fmt::format("[{}]", config.level);
  if (config.label) line += fmt::format(" {}:", *config.label);
  if (!message->is_null()) {
    line += ' ';
    expr::append_rendered(line, *message);
  }
  if (!fields->is_null()) append_part(line, "fields", chosen_fields(*fields, call.input));
  if (!custom_data->is_null()) append_part(line, "custom_data", *custom_data);
  const bool says_nothing = message->is_null() && fields->is_null() && custom_data->is_null();
  if (config.log_input.value_or(says_nothing)) append_part(line, "input", call.input);
  if (call.context.log != nullptr) {
    std::string& log = *call.context.log;
    const std::size_t room = log.size() < expr::kLogBytes ? expr::kLogBytes - log.size() : 0;
    if (line.size() + 1 > room) line.resize(room > 0 ? room - 1 : 0);
    if (room > 0) log += line + '\n';
  }
  return call.input;
}

}  // namespace r8r::nodes
