#include "common/workflow/check_input.hpp"

#include <cmath>

#include "common/expr/json.hpp"
#include "common/workflow/json_schema.hpp"
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

namespace {

// Fills defaults in and checks types; whether the value changed.
bool check_declared(const Workflow& workflow, expr::Value& value, std::vector<Problem>& problems) {
  bool changed = false;
  for (const InputDeclaration& declared : workflow.inputs) {
    const expr::Value* given = value.as_map().find(declared.name);
    if (given == nullptr || given->is_null()) {
      if (declared.required && !declared.default_value) {
        problems.push_back(
            {"input." + declared.name, 0, 0, fmt::format("'{}' is required", declared.name), declared.description});
        continue;
      }
      if (given == nullptr || declared.default_value) {
        value.mutable_map().set(declared.name, declared.default_value.value_or(expr::Value::null()));
        changed = true;
      }
    } else if (!matches_type(*given, declared.type)) {
      problems.push_back(
          {"input." + declared.name, 0, 0,
           fmt::format("'{}' must be {}, not {}", declared.name, with_article(declared.type), type_of(*given)),
           declared.description});
    }
  }
  return changed;
}

void check_schema(const JsonSchema& schema, const expr::Value& value, std::vector<Problem>& problems) {
  const std::size_t declared = problems.size();
  for (JsonSchema::Violation& violation : schema.check(value)) {
    const std::string subject = violation.path.empty() ? "the input" : fmt::format("'{}'", violation.path);
    std::string path =
        violation.path.empty() ? "input" : (violation.path.front() == '[' ? "input" : "input.") + violation.path;
    // What `inputs` found wrong is said once.
    const bool known = std::any_of(problems.begin(), problems.begin() + static_cast<std::ptrdiff_t>(declared),
                                   [&](const Problem& problem) { return problem.path == path; });
    if (!known) problems.push_back({std::move(path), 0, 0, fmt::format("{} {}", subject, violation.message), ""});
  }
}

tl::unexpected<Error> refusal(const std::vector<Problem>& problems) {
  constexpr std::size_t kShown = 10;
  std::string message = "invalid input: ";
  for (std::size_t i = 0; i < problems.size() && i < kShown; ++i) message += (i == 0 ? "" : "; ") + problems[i].message;
  if (problems.size() > kShown) message += fmt::format("; and {} more", problems.size() - kShown);
  return fail(ErrorCode::invalid_input, std::move(message), problems_json(problems));
}

}  // namespace

Result<std::string> check_input(const Workflow& workflow, std::string_view input) {
  auto parsed = expr::parse_json(input);
  if (!parsed)
    return fail(ErrorCode::invalid_input, fmt::format("the input is not valid JSON: {}", parsed.error().message));
  if (workflow.inputs.empty() && workflow.input_schema == nullptr) return std::string(input);
  // No input is the same as one without fields, unless the schema takes null.
  bool changed = false;
  if (parsed->is_null() && (!workflow.inputs.empty() || !workflow.input_schema->check(*parsed).empty())) {
    *parsed = expr::Value::map({});
    changed = true;
  }
  std::vector<Problem> problems;
  if (!workflow.inputs.empty()) {
    if (!parsed->is_map()) {
      return fail(ErrorCode::invalid_input,
                  fmt::format("the input must be an object with the declared parameters, not {}", type_of(*parsed)));
    }
    changed = check_declared(workflow, *parsed, problems) || changed;
  }
  if (workflow.input_schema != nullptr) check_schema(*workflow.input_schema, *parsed, problems);
  if (!problems.empty()) return refusal(problems);
  return changed ? expr::to_json(*parsed) : std::string(input);
}

}  // namespace r8r::workflow
