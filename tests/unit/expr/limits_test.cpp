#include "harness.hpp"

namespace r8r::expr::testing {
namespace {

TEST(Limits, OperationsEndEveryLoop) {
  for (const std::string_view source : {"loop { }",
                                        "while true { }",
                                        "let i = 0; do { i += 1; } while true;",
                                        "for i in 0..9000000000000000000 { }",
                                        "for i in 0..1000000 { for j in 0..1000000 { } }",
                                        "let f = || 1; loop { f.call(); }",
                                        "loop { try { throw 1 } catch {} }",
                                        "loop { try { [1].nope2; 1 / 0 } catch {} }",
                                        "range(0, 100000).map(|x| range(0, 100000).len())",
                                        "let s = \"a\".repeat(8000000); loop { s.contains(\"b\"); }",
                                        "let s = \"a\".repeat(8000000); loop { s.to_upper(); }",
                                        "let s = \"a\".repeat(4000000); loop { let t = s + s; }",
                                        "let a = range(0, 100000); loop { let b = a; b.push(1); }",
                                        "let a = range(0, 100000); loop { let b = a + a; }",
                                        "let a = range(0, 100000); loop { a.contains(-1); }",
                                        "let a = range(0, 100000); let b = range(0, 100000); loop { a == b; }",
                                        "let s = \"x\".repeat(100000); loop { s.sha256(); }",
                                        "let s = \"ab\".repeat(100000); loop { s.find_all(\"b\"); }",
                                        "let a = range(0, 1000); loop { a.sort(); }",
                                        "let a = range(0, 100000); loop { a.to_json(); }",
                                        "let m = #{}; let i = 0; loop { m.set(\"k\" + i, i); i += 1; m.keys(); }",
                                        "let s = \"a\".repeat(1000000); loop { s[999999]; }"}) {
    World world;
    EXPECT_TRUE(mentions(world.eval(source), "error: expression limit exceeded: operations")) << source;
  }
}

TEST(Limits, OperationsCannotBeCaught) {
  World world;
  EXPECT_TRUE(mentions(world.eval("try { loop { } } catch { 1 }"), "expression limit exceeded: operations"));
}

TEST(Limits, CallsNestBoundedly) {
  World world;
  EXPECT_EQ(world.eval("fn f(n) { if n == 0 { 0 } else { 1 + f(n - 1) } } f(60)"), "60");
  for (const std::string_view source :
       {"fn f(n) { f(n + 1) } f(0)", "fn a() { b() } fn b() { a() } a()", "let f = (); f = || f.call(); f.call()",
        "let f = (); f = |x| [1].map(f); f.call(1)", "let f = (); f = |x, y| { [2, 1].sort(f); 0 }; f.call(1, 2)"}) {
    EXPECT_TRUE(mentions(world.eval(source), "error: expression limit exceeded: function calls nest more than 64 deep"))
        << source;
  }
  world.limits.depth = 3;
  EXPECT_EQ(world.eval("fn f(n) { if n == 0 { 0 } else { 1 + f(n - 1) } } f(2)"), "2");
  EXPECT_TRUE(mentions(world.eval("fn f(n) { if n == 0 { 0 } else { 1 + f(n - 1) } } f(3)"), "limit exceeded"));
}

TEST(Limits, DeepCodeInDeepCallsIsBounded) {
  const auto nested = [](std::string_view open, std::string_view inner, std::string_view close) {
    std::string text;
    for (int i = 0; i < 40; ++i) text += open;
    text += inner;
    for (int i = 0; i < 40; ++i) text += close;
    return text;
  };
  for (const std::string& body :
       {nested("[", "f(n + 1)", "]"), nested("#{ a: ", "f(n + 1)", " }"), nested("-", "f(n + 1)", ""),
        nested("if true {", "f(n + 1)", "}"), nested("[1].map(|x| ", "f(n + 1)", ")")}) {
    World world;
    EXPECT_TRUE(mentions(world.eval("fn f(n) { " + body + " } f(0)"), "expression limit exceeded: function calls nest"))
        << body;
  }
}

TEST(Limits, StringsAndArraysAreBounded) {
  for (const std::string_view source :
       {"\"x\".repeat(9000000)", "let s = \"x\".repeat(5000000); s + s", "let s = \"x\".repeat(5000000); s += s; s",
        "let s = \"x\".repeat(5000000); `${s}${s}`", "\"x\".pad_start(9000000)",
        "\"x\".repeat(3000000).hex_encode().hex_encode()", "[\"x\".repeat(5000000), \"x\".repeat(5000000)].join()",
        "\"a\".repeat(5000000).replace(\"a\", \"bb\")",
        "\"a\".repeat(1000).replace_regex(\"a\", \"123456789\".repeat(1000))", "let s = \"x\"; loop { s += s; }"}) {
    World world;
    EXPECT_TRUE(mentions(world.eval(source), "error: expression limit exceeded: a string of more than 8388608 bytes"))
        << source;
  }
  for (const std::string_view source :
       {"0..2000000", "range(0, 600000) + range(0, 600000)", "let a = range(0, 600000); a.append(a); a",
        "let a = range(0, 600000); a += a; a", "\"x\".repeat(2000000).chars()", "\"x\".repeat(2000000).split(\"\")",
        "let a = range(0, 1000000); a.push(1)"}) {
    World world;
    EXPECT_TRUE(mentions(world.eval(source), "error: expression limit exceeded: more than 1000000 elements")) << source;
  }
}

TEST(Limits, NestingOfValuesIsBounded) {
  for (const std::string_view source :
       {"let a = []; for i in 0..5000 { a = [a]; } a", "let m = #{}; for i in 0..5000 { m = #{ m: m }; } m",
        "let a = []; for i in 0..5000 { let b = []; b.push(a); a = b; } a.to_json()",
        "let a = []; for i in 0..5000 { a = [a]; } a == [1]",
        "let a = []; for i in 0..5000 { a = [a]; } a.flatten(9999)",
        "let m = #{ x: 1 }; for i in 0..5000 { m = #{ m: m }; } m.deep_merge(m)",
        "let a = []; for i in 0..5000 { a = [a]; } `${a}`", "let a = []; for i in 0..5000 { a = [a]; } throw a",
        "let a = []; for i in 0..5000 { a = [a]; } print(a)",
        "let a = []; for i in 0..5000 { a = [a]; } [a].unique()"}) {
    World world;
    EXPECT_TRUE(mentions(world.eval(source), "values nest more than 128 levels deep")) << source;
  }
  World world;
  EXPECT_EQ(world.eval("let a = []; for i in 0..127 { a = [a]; } a").size(), 256u);
}

TEST(Limits, SharedPartsCannotGrowWithoutEnd) {
  const std::string bomb = "let a = [\"0123456789\"]; for i in 0..60 { a = [a, a]; } ";
  for (const std::string_view use :
       {"a", "a.to_json()", "`${a}`", "a == [a]", "#{ x: a }", "a.flatten(99)", "print(a)", "\"x\" + a",
        "[a].contains([a, 1])", "[a].join()", "[a].unique()", "[1].group_by(|x| a)"}) {
    World world;
    EXPECT_TRUE(mentions(world.eval(bomb + std::string(use)), "expression limit exceeded")) << use;
  }
}

TEST(Limits, ManyChangesOfOneLargeValueAreCheap) {
  World world;
  // Each of these would take 10^9 steps if a change copied or looked through what it changes.
  EXPECT_EQ(world.eval("let a = []; for i in 0..50000 { a.push(i); } a.len()"), "50000");
  EXPECT_EQ(world.eval("let m = #{ list: [] }; for i in 0..50000 { m.list.push(i); } m.list.len()"), "50000");
  EXPECT_EQ(world.eval("let s = \"\"; for i in 0..50000 { s += \"0123456789\"; } s.len()"), "500000");
  EXPECT_EQ(world.eval("let m = #{}; for i in 0..30000 { m[\"k\" + i] = i; } m.len()"), "30000");
  EXPECT_EQ(world.eval("let a = range(0, 50000); for i in 0..50000 { a[i] = 1; } a.sum()"), "50000");
  EXPECT_EQ(world.eval("let a = []; let f = |x| a.push(x); for i in 0..50000 { f.call(i); } a.len()"), "50000");
}

TEST(Limits, LargeInputsAreNotCopied) {
  World world;
  std::string text = "{\"rows\":[";
  for (int i = 0; i < 200'000; ++i) text += (i > 0 ? ",{\"id\":" : "{\"id\":") + std::to_string(i) + "}";
  world.scope.set_input(World::json(text + "],\"n\":1}"));
  world.limits.operations = 50;
  EXPECT_EQ(world.eval("input.rows[199999].id + input.rows.len() + input.n"), "400000");
  EXPECT_EQ(world.render("{{ input.rows[5].id }}"), "5");
}

}  // namespace
}  // namespace r8r::expr::testing
