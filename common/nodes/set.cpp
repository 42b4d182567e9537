#include "common/nodes/body.hpp"

namespace r8r::nodes {
namespace {

// "a.b.c" sets c in the object b in the object a, making objects on the way. Returns false for too many dots.
bool set_path(expr::Value& object, std::string_view name, const expr::Value& value) {
  constexpr int kMaxParts = 64;
  expr::Value* at = &object;
  for (int parts = 1; parts <= kMaxParts; ++parts) {
    if (!at->is_map()) *at = expr::Value::map({});
    expr::Map& map = at->mutable_map();
    const std::size_t dot = name.find('.');
    // A dot at either end, or two in a row, is no path but a peculiar name.
    if (dot == std::string_view::npos || dot == 0 || dot + 1 == name.size() || name[dot + 1] == '.') {
      map.set(name, value);
      return true;
    }
    const std::string_view step = name.substr(0, dot);
    name.remove_prefix(dot + 1);
    if (!map.contains(step)) map.set(step, expr::Value::map({}));
    at = map.find_mutable(step);
  }
  return false;
}

BodyResult set_field(expr::Value& object, std::string_view name, const expr::Value& value) {
  if (name.empty()) return failure(kInvalidConfig, "fields: a name is empty");
  if (!set_path(object, name, value))
    return failure(kInvalidConfig, fmt::format("fields: '{}' has too many dots", name));
  return expr::Value();
}

}  // namespace

BodyResult run_set(Call& call) {
  expr::Value output = call.input.is_map() && call.flag("keep_input", true) ? call.input : expr::Value::map({});
  if (const expr::Value* values = call.field("values")) {
    for (const auto& [name, value] : values->as_map()) {
      if (auto done = set_field(output, name, value); !done) return done;
    }
  }
  if (const expr::Value* fields = call.field("fields")) {
    for (const expr::Value& field : fields->as_array()) {
      const expr::Value* name = field.is_map() ? field.as_map().find("name") : nullptr;
      const expr::Value* value = field.is_map() ? field.as_map().find("value") : nullptr;
      if (name == nullptr || !name->is_string() || value == nullptr) {
        return failure(kInvalidConfig, "fields: each entry must be an object with 'name' (a string) and 'value'");
      }
      if (auto done = set_field(output, name->as_string(), *value); !done) return done;
    }
  }
  return output;
}

}  // namespace r8r::nodes
