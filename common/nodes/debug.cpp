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
  const expr::Value* level = call.field("level");
  const expr::Value* label = call.field("label");
  const expr::Value* message = call.field("message");
  const expr::Value* fields = call.field("fields");
  const expr::Value* custom_data = call.field("custom_data");
  std::string line = fmt::format("[{}]", level == nullptr ? "info" : level->as_string());
  if (label != nullptr) line += fmt::format(" {}:", label->as_string());
  if (message != nullptr) {
    line += ' ';
    expr::append_rendered(line, *message);
  }
  if (fields != nullptr) append_part(line, "fields", chosen_fields(*fields, call.input));
  if (custom_data != nullptr) append_part(line, "custom_data", *custom_data);
  const bool says_nothing = message == nullptr && fields == nullptr && custom_data == nullptr;
  if (call.flag("log_input", says_nothing)) append_part(line, "input", call.input);
  if (call.context.log != nullptr) {
    std::string& log = *call.context.log;
    const std::size_t room = log.size() < expr::kLogBytes ? expr::kLogBytes - log.size() : 0;
    if (line.size() + 1 > room) line.resize(room > 0 ? room - 1 : 0);
    if (room > 0) log += line + '\n';
  }
  return call.input;
}

}  // namespace r8r::nodes
