#include "harness.hpp"

namespace r8r::expr::testing {
namespace {

TEST(Template, OneExpressionAloneKeepsItsType) {
  check_templates({{"{{ input.n }}", "5"},
                   {"  {{ input.n }}\n", "5"},
                   {"{{input.items[0]}}", R"({"id":1,"price":5,"tag":"b"})"},
                   {"{{ null }}", "null"},
                   {"{{ input.flag }}", "true"},
                   {"{{ 1 }}{{ 2 }}", "\"12\""},
                   {"x{{ 1 }}", "\"x1\""}});
}

TEST(Template, TextIsRendered) {
  check_templates({{"Hello {{ input.name }}!", "\"Hello  Ann !\""},
                   {"[{{ input.none }}]", "\"[]\""},
                   {"{{ input.list }} {{ input.f }} {{ input.flag }}", "\"[3,1,2] 1.5 true\""},
                   {"plain", "\"plain\""},
                   {"", "\"\""},
                   {"a }} b", "\"a }} b\""},
                   {"{ x } { {", "\"{ x } { {\""}});
}

TEST(Template, FourBracesAreTwo) {
  check_templates(
      {{"{{{{ x }}", "\"{{ x }}\""}, {"{{{{{{ 1 }}", "\"{{1\""}, {"a {{{{ b {{ input.n }}", "\"a {{ b 5\""}});
}

TEST(Template, PathsAreNullAllTheWay) {
  World world;
  world.node("fetch", R"({"x":1})");
  for (const Case& each :
       std::vector<Case>{{"{{ input.a.b.c }}", "null"},
                         {"{{ data.a.b }}", "null"},
                         {"{{ input.n.x }}", "null"},
                         {"{{ input.list[9].x }}", "null"},
                         {"{{ input.list.x }}", "null"},
                         {"{{ input.deep.a.b[1] }}", "2"},
                         {"{{ nodes.fetch.y.z }}", "null"},
                         {"{{ nodes.nope.y.z }}", "null"},
                         {"{{ fetch.output.q.r }}", "null"},
                         {"{{ nodes[\"fetch\"].a.b }}", "null"},
                         {"{{ variables.a.b }}", "null"},
                         {"{{ env.A.B }}", "null"},
                         {"{{ item.a.b }}", "null"},
                         {"{{ input.a.b ?? 3 }}", "3"},
                         {"{{ execution.a.b }}", "error: cannot read 'b': 'execution.a' is null (line 1, column 16)"},
                         {"{{ input.a.trim() }}", "error: null has no function 'trim' (line 1, column 12)"},
                         {"{{ #{}.a.b }}", "error: cannot read 'b': '#{}.a' is null (line 1, column 10)"}}) {
    EXPECT_EQ(world.render(each.source), each.expected) << each.source;
  }
}

TEST(Template, Filters) {
  check_templates({{"{{ input.name | trim | upper }}", "\"ANN\""},
                   {"{{ input.list | sort | join(\"-\") }}", "\"1-2-3\""},
                   {"{{ input.list | length }}", "3"},
                   {"{{ input.zzz | default(\"d\") }}", "\"d\""},
                   {"{{ input.a.b.c | default('none') }}", "\"none\""},
                   {"{{ input.items | map(|x| x.id) | last }}", "2"},
                   {"{{ input.f | round }}", "2.0"},
                   {"{{ 1 + 2 | to_string }}", "\"3\""},
                   {"{{ input.deep | tojson }}", R"("{\"a\":{\"b\":[1,2,3]}}")"},
                   {"{{ (input.n | to_string) + \"x\" }}", "\"5x\""},
                   {"{{ [input.n | to_string] }}", R"(["5"])"},
                   {"{{ (5 | 2) + 0 }}", "7"},
                   {"{{ true || false }}", "true"},
                   {"{{ input.name | trimm }}", "problem: unknown filter 'trimm' @1:17 [did you mean 'trim'?]"},
                   {"{{ input.name | trim + 1 }}", "problem: expected the end of the expression, found '+' @1:22"},
                   {"{{ input.name | }}", "problem: expected a value, found the end of the expression @1:17"}});
}

TEST(Template, SpecialNames) {
  check_templates({{"{{ $now }}", "\"2026-01-20T14:30:00.120Z\""},
                   {"{{ now() }}", "\"2026-01-20T14:30:00.120Z\""},
                   {"{{ datetime.now }}", "\"2026-01-20T14:30:00.120Z\""},
                   {"{{ datetime.today }}", "\"2026-01-20\""},
                   {"{{ datetime.tomorrow }}", "problem: 'datetime' has only 'now' and 'today' @1:4"},
                   {"{{ $uuid.len() }}", "36"}});
  World world;
  world.scope.set_item(Value::integer(1), 7);
  EXPECT_EQ(world.render("{{ item_index }}/{{ index }}/{{ item }}"), "\"7/7/1\"");
}

TEST(Template, AnyExpressionFits) {
  check_templates({{"{{ { \"a\": { \"b\": 1 } } }}", R"({"a":{"b":1}})"},
                   {"{{ {} }}", "{}"},
                   {"{{ #{ a: 1 }.a }}", "1"},
                   {"{{ if input.n > 3 { \"big\" } else { \"small\" } }}", "\"big\""},
                   {"{{ input.n > 3 ? \"a}}b\" : `}}` }}", "\"a}}b\""},
                   {"{{ let x = 2; x * x }}", "4"},
                   {"{{ input.items.filter(|i| i.price > 6).map(|i| i.tag) }}", R"(["a"])"},
                   {"{{ \"{{\" }}", "\"{{\""},
                   {"{{ // comment\n 1 }}", "1"},
                   {"{{ `a${ {b: 1}.b }` }}", "\"a1\""}});
}

TEST(Template, MistakesHaveAPlaceInTheWholeText) {
  check_templates(
      {{"{{ }}", "problem: the expression is empty @1:4"},
       {"a {{ input.n",
        "problem: '{{' is not closed @1:3 [end it with '}}', or write '{{{{' for the characters themselves]"},
       {"a\n b {{ 1 + }}", "problem: expected a value, found the end of the expression @2:11"},
       {"é {{ \"x }}", "problem: this string is not closed @1:6 [use `…` for text of several lines]"},
       {"{{ 1 } }", "problem: expected '}}' @1:6 [an expression ends with two braces]"},
       {"x {{ 1 / 0 }}", "error: division by zero: 1 / 0 (line 1, column 8)"},
       {"{{ input.n = 1 }}", "problem: a template cannot assign @1:12 [use '==' to compare]"}});
}

TEST(Template, CannotChangeWhatItReads) {
  check_templates(
      {{"{{ input.list.sort() }}", "[1,2,3]"}, {"{{ input.list.push(9) }} {{ input.list }}", "\"[3,1,2,9] [3,1,2]\""}});
}

TEST(Program, MayHaveBracesAroundTheWhole) {
  check({{"{{ input.n + 1 }}", "6"},
         {" {{ input.list | length }} ", "3"},
         {"{{ input.a.b.c }}", "null"},
         {"{{ input.zzz | nope }}", "problem: unknown filter 'nope' @1:16 [did you mean 'pop'?]"},
         {"{ { 1 } }", "1"}});
}

TEST(Template, RandomValuesDifferWithinOneText) {
  World world;
  const std::string text = world.render("{{ uuid() }} {{ uuid() }}");
  EXPECT_NE(text.substr(1, 36), text.substr(38, 36));
}

TEST(Template, SizeIsBounded) {
  World world;
  world.limits.bytes = 100;
  EXPECT_TRUE(mentions(world.render("{{ \"a\".repeat(60) }}{{ \"a\".repeat(60) }}"),
                       "expression limit exceeded: a string of more than 100 bytes"));
}

std::string evaluate_tree(World& world, std::string_view tree) {
  auto compiled = ValueTemplate::compile(World::json(tree), world.options());
  if (!compiled)
    return "problem at '" + compiled.error().path + "': " + compiled.error().problem.message + " @" +
           std::to_string(compiled.error().problem.line) + ":" + std::to_string(compiled.error().problem.column);
  return world.outcome([&](EvalContext& context) { return compiled->evaluate(context); });
}

TEST(ValueTemplate, ReplacesTheStringsOfATree) {
  World world;
  EXPECT_EQ(
      evaluate_tree(
          world,
          R"({"a":"{{ input.n }}","b":["x {{ input.n }}",1,null,{"c":"{{ input.items }}"}],"{{ k }}":"plain","d":"{{{{"})"),
      R"({"a":5,"b":["x 5",1,null,{"c":[{"id":1,"price":5,"tag":"b"},{"id":2,"price":7.5,"tag":"a"}]}],"{{ k }}":"plain","d":"{{"})");
  EXPECT_EQ(evaluate_tree(world, R"("{{ input.n }}")"), "5");
  EXPECT_EQ(evaluate_tree(world, "5"), "5");
  EXPECT_EQ(evaluate_tree(world, R"({"a":["{{{{ x"]})"), R"({"a":["{{ x"]})");
}

TEST(ValueTemplate, NamesThePlaceOfAMistake) {
  World world;
  EXPECT_EQ(evaluate_tree(world, R"({"headers":{"X/Y~":["ok","{{ 1 + }}"]}})"),
            "problem at '/headers/X~1Y~0/1': expected a value, found the end of the expression @1:8");
  EXPECT_EQ(evaluate_tree(world, R"({"a":[1,{"b":"{{ 1 / 0 }}"}]})"),
            "error: /a/1/b: division by zero: 1 / 0 (line 1, column 6)");
}

TEST(ValueTemplate, KnowsWhetherItIsConstant) {
  World world;
  const Value tree = World::json(R"({"a":[1,"x"],"b":{"c":"y"}})");
  auto constant = ValueTemplate::compile(tree, world.options());
  ASSERT_TRUE(constant.has_value());
  EXPECT_TRUE(constant->is_constant());
  EvalContext context{world.scope};
  EXPECT_TRUE(constant->evaluate(context)->same_cell(tree));  // shared, not copied
  auto other = ValueTemplate::compile(World::json(R"({"a":[1,"{{ input.x }}"]})"), world.options());
  EXPECT_FALSE(other->is_constant());
  EXPECT_TRUE(other->references().input);
  EXPECT_TRUE(Template::compile("abc", world.options())->is_constant());
  EXPECT_FALSE(Template::compile("{{ 1 }}", world.options())->is_constant());
}

}  // namespace
}  // namespace r8r::expr::testing
