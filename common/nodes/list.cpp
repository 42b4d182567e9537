#include "common/nodes/list.hpp"

#include "common/expr/text.hpp"

namespace r8r::nodes {
namespace {

// The path as it was written, near enough.
std::string_view shown(const expr::Program& path) {
  std::string_view text = path.source();
  if (text.starts_with("{{") && text.ends_with("}}") && text.size() >= 4) text = text.substr(2, text.size() - 4);
  return expr::trim(text);
}

}  // namespace

BodyResult list_of(Call& call, const workflow::ListConfig& config) {
  if (!config.path) {
    if (call.input.is_array()) return call.input;
    std::string message = fmt::format("the input must be an array, not {}", call.input.description());
    if (call.input.is_map()) message += "; 'path' says where in it the array is";
    return failure(kInvalidInput, std::move(message));
  }
  Result<expr::Value> value = expr::evaluate(*config.path, call.context);
  if (!value) return failure(kExpressionError, fmt::format("path: {}", value.error().message));
  if (value->is_array()) return std::move(*value);
  return failure(kInvalidInput,
                 fmt::format("path: '{}' must be an array, not {}", shown(*config.path), value->description()));
}

}  // namespace r8r::nodes
