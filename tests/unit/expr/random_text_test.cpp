#include <random>

#include "harness.hpp"

// Whatever the text: a value, an error or a problem comes out, never a crash. The seed is fixed and printed.
namespace r8r::expr::testing {
namespace {

const std::vector<std::string> kPieces = {"1",
                                          "2",
                                          "-3",
                                          "0",
                                          "1.5",
                                          "9223372036854775807",
                                          "\"a\"",
                                          "\"héllo\"",
                                          "'x'",
                                          "`t${1}`",
                                          "`${x}`",
                                          "true",
                                          "false",
                                          "null",
                                          "()",
                                          "x",
                                          "y",
                                          "f",
                                          "g",
                                          "input",
                                          "input.n",
                                          "input.list",
                                          "input.items",
                                          "input.name",
                                          "nodes.my-node",
                                          "nodes",
                                          "item",
                                          "index",
                                          "data",
                                          "env.A",
                                          "variables.v",
                                          "credentials.c",
                                          "+",
                                          "-",
                                          "*",
                                          "/",
                                          "%",
                                          "**",
                                          "<<",
                                          ">>",
                                          "==",
                                          "!=",
                                          "<",
                                          "<=",
                                          ">",
                                          ">=",
                                          "&&",
                                          "||",
                                          "!",
                                          "&",
                                          "|",
                                          "^",
                                          "?"
                                          "?",
                                          "?",
                                          ":",
                                          "=",
                                          "+=",
                                          "-=",
                                          "?"
                                          "?=",
                                          "..",
                                          "..=",
                                          "in",
                                          "!in",
                                          "(",
                                          ")",
                                          "[",
                                          "]",
                                          "{",
                                          "}",
                                          "#{",
                                          ",",
                                          ";",
                                          ".",
                                          "?.",
                                          "?[",
                                          "=>",
                                          "|",
                                          "||",
                                          "let x =",
                                          "let y =",
                                          "const z =",
                                          "if",
                                          "else",
                                          "switch",
                                          "while",
                                          "loop",
                                          "do",
                                          "until",
                                          "for x in",
                                          "for (x, i) in",
                                          "fn f(a)",
                                          "return",
                                          "throw",
                                          "try",
                                          "catch (e)",
                                          "break",
                                          "continue",
                                          "_",
                                          "a: 1",
                                          "\"k\": 2",
                                          "|x|",
                                          "|a, b|",
                                          "||",
                                          ".map(",
                                          ".filter(",
                                          ".push(",
                                          ".len()",
                                          ".sort(",
                                          ".reduce(",
                                          ".trim()",
                                          ".split(",
                                          ".keys()",
                                          ".retain(",
                                          ".join(",
                                          "print(",
                                          "range(0, 5)",
                                          "to_json(",
                                          "x = 1;",
                                          "x.a = 1;",
                                          "x[0] = 2;",
                                          "x.push(1);",
                                          "input.a = 1;",
                                          "//c\n",
                                          "/* c */",
                                          "\n",
                                          " ",
                                          "$now",
                                          "@",
                                          "\\",
                                          "\xff",
                                          "\"",
                                          "`",
                                          "${",
                                          "}}",
                                          "{{"};

void feed(const std::string& text, World& world) {
  world.limits.operations = 3'000;
  world.limits.bytes = 64 * 1024;
  world.limits.elements = 10'000;
  const std::string script = world.eval(text);
  ASSERT_FALSE(script.empty());
  const std::string rendered = world.render("{{ " + text + " }}");
  ASSERT_FALSE(rendered.empty());
}

TEST(RandomText, TokensInAnyOrderNeverCrash) {
  World world;
  world.node("my-node", R"({"x":1})");
  for (std::uint32_t seed = 1; seed <= 100'000; ++seed) {
    std::mt19937 random(seed);
    std::string text;
    const int count = 1 + static_cast<int>(random() % 24);
    for (int i = 0; i < count; ++i) {
      text += kPieces[random() % kPieces.size()];
      if (random() % 3 != 0) text += ' ';
    }
    SCOPED_TRACE("seed " + std::to_string(seed) + ": " + text);
    feed(text, world);
    if (HasFatalFailure()) return;
  }
}

const std::vector<std::string> kPrograms = {
    "let t = 0; for x in input.items { if x.price > 6 { t += x.price; } else { continue; } } t",
    "input.items.filter(|x| x.price > 5).map(|x, i| #{ id: x.id, n: i })",
    "let f = |a, b| a + b; [1, 2, 3].reduce(f, 0)",
    "fn fact(n) { if n < 2 { 1 } else { n * fact(n - 1) } } fact(10)",
    "switch input.n { 1 | 2 => \"low\", 3..=9 => \"mid\", n if n > 9 => n, _ => () }",
    "try { throw #{ code: 5 } } catch (e) { e.code }",
    "let m = #{ a: [1, #{ b: 2 }] }; m.a[1].b = 7; m.a.push(m.a[0]); m",
    "let s = `sum ${1 + 2} of ${input.list.len()}`; s.replace(\"sum\", \"total\"); s",
    "let c = 0; let inc = || { c += 1; c }; inc.call(); inc.call(); let i = 0; while i < 3 { i += 1 } [c, i]",
    "let a = [5, 3, 4]; a.sort(|x, y| y - x); a.retain(|x| x > 3); do { a.pop(); } until a.is_empty(); a",
    "nodes.my-node.output.x ?? input?.deep?.a.b[-1] ?? (input.flag ? 1 : 2)",
};

TEST(RandomText, MutatedProgramsNeverCrash) {
  World world;
  world.node("my-node", R"({"x":1})");
  for (std::uint32_t seed = 1; seed <= 40'000; ++seed) {
    std::mt19937 random(seed);
    std::string text = kPrograms[random() % kPrograms.size()];
    const int edits = 1 + static_cast<int>(random() % 4);
    for (int i = 0; i < edits && !text.empty(); ++i) {
      const std::size_t at = random() % text.size();
      switch (random() % 4) {
        case 0:
          text.erase(at, 1 + random() % 3);
          break;
        case 1:
          text.insert(at, kPieces[random() % kPieces.size()]);
          break;
        case 2:
          text[at] = static_cast<char>(random() % 256);
          break;
        default: {
          const std::string& other = kPrograms[random() % kPrograms.size()];
          text.insert(at, other.substr(random() % other.size(), random() % 20));
        }
      }
    }
    SCOPED_TRACE("seed " + std::to_string(seed) + ": " + text);
    feed(text, world);
    if (HasFatalFailure()) return;
  }
}

TEST(RandomText, JsonOfAnyBytesNeverCrashes) {
  const std::string base = R"({"a":[1,-2.5e3,true,null,"x\u00e9\ud83d\ude00"],"b":{"c":"\n"},"a":0})";
  for (std::uint32_t seed = 1; seed <= 50'000; ++seed) {
    std::mt19937 random(seed);
    std::string text = base;
    for (int i = 0; i < 3; ++i) {
      const std::size_t at = random() % text.size();
      if (random() % 2 == 0) {
        text[at] = static_cast<char>(random() % 256);
      } else {
        text.erase(at, 1);
      }
    }
    const Result<Value> value = parse_json(text);
    if (!value) continue;
    // What was read can be written and read again, and is the same then.
    const Result<Value> again = parse_json(to_json(*value));
    ASSERT_TRUE(again.has_value()) << "seed " << seed << ": " << text;
    ASSERT_EQ(*again, *value) << "seed " << seed << ": " << text;
  }
}

}  // namespace
}  // namespace r8r::expr::testing
