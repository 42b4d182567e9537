#include <gtest/gtest.h>

#include "tests/unit/workflow/loading.hpp"

namespace r8r::workflow {
namespace {

std::shared_ptr<const Workflow> with_inputs(std::string_view inputs) {
  return must_load(with_node_lines(fmt::format("inputs: {}\n", inputs)));
}

std::string checked(std::string_view inputs, std::string_view input) {
  const auto result = check_input(*with_inputs(inputs), input);
  return result ? *result : "error: " + result.error().message;
}

TEST(CheckInput, WithoutDeclarationsAnyJsonIsRight) {
  const auto workflow = must_load(with_node_lines(""));
  for (const std::string input : {"null", "5", "[1]", "\"x\"", "{\"a\":1}"})
    EXPECT_EQ(check_input(*workflow, input).value(), input);
  EXPECT_EQ(check_input(*workflow, "{\"a\":").error().code, ErrorCode::invalid_input);
}

TEST(CheckInput, DefaultsFillInForMissingAndNull) {
  const std::string inputs = "{a: {type: number, default: 1.5}, b: {type: string}, c: {default: [1]}}";
  EXPECT_EQ(checked(inputs, "{}"), R"({"a":1.5,"b":null,"c":[1]})");
  EXPECT_EQ(checked(inputs, R"({"a":null,"b":"x","c":2})"), R"({"a":1.5,"b":"x","c":2})");
  EXPECT_EQ(checked(inputs, "null"), R"({"a":1.5,"b":null,"c":[1]})");
}

TEST(CheckInput, WhatIsCompleteStaysAsItWasWritten) {
  EXPECT_EQ(checked("{a: {type: number}}", "{ \"a\" : 1.50, \"more\": 2 }"), "{ \"a\" : 1.50, \"more\": 2 }");
}

TEST(CheckInput, EveryBadParameterIsNamedAtOnce) {
  const std::string inputs =
      "{a: {type: string, required: true, description: Who}, b: {type: integer}, c: {type: bool}, d: {type: any, "
      "required: true}}";
  const auto result = check_input(*with_inputs(inputs), R"({"b": 1.5, "c": "yes"})");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::invalid_input);
  EXPECT_EQ(result.error().message,
            "invalid input: 'a' is required; 'b' must be an integer, not a number; 'c' must be a boolean, not a "
            "string; 'd' is required");
  EXPECT_NE(
      result.error().details.find(R"({"path":"input.a","line":0,"column":0,"message":"'a' is required","hint":"Who"})"),
      std::string::npos)
      << result.error().details;
}

TEST(CheckInput, TypesAreChecked) {
  const auto right = [](std::string_view type, std::string_view value) {
    return check_input(*with_inputs(fmt::format("{{x: {{type: {}}}}}", type)), fmt::format("{{\"x\":{}}}", value))
        .has_value();
  };
  EXPECT_TRUE(right("string", "\"a\"") && !right("string", "1"));
  EXPECT_TRUE(right("number", "1") && right("number", "1.5") && !right("number", "\"1\""));
  EXPECT_TRUE(right("float", "1.5") && !right("float", "true"));
  EXPECT_TRUE(right("integer", "1") && right("integer", "2.0") && !right("integer", "2.5"));
  EXPECT_TRUE(right("boolean", "true") && right("bool", "false") && !right("bool", "0"));
  EXPECT_TRUE(right("object", "{}") && !right("object", "[]"));
  EXPECT_TRUE(right("array", "[]") && !right("array", "{}"));
  EXPECT_TRUE(right("any", "[{}]"));
}

TEST(CheckInput, DeclaredInputsNeedAnObject) {
  EXPECT_EQ(checked("{a: {}}", "[1]"), "error: the input must be an object with the declared parameters, not an array");
}

TEST(CheckInput, DeclarationsAreChecked) {
  EXPECT_EQ(problems_of(with_node_lines(
                "inputs: {a: {type: strin}, b: string, c: {type: number, default: x}, d: {requird: true}}\n")),
            "6:20 inputs.a.type: unknown type 'strin' (did you mean 'string'?)\n"
            "6:31 inputs.b: an input must be a map with 'type', not a string (write b: {type: string})\n"
            "6:66 inputs.c.default: the default must be of type number, not a string\n"
            "6:74 inputs.d.requird: unknown field 'requird' in inputs.d (did you mean 'required'?)\n");
  EXPECT_EQ(problems_of(with_node_lines("inputs: [a]\n")), "6:9 inputs: 'inputs' must be a map, not a list\n");
}

}  // namespace
}  // namespace r8r::workflow
