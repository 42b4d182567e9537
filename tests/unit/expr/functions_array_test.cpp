#include "harness.hpp"

namespace r8r::expr::testing {
namespace {

TEST(ArrayFunctions, LookingInside) {
  check({{"[1, 2].len()", "2"},
         {"[].is_empty()", "true"},
         {"[1, [2]].contains([2.0])", "true"},
         {"[1, 2, 1].index_of(1, 1)", "2"},
         {"[1, 2].index_of(9)", "-1"},
         {"[1, 5].index_of(|x| x > 3)", "1"},
         {"[1, 2, 3].first()", "1"},
         {"[].first()", "null"},
         {"[1, 2, 3].last()", "3"},
         {"[].last()", "null"},
         {"[1, 2, 3].last(2)", "[2,3]"},
         {"[1, 2, 3].first(2)", "[1,2]"},
         {"[1, 2].get(-1)", "2"},
         {"[1].get(5)", "null"},
         {"[1].get(5, 0)", "0"}});
}

TEST(ArrayFunctions, Parts) {
  check({{"[1, 2, 3, 4].extract(1, 2)", "[2,3]"},
         {"[1, 2, 3].extract(-2)", "[2,3]"},
         {"[1, 2, 3, 4].slice(1..3)", "[2,3]"},
         {"[1, 2].slice(5)", "[]"},
         {"[1, 2].slice(0, -1)", "[]"},
         {"[1, 2].slice(1..1)", "[]"},
         {"[1, 2, 3].take(2)", "[1,2]"},
         {"[1].take(9)", "[1]"},
         {"[1].take(-1)", "[]"},
         {"[1, 2, 3].skip(1)", "[2,3]"},
         {"[1].skip(9)", "[]"},
         {"[1, 2, 3, 4, 5].chunk(2)", "[[1,2],[3,4],[5]]"},
         {"[].chunk(2)", "[]"},
         {"[1].chunk(0)", "error: 'chunk' needs a size of at least 1 (line 1, column 5)"},
         {"[1].chunk(9223372036854775807)", "[[1]]"}});
}

TEST(ArrayFunctions, Growing) {
  check(
      {{"let a = [1]; a.push(2); a.insert(0, 0); a.insert(-1, 9); a.insert(99, 5); a", "[0,1,9,2,5]"},
       {"let a = [1]; a.append([2, 3]); a.extend([4]); a", "[1,2,3,4]"},
       {"let a = [1]; a.append(2)", "error: 'append' needs an array as argument 1, not an integer (line 1, column 16)"},
       {"let a = [1, 2, 3, 4]; a.splice(1, 2, [9]); a", "[1,9,4]"},
       {"let a = [1, 2, 3]; a.splice(1..2, []); a", "[1,3]"},
       {"let a = [1]; a.splice(5, 1, [2]); a", "[1,2]"},
       {"let a = [1]; a.append(a); a", "[1,1]"},
       {"let a = [1, 2]; a.set(0, 5); a", "[5,2]"}});
}

TEST(ArrayFunctions, Shrinking) {
  check({{"let a = [1, 2, 3]; [a.pop(), a]", "[3,[1,2]]"},
         {"let a = [1, 2, 3]; [a.shift(), a]", "[1,[2,3]]"},
         {"let a = []; [a.pop(), a.shift()]", "[null,null]"},
         {"let a = [1, 2, 3]; [a.remove(1), a]", "[2,[1,3]]"},
         {"let a = [1]; [a.remove(5), a]", "[null,[1]]"},
         {"let a = [1, 2, 3]; a.chop(2); a", "[2,3]"},
         {"let a = [1, 2, 3]; a.truncate(1); a", "[1]"},
         {"let a = [1, 2, 3]; a.clear(); a", "[]"},
         {"let a = [1, 2, 3, 4]; [a.drain(|x| x % 2 == 0), a]", "[[2,4],[1,3]]"},
         {"let a = [1, 2, 3, 4]; [a.drain(1, 2), a]", "[[2,3],[1,4]]"},
         {"let a = [1, 2, 3, 4]; [a.drain(1..3), a]", "[[2,3],[1,4]]"},
         {"let a = [1, 2, 3, 4]; [a.retain(|x| x > 2), a]", "[[1,2],[3,4]]"},
         {"let a = [1, 2, 3, 4]; [a.retain(1, 2), a]", "[[1,4],[2,3]]"},
         {"let a = [1, 2, 3]; [a.split(1), a]", "[[2,3],[1]]"},
         {"let a = [1, 2, 3]; [a.split(-1), a]", "[[3],[1,2]]"},
         {"let a = [1, 5, 2]; [a.split(|x| x > 3), a]", "[[5,2],[1]]"},
         {"let a = [1, 1, 2, 1]; a.dedup(); a", "[1,2,1]"},
         {"let a = [1, 2, 4, 7]; a.dedup(|x, y| y - x < 3); a", "[1,4,7]"}});
}

TEST(ArrayFunctions, Closures) {
  check({{"[1, 2].map(|x| x * 2)", "[2,4]"},
         {"[1, 2, 3].filter(|x| x > 1)", "[2,3]"},
         {"[1, 2, 3].reduce(|a, x| a + x, 10)", "16"},
         {"[1, 2].reduce(|a, x| (a ?? 0) + x)", "3"},
         {"[].reduce(|a, x| a, 5)", "5"},
         {"[\"a\", \"b\"].reduce(|a, x, i| a + x + i, \"\")", "\"a0b1\""},
         {"[\"a\", \"b\"].reduce_rev(|a, x| a + x, \"\")", "\"ba\""},
         {"[1, 2].some(|x| x > 1)", "true"},
         {"[].some(|x| true)", "false"},
         {"[1, 2].all(|x| x > 1)", "false"},
         {"[].all(|x| false)", "true"},
         {"[1, 2, 3].find(|x| x > 1)", "2"},
         {"[1].find(|x| x > 1)", "null"},
         {"[1, 2].find_map(|x| if x > 1 { x * 10 } else { null })", "20"},
         {"[1, 2, 3].count(|x| x != 2)", "2"},
         {"[1, 2].count()", "2"},
         {"[1, 2, 1.0].count(1)", "2"},
         {"let t = []; let r = [1, 2].for_each(|x, i| t.push(x + i)); [t, r]", "[[1,3],null]"}});
}

TEST(ArrayFunctions, Order) {
  check({{"[3, 1.5, 2].sort()", "[1.5,2,3]"},
         {"[\"b\", 2, null, \"a\", true, 1].sort()", R"([null,true,1,2,"a","b"])"},
         {"[1, 3, 2].sort(|a, b| b - a)", "[3,2,1]"},
         {"[2, 1].sort(|a, b| 0)", "[2,1]"},
         {"[2, 1].sort(|a, b| a > b)",
          "error: the closure given to 'sort' has to give a number, negative when its first argument goes first, not a "
          "boolean (line 1, column 8)"},
         {"input.items.sort_by(\"tag\").map(|x| x.id)", "[2,1]"},
         {"[1, 2, 3].sort_by(|x| -x)", "[3,2,1]"},
         {"[3, 1].sort_by(|x| x, \"desc\")", "[3,1]"},
         {"[1].sort_by(|x| x, \"up\")", "error: 'sort_by': the direction is \"asc\" or \"desc\" (line 1, column 5)"},
         {"[1, 2, 3].reverse()", "[3,2,1]"},
         {"[1, [2], 1.0, [2], \"1\"].unique()", R"([1,[2],"1"])"},
         {"[#{ a: 1, b: 1 }, #{ a: 1, b: 2 }].unique(\"a\")", R"([{"a":1,"b":1}])"},
         {"[1, 2, 3, 4].unique(|x| x % 2)", "[1,2]"}});
  // Contradictory comparisons give some order, and lose nothing.
  World world;
  EXPECT_EQ(world.eval("let n = 0; range(0, 200).sort(|a, b| { n = (n * 7 + 3) % 5; n - 2 }).unique().len()"), "200");
  EXPECT_EQ(world.eval("range(0, 1000).map(|x| (x * 7919) % 1000).sort(|a, b| a - b) == range(0, 1000)"), "true");
}

TEST(ArrayFunctions, Sums) {
  check({{"[1, 2].sum()", "3"},
         {"[1, 2.5].sum()", "3.5"},
         {"[].sum()", "0"},
         {"[1, null, 3].avg()", "2.0"},
         {"[].avg()", "null"},
         {"input.items.sum(\"price\")", "12.5"},
         {"input.items.avg(|x| x.id)", "1.5"},
         {"[\"1\"].sum()", "error: 'sum' needs numbers, not a string (line 1, column 7)"},
         {"[9223372036854775807, 1].sum()", "error: integer overflow: 9223372036854775807 + 1 (line 1, column 26)"},
         {"[3, 1, 2].min()", "1"},
         {"[3, 1.5].max()", "3"},
         {"[\"b\", \"a\"].min()", "\"a\""},
         {"[].max()", "null"},
         {"input.items.max(\"price\")", "7.5"},
         {"input.items.min(|x| x.tag)", "\"a\""},
         {"[1, \"a\"].max()", "error: 'max' cannot compare numbers with strings (line 1, column 10)"},
         {"[1].sum(\"a\")", "error: 'sum' by key needs maps in the array, not an integer (line 1, column 5)"}});
}

TEST(ArrayFunctions, Shapes) {
  check({{"[1, 2].zip([\"a\", \"b\", \"c\"])", R"([[1,"a"],[2,"b"]])"},
         {"[1, 2].zip([10, 20], |a, b| a + b)", "[11,22]"},
         {"[1, [2, [3]]].flatten()", "[1,2,[3]]"},
         {"[1, [2, [3]]].flatten(9)", "[1,2,3]"},
         {"[1, \"b\", null, [2]].join(\"-\")", "\"1-b--[2]\""},
         {"[1, 2].join()", "\"12\""},
         {"[].join(\",\")", "\"\""},
         {"input.items.group_by(\"tag\").map_values(|l| l.len())", R"({"b":1,"a":1})"},
         {"[1, 2, 3].group_by(|x| x % 2 == 0)", R"({"false":[1,3],"true":[2]})"},
         {"[#{}, #{ k: 1 }].group_by(\"k\")", R"({"null":[{}],"1":[{"k":1}]})"},
         {"[[\"a\", 1], #{ key: \"b\", value: 2 }].to_map()", R"({"a":1,"b":2})"},
         {"#{ a: 1 }.entries().keys()", R"(["a"])"},
         {"[5].to_map()", "error: 'to_map' needs entries: [key, value] or #{key, value} (line 1, column 5)"}});
}

}  // namespace
}  // namespace r8r::expr::testing
