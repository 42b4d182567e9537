#include <gtest/gtest.h>

#include "tests/unit/workflow/loading.hpp"

namespace r8r::workflow {
namespace {

TEST(Load, AWholeWorkflow) {
  const auto workflow = must_load(R"(
name: order-flow
description: Orders
version: 3
variables: {rate: 1.5, who: me}
settings: {timeout_seconds: 60, max_concurrency: 4, store_traces: false, debug: true, retention_days: 5, timezone: Europe/Berlin}
nodes:
  - id: first
    type: transform
    config: {expression: input.x * 2}
  - id: second
    type: http
    depends_on: first
    condition: input > 1
    config: {url: "https://example.com/{{ nodes.first }}", method: post, body: {v: "{{ input }}"}}
    timeout_seconds: 5
    pool: fast
)");
  EXPECT_EQ(workflow->name, "order-flow");
  EXPECT_EQ(workflow->description, "Orders");
  EXPECT_EQ(workflow->settings.timeout, std::chrono::seconds(60));
  EXPECT_EQ(workflow->settings.max_concurrency, 4);
  EXPECT_FALSE(workflow->settings.store_traces);
  EXPECT_TRUE(workflow->settings.debug);
  EXPECT_EQ(workflow->variables.as_map().size(), 2u);
  EXPECT_FALSE(workflow->pure);
  ASSERT_EQ(workflow->nodes.size(), 2u);
  const Node& second = workflow->nodes[1];
  EXPECT_EQ(second.node_class, NodeClass::effect);
  EXPECT_EQ(second.depends_on, std::vector<int>{0});
  EXPECT_EQ(workflow->nodes[0].dependents, std::vector<int>{1});
  EXPECT_TRUE(second.condition.has_value());
  EXPECT_EQ(second.timeout, std::chrono::seconds(5));
  EXPECT_EQ(second.pool, "fast");
  EXPECT_NE(second.field("url"), nullptr);
  EXPECT_EQ(second.field("verify_tls"), nullptr);
  EXPECT_EQ(workflow->find("second"), 1);
  EXPECT_EQ(workflow->find("third"), -1);
}

TEST(Load, TheSameWorkflowAsJson) {
  const auto workflow = must_load(R"({"name": "j", "nodes": [
    {"id": "a", "type": "set", "config": {"values": {"smile": "\ud83d\ude00"}}}]})");
  EXPECT_EQ(workflow->name, "j");
  EXPECT_EQ(workflow->nodes.size(), 1u);
}

TEST(Load, AByteOrderMarkIsSkipped) {
  must_load("\xef\xbb\xbf" + with_node_lines(""));
  EXPECT_EQ(problems_of("\xef\xbb\xbfnam: t\nnodes: []\n").substr(0, 3), "1:1");
}

TEST(Load, WhatIsNoWorkflowIsRefused) {
  EXPECT_EQ(problems_of(""), "1:1 : the file is empty; a workflow is a map with 'name' and 'nodes'\n");
  EXPECT_EQ(problems_of("- a\n"), "1:1 : the file holds a list; a workflow is a map with 'name' and 'nodes'\n");
  EXPECT_EQ(problems_of("hello"), "1:1 : the file holds a string; a workflow is a map with 'name' and 'nodes'\n");
}

TEST(Load, NameAndNodesAreRequired) {
  EXPECT_EQ(problems_of("description: x\n"),
            "1:1 name: the field 'name' is missing (begin the file with 'name: my-workflow')\n"
            "1:1 nodes: a workflow needs at least one node (add a list 'nodes')\n");
  EXPECT_EQ(problems_of("name: t\nnodes: []\n"),
            "2:8 nodes: a workflow needs at least one node (add a list 'nodes')\n");
  EXPECT_EQ(problems_of("name: t\nnodes:\n"), "1:1 nodes: a workflow needs at least one node (add a list 'nodes')\n");
  EXPECT_EQ(problems_of("name: t\nnodes: 5\n"),
            "2:8 nodes: 'nodes' must be a list, not '5' (begin each entry with '- ')\n");
}

TEST(Load, NamesHaveAForm) {
  const std::string nodes = "\nnodes: [{id: a, type: transform, config: {expression: '1'}}]\n";
  for (const std::string& good :
       {std::string("a"), std::string("9"), std::string("Order_flow-2"), std::string(128, 'x')})
    EXPECT_EQ(problems_of("name: '" + good + "'" + nodes), "") << good;
  for (const std::string& bad : {std::string("-a"), std::string("_a"), std::string("a b"), std::string("a.b"),
                                 std::string("ä"), std::string(129, 'x')}) {
    EXPECT_NE(problems_of("name: '" + bad + "'" + nodes).find("cannot be a name"), std::string::npos) << bad;
  }
  EXPECT_EQ(problems_of("name: 5" + nodes), "1:7 name: 'name' must be a string, not '5' (put it in quotes)\n");
  EXPECT_EQ(problems_of("name: ''" + nodes).substr(0, 8), "1:7 name");
}

TEST(Load, UnknownFieldsAreErrorsWithTheNearestName) {
  EXPECT_EQ(problems_of("name: t\ndescripton: x\nnodes: [{id: a, type: transform, config: {expression: '1'}}]\n"),
            "2:1 descripton: unknown field 'descripton' (did you mean 'description'?)\n");
  EXPECT_EQ(problems_of(with_node_lines("    conditon: 'true'\n")),
            "6:5 nodes[0].conditon: unknown field 'conditon' in nodes[0] (did you mean 'condition'?)\n");
  EXPECT_EQ(problems_of(with_node_lines("    retry: {max_atempts: 2}\n")),
            "6:13 nodes[0].retry.max_atempts: unknown field 'max_atempts' in nodes[0].retry (did you mean "
            "'max_attempts'?)\n");
  EXPECT_EQ(problems_of(with_node_lines("    on_error: {acton: skip}\n")),
            "6:16 nodes[0].on_error.acton: unknown field 'acton' in nodes[0].on_error (did you mean 'action'?)\n");
  EXPECT_EQ(problems_of(with_node_lines("settings: {timeout: 5}\n")).substr(0, 50),
            "6:12 settings.timeout: unknown field 'timeout' in ");
  EXPECT_EQ(
      problems_of(with_head("nodes:\n  - {id: a, type: transform, config: {expresion: '1', expression: '1'}}\n")),
      "3:39 nodes[0].config.expresion: unknown field 'expresion' in nodes[0].config (did you mean 'expression'?)\n");
}

TEST(Load, HintsKnowOtherSpellingsAndOtherSystems) {
  const auto hint = [](const std::string& lines) {
    const LoadResult result = load(with_node_lines(lines));
    return result.problems.empty() ? "" : result.problems[0].hint;
  };
  EXPECT_EQ(hint("    dependsOn: []\n"), "did you mean 'depends_on'?");
  EXPECT_EQ(hint("    ForEach: true\n"), "did you mean 'for_each'?");
  EXPECT_EQ(hint("    needs: []\n"), "did you mean 'depends_on'?");
  EXPECT_EQ(hint("    if: input.ok\n"), "did you mean 'condition'?");
  EXPECT_EQ(hint("steps: []\n"), "did you mean 'nodes'?");
  EXPECT_EQ(hint("settings: {timeout: 5}\n"), "did you mean 'timeout_seconds'?");
  EXPECT_EQ(load("name: t\nnodes: [{id: a, type: HTTP, config: {url: 'https://x.example'}}]\n").problems.at(0).hint,
            "did you mean 'http'?");
  EXPECT_EQ(load("name: t\nnodes: [{id: a, type: http, config: {url: 'https://x.example', method: PSOT}}]\n")
                .problems.at(0)
                .hint,
            "did you mean 'POST'?");
}

TEST(Load, AllProblemsAreReportedAtOnceInTheOrderOfTheFile) {
  EXPECT_EQ(
      problems_of("name: a b\nnodes:\n  - id: x\n    type: transfrom\n  - type: set\n    id: x\n    config: {values: "
                  "5}\n    depends_on: [y]\nfoo: 1\n"),
      "1:7 name: 'a b' cannot be a name: 1 to 128 letters, digits, '-' and '_', beginning with a letter or digit\n"
      "4:11 nodes[0].type: unknown node type 'transfrom' (did you mean 'transform'?)\n"
      "6:9 nodes[1].id: the id 'x' is there twice (it is first given on line 3)\n"
      "7:22 nodes[1].config.values: 'values' must be a map, not 5\n"
      "8:18 nodes[1].depends_on: there is no node 'y' (did you mean 'x'?)\n"
      "9:1 foo: unknown field 'foo' (known: name, description, version, variables, settings, triggers, inputs, "
      "input_schema, depends_on_workflows, nodes, tests)\n");
}

TEST(Load, ColumnsCountCharacters) {
  EXPECT_EQ(problems_of("name: t\nnodes:\n  - {id: a, type: transform, config: {expression: '1'}, 'ünïcödé': 1}\n")
                .substr(0, 5),
            "3:57 ");
  EXPECT_EQ(problems_of("name: t\nnodes:\n  - {id: a, type: set, config: {values: {'ää': 1, b: '{{ nope }}'}}}\n")
                .substr(0, 5),
            "3:58 ");
}

TEST(Load, ManyProblemsAreCutShort) {
  std::string text = with_node_lines("");
  for (int i = 0; i < 5'000; ++i) text += fmt::format("x{}: 1\n", i);
  const LoadResult result = load(text);
  EXPECT_EQ(result.problems.size(), 101u);
  EXPECT_EQ(result.problems.back().message, "4900 more problems are not listed");
}

TEST(Load, HugeNamesAreShortenedInMessages) {
  const LoadResult result = load(with_node_lines("? " + std::string(100'000, 'k') + "\n: 1\n"));
  ASSERT_FALSE(result.problems.empty());
  for (const Problem& problem : result.problems) EXPECT_LT(problem.message.size() + problem.path.size(), 3'000u);
}

TEST(Load, NodesNeedIdAndType) {
  EXPECT_EQ(problems_of("name: t\nnodes:\n  - config: {}\n  - 5\n"),
            "3:5 nodes[0].id: the field 'id' is missing (give each node an id of its own)\n"
            "3:5 nodes[0].type: the field 'type' is missing (for example type: transform, set, http, wait or debug)\n"
            "4:5 nodes[1]: a node must be a map with 'id' and 'type', not a number\n");
  EXPECT_EQ(problems_of("name: t\nnodes: [{id: a.b, type: debug}]\n"),
            "2:14 nodes[0].id: 'a.b' cannot be an id: 1 to 128 letters, digits, '-' and '_'\n");
}

TEST(Load, ThereIsALimitOfNodes) {
  std::string text = "name: t\nnodes:\n";
  for (int i = 0; i < 1'000; ++i) text += fmt::format("  - {{id: n{}, type: debug}}\n", i);
  EXPECT_EQ(must_load(text)->nodes.size(), 1'000u);
  text += "  - {id: more, type: debug}\n";
  EXPECT_EQ(problems_of(text),
            "1003:5 nodes: the workflow has 1001 nodes; at most 1000 are allowed (split it into several workflows)\n");
}

TEST(Load, FeaturesOfLaterVersionsAreRefusedByName) {
  const auto refused = [](const std::string& problems, std::string_view what) {
    return problems.find(std::string(what) + " is not available in this version") != std::string::npos;
  };
  for (const std::string type : {"circuit_breaker", "database", "email"}) {
    EXPECT_TRUE(refused(refusals_of("name: t\nnodes: [{id: a, type: " + type + "}]\n"), "node type '" + type + "'"))
        << type;
  }
}

TEST(Load, PinnedNodesAreNotRunAndSoArePure) {
  const auto workflow = must_load(
      "name: t\nnodes: [{id: a, type: http, config: {url: 'https://x.example'}, pinned_data: {ok: [1, 2.0]}}]\n");
  EXPECT_EQ(workflow->nodes[0].pinned, R"({"ok":[1,2.0]})");
  EXPECT_EQ(workflow->nodes[0].node_class, NodeClass::pure);
  EXPECT_TRUE(workflow->pure);
}

TEST(Load, SettingsHaveBounds) {
  EXPECT_EQ(
      problems_of(with_node_lines(
          "settings: {timeout_seconds: 0, max_concurrency: 1001, chunk_size: -1, store_traces: 'yes', debug: on}\n")),
      "6:29 settings.timeout_seconds: 'timeout_seconds' must be a number from 1 to 31536000, not '0'\n"
      "6:49 settings.max_concurrency: 'max_concurrency' must be an integer from 1 to 1000, not '1001'\n"
      "6:67 settings.chunk_size: 'chunk_size' must be an integer from 0 to 1000000, not '-1'\n"
      "6:85 settings.store_traces: 'store_traces' must be true or false, not 'yes' (write true)\n"
      "6:99 settings.debug: 'debug' must be true or false, not 'on' (write true)\n");
}

TEST(Load, LoadingAThousandNodesIsQuick) {
  std::string text = "name: big\nnodes:\n";
  for (int i = 0; i < 1'000; ++i) {
    text +=
        fmt::format("  - id: n{}\n    type: transform\n    config:\n      expression: '#{{ v: input.v + 1 }}'\n", i);
    if (i > 0) text += fmt::format("    depends_on: [n{}]\n", i - 1);
  }
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(must_load(text)->nodes.back().level, 999);
  // 30 ms is what an optimised build takes at most; this bound only catches work that grows with the square of the
  // nodes.
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

}  // namespace
}  // namespace r8r::workflow
