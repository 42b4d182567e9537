// The bodies of `if` and `switch`; where they lead is in tests/simulation/routing_test.cpp.
#include <gtest/gtest.h>

#include "tests/unit/nodes/running.hpp"

namespace r8r::nodes {
namespace {

std::string switched(std::string_view config, std::string_view input) {
  const NodeRun run = run_one("switch", config, input);
  return run.outcome == Outcome::completed ? run.output : run.error;
}

TEST(If, SaysWhatItSelected) {
  constexpr std::string_view kConfig = "{condition: 'input > 1', true_branch: big, false_branch: [p, q]}";
  EXPECT_EQ(run_one("if", kConfig, "2").output,
            R"({"condition_result":true,"selected_branch":"big","true_branch":"big","false_branch":["p","q"]})");
  EXPECT_EQ(run_one("if", kConfig, "1").output,
            R"({"condition_result":false,"selected_branch":["p","q"],"true_branch":"big","false_branch":["p","q"]})");
  EXPECT_EQ(run_one("if", "{condition: 'true'}", "1").output,
            R"({"condition_result":true,"selected_branch":"true","true_branch":null,"false_branch":null})");
}

TEST(If, ConditionsMayBeAList) {
  constexpr std::string_view kConfig =
      "{conditions: [{field: n, operator: gt, value: 5}, {field: s, operator: equals, value: x}], match_mode: any}";
  const auto result = [&](std::string_view input) {
    const NodeRun run = run_one("if", kConfig, input);
    return run.outcome == Outcome::completed ? run.output.substr(0, 25) : run.error;
  };
  EXPECT_EQ(result(R"({"n": 6})"), R"({"condition_result":true,)");
  EXPECT_EQ(result(R"({"n": 1, "s": "x"})"), R"({"condition_result":true,)");
  EXPECT_EQ(result(R"({"n": 1})"), R"({"condition_result":false)");
}

TEST(If, ItsConditionMustBeBoolean) {
  const NodeRun run = run_one("if", "{condition: input}", "1");
  EXPECT_EQ(run.outcome, Outcome::failed);
  EXPECT_EQ(run.error, "condition: the value must be true or false, not an integer");
}

TEST(Switch, TheFirstCaseThatEqualsIsTaken) {
  constexpr std::string_view kConfig = "{expression: input, cases: {gold: A, 5: B, true: C, '2.5': D}, default: E}";
  EXPECT_EQ(switched(kConfig, R"("gold")"), R"({"matched":true,"value":"gold","output":"A","branch":"gold"})");
  EXPECT_EQ(switched(kConfig, "5"), R"({"matched":true,"value":5,"output":"B","branch":"5"})");
  EXPECT_EQ(switched(kConfig, R"("5")"), R"({"matched":true,"value":"5","output":"B","branch":"5"})");
  EXPECT_EQ(switched(kConfig, "true"), R"({"matched":true,"value":true,"output":"C","branch":"true"})");
  EXPECT_EQ(switched(kConfig, "2.5"), R"({"matched":true,"value":2.5,"output":"D","branch":"2.5"})");
  EXPECT_EQ(switched(kConfig, "null"), R"({"matched":false,"value":null,"output":"E","branch":"default"})");
}

TEST(Switch, CasesCompareAndCompute) {
  constexpr std::string_view kConfig =
      "{field: n, cases: {'>= 10': ten, '< 0': minus, 'value == 5 && input.n < 6': five, '!= 7': other}}";
  EXPECT_EQ(switched(kConfig, R"({"n":10})"), R"({"matched":true,"value":10,"output":"ten","branch":">= 10"})");
  EXPECT_EQ(switched(kConfig, R"({"n":"-3"})"), R"({"matched":true,"value":"-3","output":"minus","branch":"< 0"})");
  EXPECT_EQ(switched(kConfig, R"({"n":5})"),
            R"({"matched":true,"value":5,"output":"five","branch":"value == 5 && input.n < 6"})");
  EXPECT_EQ(switched(kConfig, R"({"n":8})"), R"({"matched":true,"value":8,"output":"other","branch":"!= 7"})");
  EXPECT_EQ(switched(kConfig, R"({"n":7})"), R"({"matched":false,"value":7,"output":null,"branch":"default"})");
}

TEST(Switch, AListOfCasesMayHaveLabels) {
  constexpr std::string_view kConfig =
      "{expression: input, cases: [{value: 1, output: p, label: one}, {when: '> 1', output: {deep: '{{ input }}'}}]}";
  EXPECT_EQ(switched(kConfig, "1"), R"({"matched":true,"value":1,"output":"p","branch":"one"})");
  EXPECT_EQ(switched(kConfig, "3"), R"({"matched":true,"value":3,"output":{"deep":3},"branch":"> 1"})");
}

TEST(Switch, ModeAllTakesEveryMatch) {
  constexpr std::string_view kConfig =
      "{expression: input, mode: all, cases: {'> 1': p, '> 2': q, '> 3': r}, default: d}";
  EXPECT_EQ(switched(kConfig, "3"),
            R"({"matched":true,"value":3,"outputs":["p","q"],"branches":["> 1","> 2"],"match_count":2})");
  EXPECT_EQ(
      switched(kConfig, "0"),
      R"({"matched":false,"value":0,"outputs":[],"branches":[],"match_count":0,"output":"d","branch":"default"})");
}

TEST(Switch, OnlyTheOutputThatIsTakenIsComputed) {
  constexpr std::string_view kConfig =
      "{expression: input, cases: {1: one, 2: '{{ 1 / 0 }}'}, default: '{{ input.a }}'}";
  EXPECT_EQ(switched(kConfig, "1"), R"({"matched":true,"value":1,"output":"one","branch":"1"})");
  EXPECT_EQ(switched(kConfig, "2"), "cases: division by zero: 1 / 0 (line 1, column 6)");
  EXPECT_EQ(switched(kConfig, R"({"a":[5]})"),
            R"({"matched":false,"value":{"a":[5]},"output":[5],"branch":"default"})");
}

TEST(Switch, ACaseThatIsNotBooleanFailsByName) {
  EXPECT_EQ(switched("{expression: input, cases: {'value + 1': p}}", "1"),
            "case 'value + 1': the value must be true or false, not an integer");
}

}  // namespace
}  // namespace r8r::nodes
