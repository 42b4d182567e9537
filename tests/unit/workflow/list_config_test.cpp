#include <gtest/gtest.h>

#include "common/workflow/config.hpp"
#include "common/workflow/data_path.hpp"
#include "tests/unit/workflow/loading.hpp"

namespace r8r::workflow {
namespace {

std::string with_config(std::string_view type, std::string_view config) {
  return fmt::format("name: t\nnodes:\n  - id: a\n    type: {}\n    config:\n      {}\n", type, config);
}
std::string problems(std::string_view type, std::string_view config) {
  return problems_of(with_config(type, config));
}

TEST(ListConfig, ConstantConfigsAreParsedOnce) {
  for (const auto& [type, config] :
       {std::pair{"filter", "{conditions: [{field: a, operator: gt, value: '{{ input.x }}'}]}"},
        std::pair{"sort", "{by: [{field: a}]}"}, std::pair{"limit", "{count: 1}"}, std::pair{"dedupe", "{fields: [a]}"},
        std::pair{"aggregate", "{operation: sum, field: a}"}, std::pair{"set", "{values: {a: '{{ input.b }}'}}"},
        std::pair{"split", "{}"}, std::pair{"merge", "{}"}, std::pair{"summarize", "{fields: a}"},
        std::pair{"wait", "{seconds: 1}"}}) {
    EXPECT_NE(must_load(with_config(type, config))->nodes[0].parsed, nullptr) << type;
  }
  EXPECT_EQ(must_load(with_config("limit", "{count: '{{ input.n }}'}"))->nodes[0].parsed, nullptr);
}

TEST(ListConfig, OperatorsAreKnownByNameAtCreation) {
  EXPECT_EQ(problems("filter", "{conditions: [{field: x, operator: equal, value: 1}]}"),
            "6:42 nodes[0].config.conditions[0].operator: unknown operator 'equal'; did you mean 'equals'?\n");
  EXPECT_EQ(problems("filter", "{conditions: [{field: x, operator: '>=', value: '{{ input.y }}'}]}"),
            "6:42 nodes[0].config.conditions[0].operator: unknown operator '>='; did you mean 'gte'?\n");
}

TEST(ListConfig, ConditionsAreCheckedAtCreation) {
  EXPECT_NE(problems("filter", "{}").find("'condition' or 'conditions' is missing"), std::string::npos);
  EXPECT_NE(problems("filter", "{conditions: []}").find("the list of conditions is empty"), std::string::npos);
  EXPECT_NE(problems("filter", "{condition: 'true', conditions: [{operator: exists}]}").find("cannot stand beside"),
            std::string::npos);
  EXPECT_NE(problems("filter", "{conditions: [{operator: regex, value: '('}]}")
                .find("6:46 nodes[0].config.conditions[0].value: the pattern is wrong"),
            std::string::npos);
  EXPECT_NE(problems("filter", "{conditions: [{operator: in, value: a}]}").find("must be a list, not 'a'"),
            std::string::npos);
  EXPECT_NE(problems("filter", "{conditions: [{operator: gt}]}").find("'gt' needs a 'value'"), std::string::npos);
  EXPECT_NE(problems("filter", "{conditions: [{operater: gt, value: 1}]}")
                .find("unknown field 'operater' (did you mean 'operator'?)"),
            std::string::npos);
  EXPECT_NE(problems("filter", "{conditions: [{operator: gt, value: '{{ item. }}'}]}").find("6:5"), std::string::npos);
  EXPECT_NE(problems("filter", "{condition: 'true', match_mode: any}").find("'match_mode' is about 'conditions'"),
            std::string::npos);
}

TEST(ListConfig, TwoNamesOfOneFieldAreRefused) {
  EXPECT_NE(problems("filter", "{path: a, field: b, condition: 'true'}")
                .find("'path' and 'field' are two names of one field"),
            std::string::npos);
  EXPECT_NE(problems("limit", "{count: 1, limit: 2}").find("two names of one field"), std::string::npos);
  EXPECT_NE(problems("sort", "{path: a, field: b, by: [{field: c}]}").find("two names of one field here"),
            std::string::npos);
  EXPECT_NE(problems("sort", "{by: [{field: c, order: asc, direction: asc}]}").find("two names of one field"),
            std::string::npos);
}

TEST(ListConfig, PathsAreCheckedLikeExpressions) {
  EXPECT_EQ(problems("filter", "{path: nodes.nope.rows, condition: 'true'}"),
            "6:20 nodes[0].config.path: there is no node 'nope' (known: a)\n");
  EXPECT_EQ(problems("limit", "{path: 'nodes.a.rows', count: 1}"),
            "6:21 nodes[0].config.path: the node 'a' refers to its own output\n");
  EXPECT_NE(problems("limit", "{path: [1], count: 1}").find("a path to data is expected, not a list"),
            std::string::npos);
  EXPECT_NE(problems("limit", "{path: 'a + )', count: 1}"), "");
}

TEST(ListConfig, ForbiddenCompanyIsNamed) {
  EXPECT_NE(problems("aggregate", "{mode: first, operation: sum}").find("'mode' and 'operation' cannot stand beside"),
            std::string::npos);
  EXPECT_NE(problems("aggregate", "{mode: object}").find("needs 'key_field'"), std::string::npos);
  EXPECT_NE(problems("aggregate", "{operations: [{field: a, function: median}]}")
                .find("must be one of sum, avg, min, max, count, not 'median'"),
            std::string::npos);
  EXPECT_NE(problems("aggregate", "{operations: [{function: count}, {function: count}]}")
                .find("two operations are called 'count'"),
            std::string::npos);
  EXPECT_NE(problems("dedupe", "{field: a, fields: [b]}").find("cannot stand beside"), std::string::npos);
  EXPECT_NE(problems("limit", "{count: -1}").find("must be an integer from 0"), std::string::npos);
  EXPECT_NE(problems("limit", "{}").find("'count' is missing"), std::string::npos);
  EXPECT_NE(problems("split", "{batch_size: 0}").find("must be an integer from 1"), std::string::npos);
  EXPECT_NE(refusals_of(with_config("summarize", "{fields: a, text: x}")).find("'text' is not available"),
            std::string::npos);
}

TEST(ListConfig, AListThatIsNotTheInputLeavesTheInputOut) {
  const auto needs_input = [](std::string_view config) {
    return must_load(with_config("limit", config))->nodes[0].needs_input;
  };
  EXPECT_TRUE(needs_input("{count: 1}"));
  EXPECT_TRUE(needs_input("{count: 1, path: rows}"));
  EXPECT_FALSE(needs_input("{count: 1, path: variables.rows}"));
}

TEST(FieldPath, TakesTextApart) {
  const auto parts = [](std::string_view text) { return FieldPath::parse(text).is_whole(); };
  EXPECT_TRUE(parts(""));
  EXPECT_TRUE(parts("."));
  EXPECT_FALSE(parts("a..b"));
  EXPECT_EQ(path_expression("items", {}).text, "{{ input.items }}");
  EXPECT_EQ(path_expression("a-b.0", {}).text, "{{ input[\"a-b\"][0] }}");
  EXPECT_EQ(path_expression("nodes.x.output.rows", {}).text, "{{nodes.x.output.rows}}");
  EXPECT_EQ(path_expression("{{ my_node.rows }}", {"my-node"}).text, "{{ my_node.rows }}");
  EXPECT_EQ(path_expression("my_node.rows", {"my-node"}).text, "{{ input.my_node.rows }}");
}

}  // namespace
}  // namespace r8r::workflow
