#include "common/workflow/json_schema.hpp"

#include <gtest/gtest.h>

#include "common/expr/json.hpp"
#include "common/workflow/problem_list.hpp"
#include "common/workflow/source_reader.hpp"
#include "tests/unit/workflow/loading.hpp"

namespace r8r::workflow {
namespace {

struct Compiled {
  std::shared_ptr<const JsonSchema> schema;
  std::string problems;
  std::string warnings;
};

Compiled compile(std::string_view text) {
  Compiled result;
  ProblemList problems(text);
  const ReadResult read = read_source(text);
  if (!read.root) return {nullptr, "unreadable", ""};
  result.schema = JsonSchema::compile(*read.root, "s", problems);
  const auto lines = [](const std::vector<Problem>& list) {
    std::string out;
    for (const Problem& problem : list)
      out += fmt::format("{}:{} {}: {}\n", problem.line, problem.column, problem.path, problem.message);
    return out;
  };
  result.problems = lines(problems.take_problems());
  result.warnings = lines(problems.take_warnings());
  EXPECT_EQ(result.schema == nullptr, !result.problems.empty());
  return result;
}

// What does not fit, a line each: "path: message".
std::string violations(std::string_view schema, std::string_view json) {
  const Compiled compiled = compile(schema);
  if (!compiled.schema) return compiled.problems;
  const auto value = expr::parse_json(json);
  if (!value) return "no JSON";
  std::string out;
  for (const auto& violation : compiled.schema->check(*value))
    out += fmt::format("{}: {}\n", violation.path, violation.message);
  return out;
}

TEST(JsonSchema, Types) {
  EXPECT_EQ(violations("type: string", "\"x\""), "");
  EXPECT_EQ(violations("type: string", "5"), ": must be a string, not an integer\n");
  EXPECT_EQ(violations("type: integer", "1.0"), "");
  EXPECT_EQ(violations("type: integer", "1.5"), ": must be an integer, not a number\n");
  EXPECT_EQ(violations("type: number", "1"), "");
  EXPECT_EQ(violations("type: [string, 'null']", "null"), "");
  EXPECT_EQ(violations("type: [string, null]", "true"), ": must be null or a string, not a boolean\n");
  EXPECT_EQ(violations("type: object", "[]"), ": must be an object, not an array\n");
  EXPECT_EQ(violations("{}", "5"), "");
  EXPECT_EQ(violations("true", "5"), "");
  EXPECT_EQ(violations("false", "5"), ": is not allowed\n");
}

TEST(JsonSchema, Numbers) {
  EXPECT_EQ(violations("{minimum: 2, maximum: 3}", "2"), "");
  EXPECT_EQ(violations("{minimum: 2}", "1.5"), ": must be at least 2, not 1.5\n");
  EXPECT_EQ(violations("{maximum: 3}", "4"), ": must be at most 3, not 4\n");
  EXPECT_EQ(violations("{exclusiveMinimum: 0}", "0"), ": must be greater than 0, not 0\n");
  EXPECT_EQ(violations("{exclusiveMaximum: 1}", "1"), ": must be less than 1, not 1\n");
  EXPECT_EQ(violations("{multipleOf: 0.1}", "0.3"), "");
  EXPECT_EQ(violations("{multipleOf: 5}", "9007199254740993"), ": must be a multiple of 5, not 9007199254740993\n");
  EXPECT_EQ(violations("{minimum: 2}", "\"x\""), "") << "only numbers are compared";
}

TEST(JsonSchema, Text) {
  EXPECT_EQ(violations("{minLength: 2, maxLength: 3}", "\"äö\""), "");
  EXPECT_EQ(violations("{minLength: 3}", "\"äö\""), ": must have at least 3 characters, not 2\n");
  EXPECT_EQ(violations("{pattern: '^a+$'}", "\"aaa\""), "");
  EXPECT_EQ(violations("{pattern: '^a+$'}", "\"ab\""), ": must match the pattern ^a+$\n");
}

TEST(JsonSchema, Formats) {
  const auto fits = [](const std::string& format, const std::string& text) {
    return violations("format: " + format, "\"" + text + "\"").empty();
  };
  EXPECT_TRUE(fits("date-time", "2026-01-20T14:30:00Z"));
  EXPECT_FALSE(fits("date-time", "2026-01-20"));
  EXPECT_TRUE(fits("date", "2028-02-29"));
  EXPECT_FALSE(fits("date", "2026-02-29"));
  EXPECT_TRUE(fits("time", "14:30:00Z"));
  EXPECT_FALSE(fits("time", "25:00:00Z"));
  EXPECT_TRUE(fits("email", "a.b@example.com"));
  EXPECT_FALSE(fits("email", "a b@example"));
  EXPECT_TRUE(fits("uuid", "123e4567-e89b-12d3-a456-426614174000"));
  EXPECT_FALSE(fits("uuid", "123e4567"));
  EXPECT_TRUE(fits("uri", "https://example.com/x"));
  EXPECT_FALSE(fits("uri", "example.com"));
  EXPECT_TRUE(fits("ipv4", "192.0.2.255"));
  EXPECT_FALSE(fits("ipv4", "192.0.2.256"));
  EXPECT_FALSE(fits("ipv4", "1.2.3.4."));
  EXPECT_TRUE(fits("hostname", "a-b.example"));
  EXPECT_FALSE(fits("hostname", "-a.example"));
}

TEST(JsonSchema, Values) {
  EXPECT_EQ(violations("enum: [a, 1, {b: [2]}]", R"({"b":[2.0]})"), "");
  EXPECT_EQ(violations("enum: [a, 1]", "\"b\""), ": must be one of \"a\", 1\n");
  EXPECT_EQ(violations("const: 1", "1.0"), "");
  EXPECT_EQ(violations("const: x", "1"), ": must be \"x\"\n");
}

TEST(JsonSchema, Arrays) {
  EXPECT_EQ(violations("{minItems: 1, maxItems: 2}", "[1]"), "");
  EXPECT_EQ(violations("{minItems: 1}", "[]"), ": must have at least 1 items, not 0\n");
  EXPECT_EQ(violations("{items: {type: integer}}", "[1, \"x\", 2, null]"),
            "[1]: must be an integer, not a string\n[3]: must be an integer, not null\n");
  EXPECT_EQ(violations("{prefixItems: [{type: string}], items: false}", "[\"a\", 2]"), "[1]: is not allowed\n");
  EXPECT_EQ(violations("{items: [{type: string}], additionalItems: {type: integer}}", "[\"a\", 2, \"b\"]"),
            "[2]: must be an integer, not a string\n");
  EXPECT_EQ(violations("uniqueItems: true", R"([{"a":1,"b":2},3,{"b":2.0,"a":1}])"),
            ": must have no item twice: 0 and 2 are the same\n");
  EXPECT_EQ(violations("{contains: {type: integer}}", "[\"a\"]"),
            ": must have at least 1 items that fit 'contains', not 0\n");
  EXPECT_EQ(violations("{contains: {type: integer}, minContains: 0, maxContains: 1}", "[1, 2]"),
            ": must have at most 1 items that fit 'contains', not 2\n");
}

TEST(JsonSchema, Objects) {
  EXPECT_EQ(violations("{properties: {a: {type: integer}, b: {properties: {c: {type: string}}}}, required: [a, d]}",
                       R"({"a":"x","b":{"c":1}})"),
            "d: is required\na: must be an integer, not a string\nb.c: must be a string, not an integer\n");
  EXPECT_EQ(violations("{properties: {a: true}, additionalProperties: false}", R"({"a":1,"b":2})"),
            "b: is not a known property\n");
  EXPECT_EQ(violations("{additionalProperties: {type: integer}}", R"({"a":1,"b":"x"})"),
            "b: must be an integer, not a string\n");
  EXPECT_EQ(
      violations("{patternProperties: {'^x-': {type: string}}, additionalProperties: false}", R"({"x-a":1,"y":2})"),
      "x-a: must be a string, not an integer\ny: is not a known property\n");
  EXPECT_EQ(violations("{propertyNames: {maxLength: 2}}", R"({"abc":1})"), "abc: has a name that is not allowed\n");
  EXPECT_EQ(violations("{minProperties: 1}", "{}"), ": must have at least 1 properties, not 0\n");
  EXPECT_EQ(violations("{dependentRequired: {card: [cvc]}}", R"({"card":1})"), "cvc: is required beside 'card'\n");
  EXPECT_EQ(violations("{dependencies: {card: [cvc]}}", R"({"card":1})"), "cvc: is required beside 'card'\n");
  EXPECT_EQ(violations("{dependentSchemas: {card: {required: [cvc]}}}", R"({"card":1})"), "cvc: is required\n");
  EXPECT_EQ(violations("{required: [a]}", "5"), "") << "only objects have properties";
}

TEST(JsonSchema, Combinations) {
  EXPECT_EQ(violations("allOf: [{minimum: 1}, {maximum: 0}]", "5"), ": must be at most 0, not 5\n");
  EXPECT_EQ(violations("anyOf: [{type: string}, {minimum: 3}]", "5"), "");
  EXPECT_EQ(violations("anyOf: [{type: string}, {type: 'null'}]", "5"), ": must be null or a string, not an integer\n");
  EXPECT_EQ(violations("anyOf: [{type: string}, {type: integer, minimum: 9}]", "5"), ": must be at least 9, not 5\n");
  EXPECT_EQ(violations("anyOf: [{minimum: 9}, {minimum: 8}]", "5"), ": fits none of the alternatives\n");
  EXPECT_EQ(violations("oneOf: [{minimum: 1}, {minimum: 8}]", "5"), "");
  EXPECT_EQ(violations("oneOf: [{minimum: 1}, {minimum: 2}]", "5"),
            ": must fit exactly one of the alternatives, not several\n");
  EXPECT_EQ(violations("not: {type: integer}", "5"), ": has a form that 'not' excludes\n");
  const std::string_view by_country =
      "{if: {properties: {country: {const: US}}}, then: {required: [zip]}, else: {required: [city]}}";
  EXPECT_EQ(violations(by_country, R"({"country":"US"})"), "zip: is required\n");
  EXPECT_EQ(violations(by_country, R"({"country":"DE"})"), "city: is required\n");
}

TEST(JsonSchema, References) {
  const std::string_view tree =
      "{type: object, properties: {v: {type: integer}, kids: {type: array, items: {$ref: '#'}}}}";
  EXPECT_EQ(violations(tree, R"({"v":1,"kids":[{"v":2},{"kids":[{"v":"x"}]}]})"),
            "kids[1].kids[0].v: must be an integer, not a string\n");
  EXPECT_EQ(violations("{$defs: {id: {minimum: 1}}, properties: {a: {$ref: '#/$defs/id', maximum: 5}}}", R"({"a":0})"),
            "a: must be at least 1, not 0\n");
  EXPECT_EQ(violations("{$defs: {a/b: {minimum: 1}}, $ref: '#/$defs/a~1b'}", "0"), ": must be at least 1, not 0\n");
}

TEST(JsonSchema, AWrongSchemaIsReportedAtItsPlace) {
  EXPECT_EQ(compile("type: sting").problems, "1:7 s.type: unknown type 'sting'\n");
  EXPECT_EQ(compile("{minimum: x, maxLength: -1, uniqueItems: 5}").problems,
            "1:11 s.minimum: 'minimum' must be a number from -1.7976931348623157e+308 to 1.7976931348623157e+308, not "
            "'x'\n1:25 s.maxLength: 'maxLength' must be an integer from 0 to 1000000000, not '-1'\n1:42 s.uniqueItems: "
            "'uniqueItems' must be true or false, not '5'\n");
  EXPECT_EQ(compile("{properties: {a: {required: true}}}").problems,
            "1:29 s.properties.a.required: a list of names is expected, not a boolean\n");
  EXPECT_EQ(compile("properties:\n  a: 5\n").problems,
            "2:6 s.properties.a: a schema must be a map, true or false, not a number\n");
  EXPECT_EQ(compile("pattern: '(x'").problems.substr(0, 52), "1:10 s.pattern: '(x' is not a regular expression: mi");
  EXPECT_EQ(compile("{minLength: 3, maxLength: 2}").problems,
            "1:27 s.maxLength: 'maxLength' is less than 'minLength': no value fits\n");
  EXPECT_EQ(compile("{$defs: {a: {type: x}}}").problems, "1:20 s.$defs.a.type: unknown type 'x'\n");
}

TEST(JsonSchema, ReferencesStayInside) {
  EXPECT_EQ(compile("$ref: 'https://example.com/s.json'").problems,
            "1:7 s.$ref: the reference 'https://example.com/s.json' leaves the schema; nothing is fetched\n");
  EXPECT_EQ(compile("$ref: '#/$defs/x'").problems,
            "1:7 s.$ref: the reference '#/$defs/x' names nothing in the schema\n");
  EXPECT_EQ(compile("$ref: '#name'").problems, "1:7 s.$ref: the reference '#name' names nothing in the schema\n");
}

TEST(JsonSchema, EndlessSchemasAreRefused) {
  EXPECT_EQ(compile("$ref: '#'").problems, "1:7 s: the schema refers to itself without end\n");
  EXPECT_NE(compile("{$defs: {a: {anyOf: [{$ref: '#/$defs/b'}]}, b: {not: {$ref: '#/$defs/a'}}}}").problems, "");
  EXPECT_EQ(compile("{properties: {a: {$ref: '#'}}}").problems, "");
}

TEST(JsonSchema, WhatIsNotCheckedIsAWarning) {
  EXPECT_EQ(compile("{unevaluatedProperties: false}").warnings,
            "1:2 s.unevaluatedProperties: the keyword 'unevaluatedProperties' is not checked\n");
  EXPECT_EQ(compile("{requierd: [a]}").warnings,
            "1:2 s.requierd: 'requierd' is no keyword of JSON Schema and has no effect\n");
  EXPECT_EQ(compile("{format: phone}").warnings, "1:10 s.format: the format 'phone' is not checked\n");
  EXPECT_EQ(compile("{$schema: x, title: t, x-mine: 1, examples: [1], default: 5}").warnings, "");
}

// Each of these would take minutes or the whole stack if it were followed to the end.
TEST(JsonSchema, CheckingIsBounded) {
  const std::string refusal = ": is too large or too deep to be checked against input_schema\n";
  std::string doubling = "$defs:\n  d0: {type: string}\n";
  for (int i = 1; i < 40; ++i)
    doubling += fmt::format("  d{0}: {{anyOf: [{{$ref: '#/$defs/d{1}'}}, {{$ref: '#/$defs/d{1}'}}]}}\n", i, i - 1);
  EXPECT_EQ(violations(doubling + "$ref: '#/$defs/d39'\n", "5"), refusal);

  std::string chain = "$defs:\n  d0: {type: integer}\n";
  for (int i = 1; i < 5'000; ++i) chain += fmt::format("  d{}: {{$ref: '#/$defs/d{}'}}\n", i, i - 1);
  EXPECT_EQ(violations(chain + "$ref: '#/$defs/d4999'\n", "5"), refusal);

  std::string numbers = "[0";
  for (int i = 1; i < 100'000; ++i) numbers += fmt::format(",{}", i);
  EXPECT_EQ(violations("uniqueItems: true", numbers + "]"), "");
  EXPECT_EQ(violations("pattern: '^(a|aa)+$'", "\"" + std::string(500'000, 'a') + "b\""),
            ": must match the pattern ^(a|aa)+$\n");
}

TEST(JsonSchema, ViolationsAreCounted) {
  std::string items = "[1";
  for (int i = 1; i < 1'000; ++i) items += ",1";
  const Compiled compiled = compile("{items: {type: string}}");
  EXPECT_EQ(compiled.schema->check(*expr::parse_json(items + "]")).size(), JsonSchema::kMaxViolations);
}

TEST(JsonSchema, KnowsWhatItsTopLevelForbids) {
  const auto schema = compile("{properties: {a: true}, additionalProperties: false}").schema;
  EXPECT_TRUE(schema->forbids("b"));
  EXPECT_FALSE(schema->forbids("a"));
  EXPECT_EQ(schema->properties(), std::vector<std::string>{"a"});
  EXPECT_FALSE(compile("{properties: {a: true}}").schema->forbids("b"));
  EXPECT_FALSE(compile("{properties: {a: true}, patternProperties: {b: true}, additionalProperties: false}")
                   .schema->forbids("b"));
}

std::string input_error(const std::string& head, std::string_view input) {
  const auto checked = check_input(*must_load(with_node_lines(head)), input);
  return checked ? "ok " + *checked : checked.error().message;
}

TEST(InputSchema, IsCheckedAfterTheDeclaredInputs) {
  const std::string head =
      "inputs: {n: {type: integer, default: 3}}\n"
      "input_schema: {type: object, required: [n, m], properties: {n: {minimum: 5}, m: {type: array, items: {type: "
      "string}}}}\n";
  EXPECT_EQ(input_error(head, R"({"n":7,"m":["a"]})"), R"(ok {"n":7,"m":["a"]})");
  EXPECT_EQ(input_error(head, R"({"m":["a",2]})"),
            "invalid input: 'm[1]' must be a string, not an integer; 'n' must be at least 5, not 3");
  EXPECT_EQ(input_error(head, R"({"n":"x","m":[]})"), "invalid input: 'n' must be an integer, not a string");
}

TEST(InputSchema, EveryProblemIsListedWithItsPath) {
  const auto checked = check_input(
      *must_load(with_node_lines("input_schema: {properties: {m: {items: {type: string}}}, required: [a]}\n")),
      R"({"m":[1]})");
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, ErrorCode::invalid_input);
  EXPECT_EQ(
      checked.error().details,
      R"([{"path":"input.a","line":0,"column":0,"message":"'a' is required","hint":""},)"
      R"({"path":"input.m[0]","line":0,"column":0,"message":"'m[0]' must be a string, not an integer","hint":""}])");
}

TEST(InputSchema, NoInputCountsAsOneWithoutFieldsUnlessNullFits) {
  EXPECT_EQ(input_error("input_schema: {type: object}\n", "null"), "ok {}");
  EXPECT_EQ(input_error("input_schema: {type: object, required: [a]}\n", "null"), "invalid input: 'a' is required");
  EXPECT_EQ(input_error("input_schema: {type: [object, 'null']}\n", "null"), "ok null");
  EXPECT_EQ(input_error("input_schema: {type: array}\n", R"({"a":1})"),
            "invalid input: the input must be an array, not an object");
}

TEST(InputSchema, ForbidsNamesThatNodesReadFromTheInput) {
  const std::string schema =
      "name: t\ninput_schema: {properties: {order: true}, additionalProperties: false}\nnodes:\n";
  EXPECT_EQ(
      problems_of(schema + "  - {id: a, type: transform, config: {expression: input.ordr.id + input.order.id}}\n"),
      "4:57 nodes[0].config.expression: input_schema allows no input 'ordr' (did you mean 'order'?)\n");
  EXPECT_EQ(problems_of(schema + "  - {id: a, type: set, config: {values: {x: 'n: {{ input.nmae }}'}}}\n"
                                 "  - {id: b, type: transform, depends_on: a, config: {expression: input.other}}\n"),
            "4:58 nodes[0].config.values.x: input_schema allows no input 'nmae' (known: order)\n");
}

}  // namespace
}  // namespace r8r::workflow
