#include "harness.hpp"

namespace r8r::expr::testing {
namespace {

TEST(Access, MissingKeysAreNullAndPropertiesOfNullAreErrors) {
  check({{"input.missing", "null"},
         {"input[\"missing\"]", "null"},
         {"input.missing.x", "error: cannot read 'x': 'input.missing' is null (line 1, column 15)"},
         {"input.missing[0]", "error: cannot read an index: 'input.missing' is null (line 1, column 14)"},
         {"input.n.x", "error: cannot read 'x': 'input.n' is an integer (line 1, column 9)"},
         {"input.deep.a.b[2]", "3"},
         {"input[\"deep\"][\"a\"].b[-3]", "1"},
         {"input.list[3]", "error: index 3 is out of range: 'input.list' has 3 elements (line 1, column 11)"},
         {"input.list[-4]", "error: index -4 is out of range: 'input.list' has 3 elements (line 1, column 11)"},
         {"input.list[\"x\"]", "error: cannot read 'x': 'input.list' is an array (line 1, column 11)"},
         {"input.list[1.0]", "error: an array is indexed by integers, not by a float (line 1, column 11)"},
         {"input[0]", "error: a map is indexed by strings, not by an integer (line 1, column 6)"},
         {"let k = \"n\"; input[k]", "5"},
         {"[[1, 2], [3]][0][1]", "2"},
         {"#{ a: #{ b: 1 } }.a.b", "1"}});
}

TEST(Access, QuestionMarkStopsAtNull) {
  check({{"input.missing?.x", "null"},
         {"input.missing?.x.y.z", "null"},
         {"input.missing?.x.y.trim().len()", "null"},
         {"input?.deep?.a?.b", "[1,2,3]"},
         {"input.missing?[0]", "null"},
         {"input.missing?[1 / 0]", "null"},
         {"input.missing?.trim()", "null"},
         {"input.name?.trim()", "\"Ann\""},
         {"input.none?.x ?? 7", "7"},
         {"input.deep?.missing.x", "null"},
         {"true ? [1] : 2", "[1]"},
         {"input.n?.x", "error: cannot read 'x': 'input.n' is an integer (line 1, column 10)"}});
}

TEST(Access, StringsAreCharacters) {
  check({{"\"héllo\"[1]", "\"é\""},
         {"\"héllo\"[-1]", "\"o\""},
         {"\"héllo\".len()", "5"},
         {"\"héllo\".len", "5"},
         {"\"héllo\".length", "5"},
         {"\"héllo\".bytes", "6"},
         {"\"héllo\"[1..3]", "\"él\""},
         {"\"hello\"[1..=3]", "\"ell\""},
         {"\"abc\"[5]", "error: index 5 is out of range: '\"abc\"' has 3 characters (line 1, column 6)"},
         {"[1, 2, 3, 4][1..3]", "[2,3]"},
         {"[1, 2][0..9]", "[1,2]"},
         {"input.list.len", "3"},
         {"#{ len: 9 }.len", "9"},
         {"3.is_odd", "true"}});
}

TEST(Access, OutputsOfNodesWithAndWithoutOutput) {
  World world;
  world.node("fetch", R"({"x":1,"status":200})");
  world.node("my-node", R"({"output":{"x":2},"x":1})");
  world.node("my_node", R"("underscore")");
  world.node("2nd-step", R"({"v":3})");
  world.node("list", R"([1,2])");
  for (const Case& each : std::vector<Case>{
           {"nodes.fetch.output.x", "1"},
           {"nodes.fetch.x", "1"},
           {"nodes.fetch.output", R"({"x":1,"status":200})"},
           {"nodes.fetch", R"({"x":1,"status":200})"},
           {"nodes[\"fetch\"].output[\"x\"]", "1"},
           {"nodes[\"fetch\"][\"output\"].status", "200"},
           {"let id = \"fetch\"; nodes[id].output.x", "1"},
           {"nodes.get(\"fetch\").output.x", "1"},
           {"nodes.get(\"fetch\").x", "1"},
           {"nodes.get(\"nope\", 7)", "7"},
           // An own field called output goes first when the path goes on through it.
           {"nodes.my-node.output.x", "2"},
           {"nodes.my-node.output", R"({"output":{"x":2},"x":1})"},
           {"nodes[\"my-node\"].x", "1"},
           {"let id = \"my-node\"; nodes[id].output.x", "2"},
           {"nodes.my_node", "\"underscore\""},
           {"my_node", "\"underscore\""},
           {"nodes.2nd-step.v + 1", "4"},
           {"nodes.list.output[1]", "2"},
           {"nodes.fetch.x - 1", "0"},
           {"fetch.x + fetch.output.x", "2"},
           {"nodes.keys()", R"(["fetch","my-node","my_node","2nd-step","list"])"},
           {"\"fetch\" in nodes", "true"},
           {"nodes.other", "null"},
           {"nodes.other.x", "error: cannot read 'x': 'nodes.other' is null (line 1, column 13)"},
           {"nodes.fetch = 1",
            "problem: the outputs of other nodes cannot be changed @1:1 [copy it first: let x = nodes]"},
           {"nodes.list.push(3)", "[1,2,3]"},
       }) {
    EXPECT_EQ(world.eval(each.source), each.expected) << each.source;
  }
}

TEST(Access, DashesAreUnderscoresForTopLevelNames) {
  World world;
  world.node("get-user", R"({"id":7})");
  world.node("input", R"({"id":8})");
  EXPECT_EQ(world.eval("get_user.id"), "7");
  EXPECT_EQ(world.eval("nodes.get_user.id"), "7");
  EXPECT_EQ(world.eval("nodes.get-user.id"), "7");
  EXPECT_EQ(world.eval("nodes[\"get_user\"].id"), "7");
  EXPECT_EQ(world.eval("let k = \"get_user\"; nodes[k].id"), "7");
  // A node's id does not hide a name of the language.
  EXPECT_EQ(world.eval("input.id"), "null");
  EXPECT_EQ(world.eval("nodes.input.id"), "8");
  EXPECT_EQ(world.eval("let get_user = 1; get_user"), "1");
}

TEST(Access, NamesOfTheSurroundings) {
  World world;
  world.scope.set_variables(World::json(R"({"limit":10,"nested":{"a":1}})"));
  world.scope.set_env(World::json(R"({"R8R_REGION":"eu"})"));
  world.scope.set_execution(World::json(R"({"id":"e1","attempt":2})"));
  world.scope.set_item(World::json(R"({"v":1})"), 4);
  world.extra_names = {"error", "value"};
  world.scope.set("error", World::json(R"({"message":"m"})"));
  EXPECT_EQ(world.eval("[variables.limit, env.R8R_REGION, env.NOPE, execution.attempt]"), R"([10,"eu",null,2])");
  EXPECT_EQ(world.eval("[item.v, index, item_index]"), "[1,4,4]");
  EXPECT_EQ(world.eval("error.message + type_of(value)"), "\"m()\"");
  EXPECT_EQ(world.eval("let n = variables; n.limit = 1; [n.limit, variables.limit]"), "[1,10]");
  EXPECT_EQ(world.eval("data == input"), "true");
  EXPECT_EQ(world.eval("credentials.key"), "error: credentials are not available here (line 1, column 1)");
  EXPECT_EQ(world.eval("credentials"), "problem: a credential needs its name @1:1 [write credentials.name]");
}

}  // namespace
}  // namespace r8r::expr::testing
