#include "common/expr/code.hpp"
#include "harness.hpp"

// Everything costs steps in proportion to what it touches: a budget of operations is a budget of time and memory.
namespace r8r::expr::testing {
namespace {

/// How often `work` runs within 200,000 operations.
std::size_t turns(const std::string& setup, std::string_view work) {
  World world;
  world.limits.operations = 200'000;
  const std::string outcome =
      world.eval(setup + " let turn = 0; loop { turn += 1; print(\"x\"); " + std::string(work) + "; }");
  EXPECT_TRUE(mentions(outcome, "expression limit exceeded: operations")) << work;
  return static_cast<std::size_t>(std::count(world.log.begin(), world.log.end(), '\n'));
}

TEST(Cost, OfTextIsItsLength) {
  const std::string setup =
      "let s = \"ab\".repeat(250000); let t = \"ab\".repeat(250000); let w = \" \".repeat(500000); "
      "let u = \"é\".repeat(250000); let m = #{}; let p = \"!\".repeat(500000);";
  for (const std::string_view work : {"s < t",
                                      "s == t",
                                      "s != t",
                                      "min(s, t)",
                                      "[s, t].min()",
                                      "[s, t].sort()",
                                      "[#{ k: s }, #{ k: t }].sort_by(\"k\")",
                                      "s.starts_with(t)",
                                      "s.ends_with(t)",
                                      "s.contains(\"x\")",
                                      "s.index_of(\"x\")",
                                      "let c = w; c.trim()",
                                      "w.trim_start()",
                                      "w.trim_end()",
                                      "w.split()",
                                      "w.base64_decode()",
                                      "p.slugify()",
                                      "s.url_encode()",
                                      "s.hex_decode()",
                                      "\"a\".hmac_sha256(s)",
                                      "s.to_upper()",
                                      "s.reverse()",
                                      "try { w.to_int() } catch {}",
                                      "try { w.to_float() } catch {}",
                                      "try { s.url_decode() } catch {}",
                                      "try { parse_date(w) } catch {}",
                                      "try { parse_date(s, \"%Y\") } catch {}",
                                      "try { format_date(0, \"%Y\", s) } catch {}",
                                      "u.sub_string(200000, 1)",
                                      "u[200000..200001]",
                                      "u[200000]",
                                      "u.get(200000)",
                                      "let c = u; c.crop(200000, 1)",
                                      "let c = u; c.truncate(1)",
                                      "u[200000] ?"
                                      "?= 1",
                                      "m.get(s)",
                                      "m.contains(s)",
                                      "s in m",
                                      "m[s]",
                                      "m[s] = 1",
                                      "m.set(s, 1)",
                                      "m.remove(s)",
                                      "switch s { t + \"\" => 1, _ => 2 }",
                                      "s.matches(\"x\")",
                                      "s.find_all(\"x\")",
                                      "s.replace_regex(\"x\", \"\")",
                                      "[1].group_by(|x| s)",
                                      "[[s, 1]].to_map()",
                                      "`${s}`",
                                      "s.len() + u.replace(\"x\", \"\").len()"}) {
    EXPECT_LE(turns(setup, work), 200u) << work;
  }
}

TEST(Cost, OfContainersIsTheirSize) {
  const std::string setup =
      "let a = range(0, 20000); let b = range(0, 20000); const c = range(0, 20000); "
      "let m = range(0, 5000).map(|x| [\"k\" + x, x]).to_map(); const n = m;";
  for (const std::string_view work : {"a == b",
                                      "[b].contains(a)",
                                      "a in [b]",
                                      "[b].index_of(a)",
                                      "[b].count(a)",
                                      "[b, a].dedup()",
                                      "[a, b].unique()",
                                      "[1, 2].unique(|x| a)",
                                      "switch a { [b][0] => 1, _ => 2 }",
                                      "c.push(1)",
                                      "c.sort()",
                                      "c.pop()",
                                      "n.set(\"x\", 1)",
                                      "n.remove(\"k1\")",
                                      "Fn(\"push\").call(a, 1)",
                                      "let d = a; d[0] = 1",
                                      "let d = a; d.push(1)",
                                      "let d = m; d.x = 1",
                                      "a[0] = turn; \"\" + [a]",
                                      "a[0] = turn; print(a)",
                                      "a.chunk(1)",
                                      "a.reverse()",
                                      "a.zip(b)",
                                      "a.flatten()",
                                      "m.keys()",
                                      "m.entries()",
                                      "m.values()",
                                      "m + #{ x: 1 }",
                                      "a + [1]"}) {
    EXPECT_LE(turns(setup, work), 250u) << work;
  }
}

TEST(Cost, OfWhatIsWrittenIsItsLength) {
  const auto repeated = [](std::string_view piece, int times) {
    std::string text;
    for (int i = 0; i < times; ++i) text += piece;
    return text;
  };
  EXPECT_LE(turns("", repeated("turn;", 10'000) + "1"), 100u);
  EXPECT_LE(turns("", repeated("1;", 10'000) + "1"), 100u);
  EXPECT_LE(turns("", "switch turn { " + repeated("-1 | ", 10'000) + "-1 => 1, _ => 2 }"), 100u);
  EXPECT_LE(turns("let b = true;", repeated(repeated("!", 100) + "b;", 100) + "1"), 100u);
  EXPECT_LE(turns("let b = true;", repeated("b && " + repeated("b && ", 99) + "b;", 100) + "1"), 100u);
  EXPECT_LE(turns("let m = #{};", repeated("m.a?" + repeated(".a", 100) + ";", 100) + "1"), 500u);
  EXPECT_LE(turns("", "`" + repeated("${turn}", 10'000) + "`"), 100u);
  std::string captures;
  std::string declarations;
  for (int i = 0; i < 500; ++i) {
    declarations += "let v" + std::to_string(i) + " = 1; ";
    captures += "v" + std::to_string(i) + ",";
  }
  EXPECT_LE(turns(declarations, "|| [" + captures + "]"), 1'000u);
}

TEST(Cost, OfAPatternCountsWithTheText) {
  EXPECT_LE(turns("let s = \"a\".repeat(100000);", "s.matches(\"^(a?){900}b\")"), 20u);
  EXPECT_LE(turns("let s = \"a\".repeat(100000);", "s.find_all(\"a(.*b)?\")"), 20u);
}

TEST(Cost, FoldingLeavesNothingBehind) {
  std::string source = "\"" + std::string(3'000, 'x') + "\"";
  for (int i = 0; i < 200; ++i) source += " + \"y\"";
  const auto program = Program::compile(source, {});
  ASSERT_TRUE(program.has_value());
  EXPECT_LE(program->data().code.size(), 4u);
  World world;
  EXPECT_EQ(world.eval("(" + source + ").len()"), "3200");
  EXPECT_EQ(world.eval("let x = 1; [1 + 2, x, \"a\" + \"b\", -(3), `t${1 + 1}`, #{ a: [1, 2 * 3] }, x + (1 + 1)]"),
            R"([3,1,"ab",-3,"t2",{"a":[1,6]},3])");
}

}  // namespace
}  // namespace r8r::expr::testing
