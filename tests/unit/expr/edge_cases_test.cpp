#include "harness.hpp"

// What a line-by-line reading of the language page asks for and the other tests do not say.
namespace r8r::expr::testing {
namespace {

TEST(EdgeCases, FunctionStyleCallsChangeCapturedVariablesToo) {
  check({{"let a = [1]; let f = || a; push(a, 2); f.call()", "[1,2]"},
         {"let a = [2, 1]; let f = || a; sort(a); f.call()", "[1,2]"},
         {"let m = #{ l: [1] }; let f = || m; push(m.l, 2); f.call()", R"({"l":[1,2]})"}});
}

TEST(EdgeCases, ObjectLiteralsWhereTheyAreMeant) {
  check({{"({ a: 1 })", R"({"a":1})"},
         {"let x = { \"a\": 1 }; x", R"({"a":1})"},
         {"let x = {}; x", "{}"},
         {"[{ a: 1 }, {}]", R"([{"a":1},{}])"},
         {"fn f() { return { a: 1 }; } f()", R"({"a":1})"},
         {"switch 1 { 1 => { a: 2 }, _ => 0 }", R"({"a":2})"},
         {"#{ x: { a: {} } }", R"({"x":{"a":{}}})"},
         {"true ? { a: 1 } : {}", R"({"a":1})"},
         {"[1].map(|x| { v: x })", R"([{"v":1}])"},
         {"{ a: 1, \"b\": { c: [2] } }", R"({"a":1,"b":{"c":[2]}})"},
         {"{ a: 1 }.a", "1"}});
}

TEST(EdgeCases, Literals) {
  check({{"0xFF + 0b11 + 0o17", "273"},
         {"1_000.5", "1000.5"},
         {"1e-3", "0.001"},
         {"`a\nb`", "\"a\\nb\""},
         {"`a${`b${1 + 1}`}c`", "\"ab2c\""},
         {"`a``b`", "\"a`b\""},
         {"'é'", "\"é\""},
         {"\"\\u{1F600}\\x41\\t\"", "\"😀A\\t\""},
         {"\"\\u{110000}\"", "problem: not a character: the escape is out of range @1:2"},
         {"0xfffffffffffffffff", "problem: an integer of more than 64 bits @1:1"},
         {"1e999", "problem: a number outside the range of a float @1:1"},
         {"/* a /* b */ c */ 1 // d", "1"},
         {"1 /* open", "problem: this comment is not closed @1:3"}});
}

TEST(EdgeCases, SwitchGuardsAndRanges) {
  check({{"switch 7 { 0..5 => 1, 5..=7 if false => 2, 5..=7 => 3, _ => 4 }", "3"},
         {"switch -3 { -5..-1 => \"in\", _ => \"out\" }", "\"in\""},
         {"switch -3 { -3 => 1, _ => 2 }", "1"},
         {"switch \"b\" { \"a\" | \"b\" if input.flag => 1, _ => 2 }", "1"},
         {"switch 5 { _ if false => 1, n => n * 2 }", "10"},
         {"switch null { null => 1, _ => 2 }", "1"},
         {"switch 1.5 { 1..2 => 1, _ => 2 }", "1"},
         {"switch \"x\" { 1..2 => 1, _ => 2 }", "2"},
         {"switch 3 { n if n => 1, _ => 2 }",
          "error: a condition has to be true or false, not an integer (line 1, column 17)"},
         {"switch 1 { 1 => throw \"t\", _ => 2 }", "error: t (line 1, column 17)"}});
}

TEST(EdgeCases, Loops) {
  check({{"let t = []; for (c, i) in \"hé\" { t.push([c, i]); } t", R"([["h",0],["é",1]])"},
         {"let t = []; for (e, i) in #{ a: 5 } { t.push([e.key, e.value, i]); } t", R"([["a",5,0]])"},
         {"let t = []; for (x, i) in 5..7 { t.push([x, i]); } t", "[[5,0],[6,1]]"},
         {"let t = 0; for x in 3..=3 { t += x; } t", "3"},
         {"for x in [] { 1 }", "null"},
         {"let i = 0; while i < 9 { i += 1; if i == 5 { break i; } }", "5"},
         {"let i = 0; do { i += 1; if i == 2 { continue; } } while i < 4; i", "4"},
         {"for x in 1.5..3 { }", "error: a range needs integers, not a float (line 1, column 13)"},
         {"loop { break; }", "null"}});
}

TEST(EdgeCases, ErrorsCarryTheirPlaceAndValue) {
  check({{"try { [1][5] } catch (e) { [type_of(e), e.line, e.position, e.message.len() > 5] }", R"(["map",1,10,true])"},
         {"try { throw 5 } catch (e) { e + 1 }", "6"},
         {"try { throw () } catch (e) { e }", "null"},
         {"throw \"a\" + 1", "error: a1 (line 1, column 1)"}});
}

TEST(EdgeCases, RoundingOfIntegers) {
  check({{"[1250.round(-2), (-1250).round(-2), 1249.round(-2), 5.round(-1), 4.round(-1), 7.round(2)]",
          "[1300,-1300,1200,10,0,7]"},
         {"5.round(-30)", "0"},
         {"9223372036854775807.round(-1)",
          "error: integer overflow: 9223372036854775807 rounded to -1 digits (line 1, column 21)"},
         {"(-9223372036854775807 - 1).round(-30)", "0"},
         {"1.round(-9223372036854775807 - 1)", "0"}});
}

TEST(EdgeCases, PatternsThatCutCharacters) {
  // \C is one byte.
  check({{R"j("é".find_all("\\C").map(|x| x.len()))j", "[1,1]"},
         {R"j(("é".find_all("\\C")[0] + "a")[1])j", "\"a\""},
         {R"j("é".replace_regex("^\\C", "").len())j", "1"},
         {R"j("é".find_all("\\C")[0].reverse().to_upper().chars().len())j", "1"}});
}

TEST(EdgeCases, TextIsUnicodeEverywhere) {
  check({{"\"a😀b\".len()", "3"},
         {"\"a😀b\"[1]", "\"😀\""},
         {"\"a😀b\"[-2..-1]", "\"😀\""},
         {"\"a😀b\".sub_string(1, 1)", "\"😀\""},
         {"\"a😀b\".index_of(\"b\")", "2"},
         {"\"a😀b\".split(\"\")", R"(["a","😀","b"])"},
         {"\"a😀b\".split(2)", R"(["a😀","b"])"},
         {"\"😀\".pad(3, \"é\")", "\"😀éé\""},
         {"\"😀\".url_encode()", "\"%F0%9F%98%80\""},
         {"\"é\" < \"ê\"", "true"},
         {"\"😀\" in \"a😀b\"", "true"},
         {"let s = \"a😀b\"; s[1] = \"é\"; s", "\"aéb\""}});
}

TEST(EdgeCases, EmptyAndOutOfRange) {
  check(
      {{"[\"\".trim(), \"\".to_upper(), \"\".reverse(), \"\".slugify(), \"\".url_decode(), \"\".hex_decode()]",
        R"(["","","","","",""])"},
       {"[\"\".len(), \"\".bytes(), \"\".chars(), \"\".lines(), \"\".split(\"x\"), \"\".index_of(\"\")]",
        R"([0,0,[],[],[""],0])"},
       {"[[].sum(), [].min(), [].avg(), [].first(), [].flatten(), [].unique(), [].join(\"-\"), [].count()]",
        R"([0,null,null,null,[],[],"",0])"},
       {"[#{}.keys(), #{}.values(), #{}.entries(), #{}.to_array(), #{} + #{}, #{}.merge(#{})]", "[[],[],[],[],{},{}]"},
       {"\"abc\".truncate(-5)", "\"\""},
       {"[1, 2, 3].extract(-99, 2)", "[1,2]"},
       {"[1, 2, 3].extract(1, -1)", "[]"},
       {"\"abc\".sub_string(-99)", "\"abc\""},
       {"[1, 2].skip(-3)", "[1,2]"},
       {"[1].last(-1)", "[]"},
       {"\"abc\".repeat(-9223372036854775807)", "\"\""},
       {"let a = [1]; a.insert(-99, 0); a", "[0,1]"},
       {"let a = [1]; a.remove(-1)", "1"},
       {"[1, 2].chunk(-1)", "error: 'chunk' needs a size of at least 1 (line 1, column 8)"},
       {"[1, 2, 3].flatten(-1)", "[1,2,3]"}});
}

TEST(EdgeCases, WrongTypesSayWhatIsWanted) {
  check({{"null.len()", "error: null has no function 'len' (line 1, column 6)"},
         {"true.to_int()", "error: a boolean has no function 'to_int' (line 1, column 6)"},
         {"[1].join(1)", "error: 'join' needs a string as argument 1, not an integer (line 1, column 5)"},
         {"\"a\".pad(\"b\")", "error: 'pad' needs an integer as argument 1, not a string (line 1, column 5)"},
         {"[1].sort(1)", "error: 'sort' needs a closure as argument 1, not an integer (line 1, column 5)"},
         {"#{}.merge([])", "error: 'merge' needs a map as argument 1, not an array (line 1, column 5)"},
         {"1.5.is_odd()", "error: a float has no function 'is_odd' (line 1, column 5)"},
         {"\"a\".map(|x| x)", "error: a string has no function 'map' (line 1, column 5)"}});
}

TEST(EdgeCases, OptionalCallsAndIndexes) {
  check({{"let x = null; x?.push(1)", "null"},
         {"let x = [1]; x?.push(2); x", "[1,2]"},
         {"let x = null; x?[0]?.y", "null"},
         {"input?.none?.a.b.c()", "problem: unknown function 'c' @1:18 [did you mean 'E'?]"},
         {"input.none?.trim().len() ?"
          "? 4",
          "4"},
         {"input?.list?[1]", "1"}});
}

TEST(EdgeCases, NumbersInAndOut) {
  check(
      {{"[0.1 + 0.2 == 0.3, 1e15, 1e16, 1e21, 123456789012345680.0]", "[false,1e+15,1e+16,1e+21,123456789012345680.0]"},
       {"-0.0", "-0.0"},
       {"0.0 == -0.0", "true"},
       {"[1.0 / 0, 0.0 / 0, -1.0 / 0]", "[null,null,null]"},
       {"9007199254740993 == 9007199254740992.0", "false"},
       {"\"\" + 1e21 + 0.1", "\"1e+210.1\""}});
}

}  // namespace
}  // namespace r8r::expr::testing
