#include <gtest/gtest.h>

#include "tests/unit/workflow/loading.hpp"

namespace r8r::workflow {
namespace {

// start → left, right; the node under test has the given lines.
std::string with_last(std::string_view lines) {
  return fmt::format(
      "name: t\n"
      "nodes:\n"
      "  - {{id: start, type: debug}}\n"
      "  - {{id: my-left, type: debug, depends_on: start}}\n"
      "  - {{id: right, type: debug, depends_on: start}}\n"
      "  - id: last\n"
      "{}",
      lines);
}

Node last_of(std::string_view lines) {
  const auto workflow = must_load(with_last(lines));
  return workflow->nodes.empty() ? Node{} : workflow->nodes.back();
}

TEST(References, NeedsAreDependenciesAndWhatTheTextNames) {
  EXPECT_EQ(last_of("    type: debug\n    depends_on: my-left\n").needs, std::vector<int>{1});
  EXPECT_EQ(last_of("    type: set\n    depends_on: my-left\n    config: {values: {a: '{{ nodes.start.x }}'}}\n").needs,
            (std::vector<int>{0, 1}));
  EXPECT_EQ(last_of("    type: debug\n    depends_on: my-left\n    condition: start.ok\n").needs,
            (std::vector<int>{0, 1}));
  EXPECT_EQ(last_of("    type: debug\n    depends_on: [right]\n    on_error: {fallback_value: ['{{ nodes.start }}']}\n")
                .needs,
            (std::vector<int>{0, 2}));
}

TEST(References, DashesMayBeWrittenAsUnderscores) {
  for (const std::string text : {"nodes.my_left", "nodes[\"my-left\"]", "my_left", "nodes.get(\"my-left\")"}) {
    EXPECT_EQ(
        last_of("    type: transform\n    depends_on: [my-left, right]\n    config:\n      expression: |\n        " +
                text + "\n")
            .needs,
        (std::vector<int>{1, 2}))
        << text;
  }
}

TEST(References, ADynamicUseNeedsEverythingUpstream) {
  EXPECT_EQ(
      last_of("    type: transform\n    depends_on: right\n    config: {expression: 'nodes[input.which]'}\n").needs,
      (std::vector<int>{0, 2}));
}

TEST(References, OnlyUpstreamNodesMayBeNamed) {
  EXPECT_EQ(
      problems_of(
          with_last("    type: transform\n    depends_on: right\n    config: {expression: '1 + nodes.my_left.x'}\n"))
          .substr(0, 120),
      "9:37 nodes[3].config.expression: the node 'my-left' is not upstream of 'last': its output may not be there yet "
      "(add 'my-");
  EXPECT_EQ(problems_of(with_last("    type: set\n    depends_on: right\n    config:\n      values:\n        deep: [1, "
                                  "{x: 'a {{ my_left }}'}]\n"))
                .substr(0, 55),
            "11:29 nodes[3].config.values.deep[1].x: the node 'my-le");
  EXPECT_NE(problems_of(with_last("    type: debug\n    condition: last.ok\n"))
                .find("8:16 nodes[3].condition: the node 'last' refers to its own output"),
            std::string::npos);
  EXPECT_NE(problems_of(with_last("    type: debug\n    condition: nodes.strat.ok\n"))
                .find("there is no node 'strat' (did you mean 'start'?)"),
            std::string::npos);
}

TEST(References, EveryBadReferenceOfANodeIsReported) {
  const std::string problems =
      problems_of(with_last("    type: set\n    config:\n      values:\n        a: '{{ foo }}'\n        b: '{{ "
                            "nodes.start }} and {{ bar.x }}'\n        c: '{{ 1 + }}'\n"));
  EXPECT_NE(problems.find("10:16 nodes[3].config.values.a: unknown name 'foo'"), std::string::npos) << problems;
  EXPECT_NE(problems.find("nodes[3].config.values.b: the node 'start' is not upstream"), std::string::npos) << problems;
  EXPECT_NE(problems.find("nodes[3].config.values.b: unknown name 'bar'"), std::string::npos) << problems;
  EXPECT_NE(problems.find("12:"), std::string::npos) << problems;
}

TEST(References, ABrokenGraphBringsNoFurtherComplaints) {
  EXPECT_EQ(problems_of(with_last("    type: debug\n    depends_on: [rihgt]\n    condition: right.ok\n")),
            "8:18 nodes[3].depends_on: there is no node 'rihgt' (did you mean 'right'?)\n");
}

TEST(References, WhatThisVersionDoesNotHaveIsRefused) {
  EXPECT_NE(refusals_of(with_last("    type: set\n    config: {values: {a: '{{ credentials.key }}'}}\n"))
                .find("'credentials.key' is not available"),
            std::string::npos);
  EXPECT_NE(problems_of(with_last("    type: set\n    config: {values: {a: '{{ item.x }}'}}\n"))
                .find("'item' and 'index' have no meaning here"),
            std::string::npos);
}

TEST(References, UndeclaredVariablesAreWarnings) {
  EXPECT_EQ(
      warnings_of(
          "name: t\nvariables: {rate: 1}\nnodes: [{id: a, type: transform, config: {expression: variables.rate}}]\n"),
      "");
  EXPECT_EQ(
      warnings_of(
          "name: t\nvariables: {rate: 1}\nnodes: [{id: a, type: transform, config: {expression: variables.rat}}]\n"),
      "3:65 nodes[0].config.expression: the workflow has no variable 'rat': it is null (did you mean 'rate'?)\n");
}

TEST(References, TheBodyOfAWebhookIsTheInput) {
  const std::string node = "nodes: [{id: a, type: transform, config: {expression: input.body.x}}]\n";
  EXPECT_NE(
      warnings_of("name: t\ntriggers: [{type: webhook}]\n" + node).find("the body of a webhook is the input itself"),
      std::string::npos);
  EXPECT_EQ(warnings_of("name: t\ntriggers: [{type: webhook, input_mode: envelope}]\n" + node), "");
  EXPECT_EQ(warnings_of("name: t\n" + node), "");
}

bool needs_input(std::string_view node) {
  const auto workflow = must_load(with_head(fmt::format("nodes:\n  - {{id: a, {}}}\n", node)));
  return !workflow->nodes.empty() && workflow->nodes[0].needs_input;
}

TEST(References, RootsNeedTheInputWhenTheyLookAtIt) {
  EXPECT_TRUE(needs_input("type: transform, config: {expression: input.x}"));
  EXPECT_TRUE(needs_input("type: transform, config: {expression: data.x}"));
  EXPECT_FALSE(needs_input("type: transform, config: {expression: 1 + 1}"));
  EXPECT_TRUE(needs_input("type: transform, condition: input.ok, config: {expression: '1'}"));
  EXPECT_TRUE(needs_input("type: debug"));
  EXPECT_TRUE(needs_input("type: set, config: {values: {a: 1}}"));
  EXPECT_FALSE(needs_input("type: set, config: {values: {a: 1}, keep_input: false}"));
  EXPECT_TRUE(needs_input("type: set, config: {values: {a: 1}, keep_input: '{{ env.R8R_KEEP }}'}"));
  EXPECT_TRUE(needs_input("type: wait, config: {seconds: 1}"));
  EXPECT_FALSE(needs_input("type: wait, config: {seconds: 1, passthrough: false}"));
  EXPECT_FALSE(needs_input("type: http, config: {url: 'https://x.example'}"));
  EXPECT_TRUE(needs_input("type: http, config: {url: '{{ input.url }}'}"));
}

TEST(References, NodesWithDependenciesDoNotNeedTheWorkflowsInput) {
  EXPECT_FALSE(last_of("    type: transform\n    depends_on: right\n    config: {expression: input.x}\n").needs_input);
}

}  // namespace
}  // namespace r8r::workflow
