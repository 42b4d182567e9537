#include "harness.hpp"

namespace r8r::expr::testing {
namespace {

TEST(Syntax, Literals) {
  check({{"1_000", "1000"},
         {"0xff", "255"},
         {"0xFFFF_FFFF_FFFF_FFFF", "-1"},
         {"0b101", "5"},
         {"0o17", "15"},
         {"1.5e3", "1500.0"},
         {"1e3", "1000.0"},
         {"2.5e-1", "0.25"},
         {"-9223372036854775808", "-9223372036854775808"},
         {"9223372036854775808",
          "problem: an integer outside the range of 64 bits @1:1 [write it with a fraction to make it a float]"},
         {R"("text\n\t\"\\\u{1F600}\x41\u00e9")", R"("text\n\t\"\\😀Aé")"},
         {R"("\ud83d\ude00")", R"("😀")"},
         {R"('c')", R"("c")"},
         {R"('don\'t')", R"("don't")"},
         {"[1, \"a\", [true,],]", "[1,\"a\",[true]]"},
         {R"(#{ a: 1, "b-c": 2, if: 3, })", R"({"a":1,"b-c":2,"if":3})"},
         {"#{}", "{}"},
         {"()", "null"},
         {"12abc", "problem: a malformed number @1:1"},
         {R"("\q")", "problem: an unknown escape in a string @1:2 [write \\\\ for a backslash]"},
         {R"("\ud800")", "problem: not a character: half of a surrogate pair @1:2"},
         {R"("abc)", "problem: this string is not closed @1:1 [use `…` for text of several lines]"}});
}

TEST(Syntax, InterpolatedText) {
  check({{"`a ${1 + 2} b`", "\"a 3 b\""},
         {"`${\"x\"}${[1]}${null}`", "\"x[1]\""},
         {"`two\nlines`", "\"two\\nlines\""},
         {"`\nfirst break is dropped`", "\"first break is dropped\""},
         {"`outer ${`inner ${1}`}`", "\"outer inner 1\""},
         {"`${ #{a: 1}.a }`", "\"1\""},
         {"`${ let x = 2; x * x }`", "\"4\""},
         {"`a``b`", "\"a`b\""},
         {"`\\d+`", "\"\\\\d+\""},
         {"`open", "problem: this string is not closed @1:1"},
         {"`${1`", "problem: this string is not closed @1:5"},
         {"`${}`", "problem: '${}' is empty @1:4"}});
}

TEST(Syntax, ObjectLiteralsWhereAValueIsMeant) {
  check({{R"({ "a": 1 })", R"({"a":1})"},
         {R"(let x = {}; x)", "{}"},
         {R"([{ a: 1 }, {}])", R"([{"a":1},{}])"},
         {R"(let f = |x| { "v": x }; f.call(2))", R"({"v":2})"},
         {R"(switch 1 { 1 => { "a": 1 }, _ => { 5 } })", R"({"a":1})"},
         {R"(fn f() { return {}; } f())", "{}"},
         {R"(if true { "b": 1 })", "problem: expected ';', found ':' @1:14"},
         {R"(#{ a: { b: {} } })", R"({"a":{"b":{}}})"},
         {R"(({"a": 1}).a)", "1"},
         {"{ 5 }", "5"},
         {"{}", "null"}});
}

TEST(Syntax, BlocksAndStatements) {
  check({{"let x = 1; let y = x + 1; y * 2", "4"},
         {"let x = 1;", "null"},
         {"5;", "null"},
         {"let x = 1; { let x = 2; } x", "1"},
         {"let x = 1; let x = x + 1; x", "2"},
         {"let x; x", "null"},
         {"const C = 3; C + 1", "4"},
         {"const C = 3; C = 4", "problem: 'C' is a constant @1:14"},
         {"let x = { let y = 2; y + 1 }; x", "3"},
         {"let x = if true { 1 } else { 2 }; x", "1"},
         {"if false { 1 }", "null"},
         {"if false { 1 } else if true { 2 } else { 3 }", "2"},
         {"if true { 1 } 2", "2"},
         {"1 2", "problem: expected ';', found '2' @1:3"},
         {";;1;;", "null"},
         {"// all\n1 /* a /* nested */ b */ + 2 // end", "3"},
         {"/* open", "problem: this comment is not closed @1:1"},
         {"", "problem: the expression is empty @1:1"},
         {"  \n ", "problem: the expression is empty @2:2"},
         {"{ let a = 1 }  a", "error: unknown name 'a' (line 1, column 16)"}});
}

TEST(Syntax, Assignments) {
  check({{"let x = 1; x += 2; x -= 1; x *= 10; x /= 4; x %= 3; x", "2"},
         {"let x = 2; x **= 3; x <<= 2; x >>= 1; x |= 1; x &= 0xf; x ^= 2; x", "3"},
         {"let x = null; x ?"
          "?= 5; x ?"
          "?= 6; x",
          "5"},
         {"let s = \"a\"; s += \"b\"; s += 1; s", "\"ab1\""},
         {"let a = [1]; a += 2; a += [3, 4]; a", "[1,2,3,4]"},
         {"let m = #{}; m.a = 1; m[\"b c\"] = 2; m.a += 1; m.n ?"
          "?= 3; m",
          R"({"a":2,"b c":2,"n":3})"},
         {"let m = #{ a: [1, #{ b: 2 }] }; m.a[1].b = 7; m.a[-2] = 0; m", R"({"a":[0,{"b":7}]})"},
         {"let a = [1]; a[1] = 2", "error: index 1 is out of range: 'a' has 1 elements (line 1, column 15)"},
         {"let m = #{}; m.a.b = 1", "error: cannot reach 'a': 'm' has no such key (line 1, column 16)"},
         {"let x = 1; x.y = 2", "error: cannot set 'y' of 'x': it is an integer (line 1, column 14)"},
         {"let s = \"abc\"; s[1] = \"é\"; s", "\"aéc\""},
         {"let s = \"abc\"; s[1] = \"xy\"",
          "error: only a one-character string can replace a character (line 1, column 17)"},
         {"let a = [1, 2]; let b = a; b[0] = 9; [a, b]", "[[1,2],[9,2]]"},
         {"let m = #{ x: #{ y: 1 } }; let n = m.x; n.y = 2; [m, n]", R"([{"x":{"y":1}},{"y":2}])"},
         {"input.n = 6; input.items[0].price += 1; [data.n, input.items[0].price]", "[6,6]"},
         {"1 = 2", "problem: cannot assign to this @1:1 [only variables and what is in them can change]"},
         {"foo = 2", "problem: unknown variable 'foo' @1:1 [declare it first: let foo = …]"},
         {"true and false", "problem: expected ';', found 'and' @1:6 [use '&&']"},
         {"if x = 1 { }", "problem: expected a block, found '=' @1:6 [use '==' to compare]"},
         {"let a = 1; a === 1", "problem: there is no operator '===' @1:14 [use '==']"}});
}

TEST(Syntax, Loops) {
  check({{"let t = 0; for x in [1, 2, 3] { t += x; } t", "6"},
         {"let t = 0; for x in 0..5 { if x == 1 { continue; } if x == 4 { break; } t += x; } t", "5"},
         {"let t = []; for (x, i) in [\"a\", \"b\"] { t.push(`${i}${x}`); } t", R"(["0a","1b"])"},
         {"let t = []; for c in \"hé\" { t.push(c); } t", R"(["h","é"])"},
         {"let t = []; for e in #{ a: 1, b: 2 } { t.push(e.key + e.value); } t", R"(["a1","b2"])"},
         {"for x in 5 { }",
          "error: 'for' needs an array, a range, a string or a map, not an integer (line 1, column 10)"},
         {"for x in null { }", "error: 'for' needs an array, a range, a string or a map, not null (line 1, column 10)"},
         {"let i = 0; while i < 3 { i += 1; } i", "3"},
         {"let i = 0; loop { i += 1; if i == 4 { break i * 10; } }", "40"},
         {"let i = 0; do { i += 1; } while i < 3; i", "3"},
         {"let i = 9; do { i += 1; } until i > 3; i", "10"},
         {"for x in [1, 2, 3] { if x == 2 { break x; } }", "2"},
         {"let a = [1, 2]; for x in a { a.push(x); } a", "[1,2,1,2]"},
         {"let t = 0; for i in 0..3 { for j in 0..3 { if j > i { break; } t += 1; } } t", "6"},
         {"break", "problem: 'break' outside a loop @1:1"},
         {"for x in [1] { let f = || { break; }; }", "problem: 'break' outside a loop @1:29"}});
}

TEST(Syntax, Switch) {
  const std::string_view rules =
      "{ 1 => \"one\", \"b\" | \"c\" => \"letter\", 2..5 => \"few\", n if n == 50 => n + 1, _ => \"other\" }";
  const auto with = [&](std::string_view value) { return "switch " + std::string(value) + " " + std::string(rules); };
  World world;
  EXPECT_EQ(world.eval(with("1")), "\"one\"");
  EXPECT_EQ(world.eval(with("1.0")), "\"one\"");
  EXPECT_EQ(world.eval(with("\"c\"")), "\"letter\"");
  EXPECT_EQ(world.eval(with("4")), "\"few\"");
  EXPECT_EQ(world.eval(with("4.5")), "\"few\"");
  EXPECT_EQ(world.eval(with("5")), "\"other\"");
  EXPECT_EQ(world.eval(with("50")), "51");
  EXPECT_EQ(world.eval(with("null")), "\"other\"");
  check({{"switch 5 { 1 => 2 }", "null"},
         {"switch true { true => 1, false => 2 }", "1"},
         {"switch [1, 2] { [1, 2] => \"same\", _ => 0 }", "\"same\""},
         {"switch 5 { n if n > 3 => { let m = n * 2; m } _ => 0 }", "10"},
         {"let x = 0; switch 1 { 1 => x = 7, _ => x = 8 } x", "7"},
         {"switch 1 { _ => 1, 2 => 3 }", "problem: this case cannot be reached: '_' has to be the last @1:20"},
         {"switch 1 { 1 2 }", "problem: expected '=>' after a case of a switch, found '2' @1:14"}});
}

TEST(Syntax, ErrorsAreThrownAndCaught) {
  check({{"try { throw \"bad\"; } catch (e) { \"caught \" + e }", "\"caught bad\""},
         {"try { throw #{ code: 5 } } catch (e) { e.code }", "5"},
         {"try { 1 / 0 } catch (e) { [e.message, e.line, e.position] }", R"(["division by zero: 1 / 0",1,9])"},
         {"try { 1 } catch { 2 }", "1"},
         {"try { input.a.b } catch { 2 }", "2"},
         {"try { try { throw 1 } catch (e) { throw e + 1 } } catch (e) { e }", "2"},
         {"fn f() { throw \"deep\" } try { f() } catch (e) { e }", "\"deep\""},
         {"[1].map(|x| { throw \"in map\" })", "error: in map (line 1, column 15)"},
         {"throw", "error: the script threw an error (line 1, column 1)"},
         {"throw #{ a: 1 }", R"(error: {"a":1} (line 1, column 1))"},
         {"let r = 0; for i in 0..3 { try { if i == 1 { continue; } r += i; } catch { r = -1; } } r", "2"},
         {"fn f() { try { return 1 } catch { return 2 } } f()", "1"}});
}

TEST(Syntax, CannotRunOutOfStack) {
  const std::size_t many = 60'000;
  const auto repeated = [&](std::string_view piece) {
    std::string text;
    for (std::size_t i = 0; i < many; ++i) text += piece;
    return text;
  };
  World world;
  for (const std::string_view piece :
       {"(",       "[",   "{",        "#{a:",  "-",    "!",      "|x| ",  "if true {",
        "a(",      "a[",  "`${",      "1 ** ", "x ? ", "loop {", "try {", "switch x { 1 => ",
        "{\"a\":", "|| ", "fn f() {", "x => "}) {
    const std::string outcome = world.eval(repeated(piece));
    EXPECT_TRUE(mentions(outcome, "problem: ")) << piece << ": " << outcome.substr(0, 200);
  }
  for (const std::string_view piece : {"1 + ", "x.len().", "true && ",
                                       "1 ?"
                                       "? ",
                                       "a = "}) {
    const std::string outcome = world.eval(repeated(piece) + "1");
    EXPECT_TRUE(mentions(outcome, "problem: ")) << piece << ": " << outcome.substr(0, 200);
  }
  // Long is not deep.
  std::string chain = "if false { 0 }";
  for (int i = 0; i < 5'000; ++i) chain += " else if false { 1 }";
  EXPECT_EQ(world.eval(chain + " else { 2 }"), "2");
  EXPECT_EQ(world.eval(repeated("1;").substr(0, 100'000) + "2"), "2");
  EXPECT_EQ(world.eval("[" + repeated("1,").substr(0, 100'000) + "].len()"), "50000");
}

}  // namespace
}  // namespace r8r::expr::testing
