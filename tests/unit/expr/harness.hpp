#pragma once
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "common/expr/evaluate.hpp"
#include "common/expr/json.hpp"
#include "common/expr/program.hpp"
#include "common/expr/template.hpp"

namespace r8r::expr::testing {

/// One place to evaluate in: what the names mean, the clock, the limits.
struct World {
  Scope scope;
  std::vector<std::string> node_ids;
  std::vector<std::string> extra_names;
  Limits limits;
  std::uint64_t seed = 1;
  std::string log;

  World() {
    scope.set_input(json(R"({"name":" Ann ","n":5,"f":1.5,"flag":true,"none":null,"list":[3,1,2],
      "items":[{"id":1,"price":5,"tag":"b"},{"id":2,"price":7.5,"tag":"a"}],"deep":{"a":{"b":[1,2,3]}}})"));
  }

  static Value json(std::string_view text) {
    Result<Value> value = parse_json(text);
    EXPECT_TRUE(value.has_value()) << text;
    return value ? *value : Value();
  }
  void node(const std::string& id, std::string_view output) {
    node_ids.push_back(id);
    scope.set_node(id, json(output));
  }
  CompileOptions options() const { return CompileOptions{node_ids, extra_names}; }

  template <class Body>
  std::string outcome(const Body& body) {
    EvalContext context{scope, limits, from_unix_us(1'768'919'400'120'000), seed, &log};  // 2026-01-20T14:30:00.120Z
    Result<Value> value = body(context);
    return value ? to_json(*value) : "error: " + value.error().message;
  }
  static std::string text_of(const Problem& problem) {
    std::string text =
        "problem: " + problem.message + " @" + std::to_string(problem.line) + ":" + std::to_string(problem.column);
    return problem.hint.empty() ? text : text + " [" + problem.hint + "]";
  }

  /// The value as JSON, "error: …" when it fails, "problem: … @line:column [hint]" when it does not compile.
  std::string eval(std::string_view source) {
    auto program = Program::compile(source, options());
    if (!program) return text_of(program.error());
    return outcome([&](EvalContext& context) { return evaluate(*program, context); });
  }
  std::string render(std::string_view text) {
    auto compiled = Template::compile(text, options());
    if (!compiled) return text_of(compiled.error());
    return outcome([&](EvalContext& context) { return compiled->evaluate(context); });
  }
};

struct Case {
  std::string_view source;
  std::string_view expected;
};
inline void check(const std::vector<Case>& cases) {
  for (const Case& each : cases) {
    World world;
    EXPECT_EQ(world.eval(each.source), each.expected) << each.source;
  }
}
inline void check_templates(const std::vector<Case>& cases) {
  for (const Case& each : cases) {
    World world;
    EXPECT_EQ(world.render(each.source), each.expected) << each.source;
  }
}

/// Whether the outcome mentions `part`.
inline ::testing::AssertionResult mentions(const std::string& outcome, std::string_view part) {
  if (outcome.find(part) != std::string::npos) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "\"" << outcome << "\" does not mention \"" << part << "\"";
}

}  // namespace r8r::expr::testing
