#include "harness.hpp"

namespace r8r::expr::testing {
namespace {

TEST(Operators, BindAsTheTableSays) {
  check({{"1 + 2 * 3", "7"},
         {"(1 + 2) * 3", "9"},
         {"-2 ** 2", "4"},  // the sign belongs to the number
         {"2 ** 3 ** 2", "512"},
         {"2 * 3 ** 2", "18"},
         {"20 / 2 / 5", "2"},
         {"10 - 2 - 3", "5"},
         {"1 + 2 << 2", "12"},
         {"1 << 2 + 1", "8"},
         {"7 & 3 == 3", "error: cannot use '&' with an integer and a boolean (line 1, column 3)"},
         {"(6 & 3) == 2", "true"},
         {"6 ^ 2 | 1", "5"},
         {"1 | 6 ^ 2 & 3", "5"},
         {"1 < 2 == true", "true"},
         {"true || false && false", "true"},
         {"null ?? false || true", "true"},
         {"false || true ? 1 : 2", "1"},
         {"null ?? 1 ? 2 : 3", "error: a condition has to be true or false, not an integer (line 1, column 6)"},
         {"true ? false ? 1 : 2 : 3", "2"},
         {"!true == false", "true"},
         {"!(1 in [1])", "false"},
         {"1 in 0..3 == true", "true"},
         {"2 + 1 in [3]", "true"},
         {"1 !in [2]", "true"},
         {"- -3", "3"},
         {"+3", "3"}});
}

TEST(Operators, IntegersOverflowWithAnError) {
  check({{"9223372036854775807 + 1", "error: integer overflow: 9223372036854775807 + 1 (line 1, column 21)"},
         {"-9223372036854775808 - 1", "error: integer overflow: -9223372036854775808 - 1 (line 1, column 22)"},
         {"4611686018427387904 * 2", "error: integer overflow: 4611686018427387904 * 2 (line 1, column 21)"},
         {"2 ** 63", "error: integer overflow: 2 ** 63 (line 1, column 3)"},
         {"2 ** 62", "4611686018427387904"},
         {"(-2) ** 63", "-9223372036854775808"},
         {"-9223372036854775808 / -1", "error: integer overflow: -9223372036854775808 / -1 (line 1, column 22)"},
         {"-9223372036854775808 % -1", "0"},
         {"let x = -9223372036854775808; -x", "error: integer overflow: -(-9223372036854775808) (line 1, column 31)"},
         {"1 / 0", "error: division by zero: 1 / 0 (line 1, column 3)"},
         {"1 % 0", "error: division by zero: 1 % 0 (line 1, column 3)"},
         {"2 ** -1", "error: an integer to a negative power: 2 ** -1; use a float (line 1, column 3)"}});
}

TEST(Operators, IntegersAndFloatsMix) {
  check({{"7 / 2", "3"},
         {"-7 / 2", "-3"},
         {"-7 % 3", "-1"},
         {"7 / 2.0", "3.5"},
         {"7.5 % 2", "1.5"},
         {"1.0 / 0", "null"},
         {"2 ** 0.5 > 1.41", "true"},
         {"2.0 ** 3", "8.0"},
         {"1 == 1.0", "true"},
         {"1 < 1.5", "true"},
         {"0.1 + 0.2", "0.30000000000000004"},
         {"9007199254740993 > 9007199254740992.0", "true"},
         {"1 == \"1\"", "false"},
         {"null == false", "false"},
         {"true == 1", "false"}});
}

TEST(Operators, ShiftBeyondTheBits) {
  check({{"1 << 63", "-9223372036854775808"},
         {"1 << 64", "0"},
         {"-1 >> 100", "-1"},
         {"8 >> 1", "4"},
         {"8 << -1", "4"},
         {"8 >> -1", "16"},
         {"true & false", "false"},
         {"true | false", "true"},
         {"true ^ true", "false"}});
}

TEST(Operators, PlusJoins) {
  check({{R"("a" + 1)", R"("a1")"},
         {R"(1 + "a")", R"("1a")"},
         {R"("x" + null + 2.0 + true)", R"("x2.0true")"},
         {R"("x" + [1, "b"])", R"("x[1,\"b\"]")"},
         {R"([1] + [2, 3])", "[1,2,3]"},
         {R"(#{a: 1, b: 1} + #{b: 2, c: 3})", R"({"a":1,"b":2,"c":3})"},
         {R"("banana" - "an")", R"("ba")"},
         {R"([1] + 2)", "error: cannot use '+' with an array and an integer (line 1, column 5)"},
         {"null + 1", "error: cannot use '+' with null and an integer (line 1, column 6)"},
         {"true + true", "error: cannot use '+' with a boolean and a boolean (line 1, column 6)"},
         {R"("a" * 2)", "error: cannot use '*' with a string and an integer (line 1, column 5)"}});
}

TEST(Operators, OrderNeedsTwoNumbersOrTwoStrings) {
  check({{R"("a" < "b")", "true"},
         {R"("a" < "B")", "false"},
         {R"("é" > "z")", "true"},
         {R"("a" < 1)", "error: cannot compare by '<' with a string and an integer (line 1, column 5)"},
         {"null < 1", "error: cannot compare by '<' with null and an integer (line 1, column 6)"},
         {"[1] >= [1]", "error: cannot compare by '>=' with an array and an array (line 1, column 5)"}});
}

TEST(Operators, InLooksIntoContainersTextAndRanges) {
  check({{"2 in [1, 2.0]", "true"},
         {R"("k" in #{k: null})", "true"},
         {R"("ell" in "hello")", "true"},
         {"3 in 1..3", "false"},
         {"3 in 1..=3", "true"},
         {"2.5 in 1..3", "true"},
         {"0 !in 1..3", "true"},
         {R"("x" in 1..3)", "false"},
         {"1 in 5", "error: cannot use 'in' with an integer and an integer (line 1, column 3)"},
         {R"(1 in "a1")", "error: cannot use 'in' with an integer and a string (line 1, column 3)"}});
}

TEST(Operators, LogicIsShortAndStrict) {
  check({{"false && (1 / 0 == 1)", "false"},
         {"true || (1 / 0 == 1)", "true"},
         {"1 ?? (1 / 0)", "1"},
         {"null ?? null ?? 3", "3"},
         {"true && 1", "error: '&&' needs true or false on both sides, not an integer (line 1, column 9)"},
         {"'' || 1",
          "error: '||' needs true or false on both sides (a ?? b gives a default for null), not a string (line 1, "
          "column 1)"},
         {"!null", "error: cannot use '!' with null (line 1, column 1)"},
         {"!input.flag", "false"},
         {"if 1 { 2 }", "error: a condition has to be true or false, not an integer (line 1, column 4)"},
         {"if \"\" { 2 }", "error: a condition has to be true or false, not a string (line 1, column 4)"}});
}

TEST(Operators, RangesAreArraysOfIntegers) {
  check({{"0..4", "[0,1,2,3]"},
         {"1..=3", "[1,2,3]"},
         {"3..1", "[]"},
         {"let n = 2; n..n+2", "[2,3]"},
         {"1.5..3", "error: a range needs integers, not a float (line 1, column 4)"}});
}

TEST(Operators, LeftSideIsReadBeforeTheRightSideChangesIt) {
  check({{"let x = 1; x + { x = 5; x }", "6"},
         {"let s = \"a\"; s + { s += \"b\"; s }", "\"aab\""},
         {"let a = [1]; a + { a.push(2); a }", "[1,1,2]"},
         {"let f = 1; let g = || { f = 10; f }; f + g.call()", "11"}});
}

}  // namespace
}  // namespace r8r::expr::testing
