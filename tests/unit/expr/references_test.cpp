#include "harness.hpp"

namespace r8r::expr::testing {
namespace {

References of(std::string_view source, std::vector<std::string> ids = {"fetch", "my-node"}) {
  CompileOptions options;
  options.node_ids = ids;
  auto program = Program::compile(source, options);
  EXPECT_TRUE(program.has_value()) << source;
  return program ? program->references() : References();
}
using Names = std::set<std::string>;

TEST(References, NodesByEveryWayOfNamingThem) {
  EXPECT_EQ(of("nodes.fetch.x").nodes, Names{"fetch"});
  EXPECT_EQ(of("nodes[\"fetch\"].x").nodes, Names{"fetch"});
  EXPECT_EQ(of("nodes.get(\"fetch\")").nodes, Names{"fetch"});
  EXPECT_EQ(of("fetch.x + my_node").nodes, (Names{"fetch", "my-node"}));
  EXPECT_EQ(of("nodes.my-node.x").nodes, Names{"my-node"});
  EXPECT_EQ(of("nodes.my_node.x").nodes, Names{"my-node"});
  EXPECT_EQ(of("nodes[\"my_node\"]").nodes, Names{"my-node"});
  EXPECT_EQ(of("nodes?.fetch").nodes, Names{"fetch"});
  EXPECT_EQ(of("nodes.unknown.x").nodes, Names{"unknown"});
  EXPECT_EQ(of("let fetch = 1; fetch").nodes, Names{});
  EXPECT_EQ(of("fn f() { nodes.fetch } [1].map(|x| nodes.my-node)").nodes, (Names{"fetch", "my-node"}));
  EXPECT_FALSE(of("nodes.fetch.x").all_nodes);
}

TEST(References, DynamicUseOfNodesMeansAllOfThem) {
  for (const std::string_view source : {"nodes", "nodes[input.x]", "nodes.keys()", "let n = nodes; n.fetch",
                                        "nodes.get(input.x)", "\"a\" in nodes", "for n in nodes {}"})
    EXPECT_TRUE(of(source).all_nodes) << source;
}

TEST(References, PlacesOfNodesInOrder) {
  const References references = of("1 +\n nodes.fetch.x + my_node.y");
  ASSERT_EQ(references.node_places.size(), 2u);
  EXPECT_EQ(references.node_places[0].name, "fetch");
  EXPECT_EQ(references.node_places[0].line, 2);
  EXPECT_EQ(references.node_places[0].column, 8);
  EXPECT_EQ(references.node_places[1].name, "my-node");
  EXPECT_EQ(references.node_places[1].column, 18);
}

TEST(References, OtherNames) {
  EXPECT_TRUE(of("input.x").input);
  EXPECT_TRUE(of("data").input);
  EXPECT_TRUE(of("input.x = 1").input);
  EXPECT_TRUE(of("input.list.push(1)").input);
  EXPECT_FALSE(of("1").input);
  EXPECT_TRUE(of("item.x").item);
  EXPECT_TRUE(of("index + 1").item);
  EXPECT_TRUE(of("execution.id").execution);
  EXPECT_EQ(of("variables.a + variables[\"b\"].c").variables, (Names{"a", "b"}));
  EXPECT_TRUE(of("variables").all_variables);
  EXPECT_TRUE(of("variables[input.k]").all_variables);
  EXPECT_EQ(of("env.HOME").env, Names{"HOME"});
  EXPECT_TRUE(of("env.keys()").all_env);
  EXPECT_EQ(of("credentials.key + credentials[\"other\"].x").credentials, (Names{"key", "other"}));
}

TEST(References, UnknownNamesAreListedWithTheNearest) {
  const References references = of("let a = 1; a + inptu.x +\n fetsh.y");
  ASSERT_EQ(references.unknown_roots.size(), 2u);
  EXPECT_EQ(references.unknown_roots[0].name, "inptu");
  EXPECT_EQ(references.unknown_roots[0].line, 1);
  EXPECT_EQ(references.unknown_roots[0].column, 16);
  EXPECT_EQ(references.unknown_roots[0].nearest, "input");
  EXPECT_EQ(references.unknown_roots[1].name, "fetsh");
  EXPECT_EQ(references.unknown_roots[1].line, 2);
  EXPECT_EQ(references.unknown_roots[1].nearest, "fetch");
  EXPECT_TRUE(of("let f = |x| x; f(1); fn g() {} g").unknown_roots.empty());
  World world;
  world.extra_names = {"error"};
  EXPECT_TRUE(Template::compile("{{ error.message }}", world.options())->references().unknown_roots.empty());
  EXPECT_EQ(Template::compile("x {{ foo.bar }}", world.options())->references().unknown_roots[0].column, 6);
}

TEST(References, OfATemplateAreThoseOfAllItsParts) {
  World world;
  world.node_ids = {"a", "b"};
  const auto compiled = ValueTemplate::compile(
      World::json(R"({"x":"{{ nodes.a }} {{ input.v }}","y":["{{ nodes.b.c }}"]})"), world.options());
  ASSERT_TRUE(compiled.has_value());
  EXPECT_EQ(compiled->references().nodes, (Names{"a", "b"}));
  EXPECT_TRUE(compiled->references().input);
}

}  // namespace
}  // namespace r8r::expr::testing
