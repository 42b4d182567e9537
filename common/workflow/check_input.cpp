#include "common/workflow/check_input.hpp"

#include <cmath>

#include "common/expr/json.hpp"
#include "common/workflow/workflow.hpp"

namespace r8r::workflow {
namespace {

std::string_view type_of(const expr::Value& value) {
  if (value.is_string()) return "a string";
  if (value.is_bool()) return "a boolean";
  if (value.is_int()) return "an integer";
  if (value.is_number()) return "a number";
  if (value.is_array()) return "an array";
  if (value.is_map()) return "an object";
  return "null";
}

std::string_view with_article(std::string_view type) {
  if (type == "string") return "a string";
  if (type == "number") return "a number";
  if (type == "integer") return "an integer";
  if (type == "boolean") return "a boolean";
  if (type == "object") return "an object";
  return "an array";
}

}  // namespace

bool matches_type(const expr::Value& value, std::string_view type) {
  if (type == "any") return true;
  if (type == "string") return value.is_string();
  if (type == "number") return value.is_number();
  if (type == "integer")
    return value.is_int() || (value.is_float() && std::trunc(value.as_float()) == value.as_float());
  if (type == "boolean") return value.is_bool();
  if (type == "object") return value.is_map();
  return type == "array" && value.is_array();
}

Result<std::string> check_input(const Workflow& workflow, std::string_view input) {
  auto parsed = expr::parse_json(input);
  if (!parsed)
    return fail(ErrorCode::invalid_input, fmt::format("the input is not valid JSON: {}", parsed.error().message));
  if (workflow.inputs.empty()) return std::string(input);
  if (parsed->is_null()) *parsed = expr::Value::map({});
  if (!parsed->is_map()) {
    return fail(ErrorCode::invalid_input,
                fmt::format("the input must be an object with the declared parameters, not {}", type_of(*parsed)));
  }
  std::vector<Problem> problems;
  bool changed =
      input.find_first_not_of(" \t\r\n") == std::string_view::npos || input[input.find_first_not_of(" \t\r\n")] != '{';
  for (const InputDeclaration& declared : workflow.inputs) {
    const expr::Value* given = parsed->as_map().find(declared.name);
    if (given == nullptr || given->is_null()) {
      if (declared.required && !declared.default_value) {
        problems.push_back(
            {"input." + declared.name, 0, 0, fmt::format("'{}' is required", declared.name), declared.description});
        continue;
      }
      if (given == nullptr || declared.default_value) {
        parsed->mutable_map().set(declared.name, declared.default_value.value_or(expr::Value::null()));
        changed = true;
      }
    } else if (!matches_type(*given, declared.type)) {
      problems.push_back(
          {"input." + declared.name, 0, 0,
           fmt::format("'{}' must be {}, not {}", declared.name, with_article(declared.type), type_of(*given)),
           declared.description});
    }
  }
  if (!problems.empty()) {
    std::string message = "invalid input: ";
    for (std::size_t i = 0; i < problems.size(); ++i) message += (i == 0 ? "" : "; ") + problems[i].message;
    return fail(ErrorCode::invalid_input, std::move(message), problems_json(problems));
  }
  return changed ? expr::to_json(*parsed) : std::string(input);
}

}  // namespace r8r::workflow
