#include "harness.hpp"

namespace r8r::expr::testing {
namespace {

TEST(MapFunctions, LookingInside) {
  check({{"#{ a: 1 }.len()", "1"},
         {"#{}.is_empty()", "true"},
         {"#{ a: 1 }.get(\"a\")", "1"},
         {"#{}.get(\"a\", 2)", "2"},
         {"#{ a: null }.get(\"a\", 2)", "null"},
         {"#{ a: null }.contains(\"a\")", "true"},
         {"#{ b: 1, a: 2 }.keys()", R"(["b","a"])"},
         {"#{ b: 1, a: 2 }.values()", "[1,2]"},
         {"#{ a: 1 }.entries()", R"([{"key":"a","value":1}])"},
         {"#{ a: 1 }.to_array()", R"([["a",1]])"},
         {"#{}.get(1)", "error: 'get' needs a string as argument 1, not an integer (line 1, column 5)"}});
}

TEST(MapFunctions, Changing) {
  check({{"let m = #{}; m.set(\"b c\", 1); m", R"({"b c":1})"},
         {"let m = #{ a: 1, b: 2 }; [m.remove(\"a\"), m.remove(\"x\"), m]", R"([1,null,{"b":2}])"},
         {"let m = #{ a: 1 }; m.clear(); m", "{}"},
         {"let m = #{ a: 1, b: 1 }; m.mixin(#{ b: 2 }); m", R"({"a":1,"b":2})"},
         {"let m = #{ a: 1 }; m.fill_with(#{ a: 9, b: 2 }); m", R"({"a":1,"b":2})"},
         {"let m = #{ a: 1 }; [m.merge(#{ a: 2 }), m]", R"([{"a":2},{"a":1}])"},
         {"#{ a: #{ b: 1, c: 1 }, d: 1 }.deep_merge(#{ a: #{ c: 2 }, d: #{ e: 3 } })",
          R"({"a":{"b":1,"c":2},"d":{"e":3}})"},
         {"let m = #{ a: 1, b: 2 }; [m.drain(|k, v| v > 1), m]", R"([{"b":2},{"a":1}])"},
         {"let m = #{ a: 1, b: 2 }; [m.retain(|k, v| k == \"a\"), m]", R"([{"b":2},{"a":1}])"},
         {"#{}.merge(1)", "error: 'merge' needs a map as argument 1, not an integer (line 1, column 5)"}});
}

TEST(MapFunctions, Selecting) {
  check({{"#{ a: 1, b: 2, c: 3 }.filter(|k, v| v > 1 && k != \"c\")", R"({"b":2})"},
         {"#{ a: 1 }.map_values(|v, k| k + v)", R"({"a":"a1"})"},
         {"#{ a: 1, b: 2 }.pick([\"b\", \"x\"])", R"({"b":2})"},
         {"#{ a: 1, b: 2, c: 3 }.pick(\"c\", \"a\")", R"({"a":1,"c":3})"},
         {"#{ a: 1, b: 2 }.omit([\"b\"])", R"({"a":1})"},
         {"#{}.pick([1])", "error: 'pick' needs strings as keys, not an integer (line 1, column 5)"}});
}

TEST(NumberFunctions, Rounding) {
  check({{"[2.5.round(), (-2.5).round(), 2.4.round(), 7.round()]", "[3.0,-3.0,2.0,7]"},
         {"[3.14159.round(2), 1234.5.round(-2), 5.round(2)]", "[3.14,1200.0,5]"},
         {"[2.7.floor(), 2.1.ceiling(), 2.1.ceil(), 2.7.int(), (-2.7).int(), 3.floor()]", "[2.0,3.0,3.0,2.0,-2.0,3]"},
         {"2.25.fraction()", "0.25"},
         {"[2.9.to_int(), (-2.9).to_int(), 5.to_float(), 5.to_int()]", "[2,-2,5.0,5]"},
         {"1e300.to_int()", "error: 'to_int': 1e+300 is outside the range of integers (line 1, column 7)"}});
}

TEST(NumberFunctions, Arithmetic) {
  check({{"[(-3).abs(), 2.5.abs(), (-2).sign(), 0.sign(), 1.5.sign()]", "[3,2.5,-1,0,1]"},
         {"(-9223372036854775808).abs()", "error: integer overflow: -(-9223372036854775808) (line 1, column 24)"},
         {"[9.sqrt(), 2.pow(10), 2.0.pow(0.5) > 1.41]", "[3.0,1024,true]"},
         {"[100.log10(), 8.log(2), 1000.log() > 2.9, E().ln()]", "[2.0,3.0,true,1.0]"},
         {"[0.sin(), 0.cos(), 0.exp(), 0.asin(), 1.acos(), 0.atan(), 0.tan()]", "[0.0,1.0,1.0,0.0,0.0,0.0,0.0]"},
         {"[3.hypot(4), 0.atan2(1)]", "[5.0,0.0]"},
         {"[PI().to_degrees(), 180.to_radians() == PI()]", "[180.0,true]"},
         {"[min(2, 1.5), max(1, 2, 3), 3.min(2), min(\"b\", \"a\")]", R"([1.5,3,2,"a"])"},
         {"[5.clamp(1, 3), 0.clamp(1, 3), 2.clamp(1, 3)]", "[3,1,2]"},
         {"1.clamp(3, 1)", "error: 'clamp': the lower bound is above the upper one (line 1, column 3)"},
         {"[(0.0 / 0).is_nan(), 1.is_nan(), 3.is_odd(), 4.is_even(), (-3).is_odd(), 0.is_zero(), 0.0.is_zero()]",
          "[true,false,true,true,true,true,true]"},
         {"[255.to_hex(), 8.to_octal(), 5.to_binary(), 0.to_hex(), (-1).to_hex()]",
          R"(["ff","10","101","0","ffffffffffffffff"])"},
         {"(-1).sqrt()", "null"},
         {"\"a\".abs()", "error: a string has no function 'abs' (line 1, column 5)"}});
}

TEST(GeneralFunctions, Types) {
  check({{"[1, 1.5, \"a\", true, (), [], #{}, |x| x].map(|v| type_of(v))",
          R"j(["i64","f64","string","bool","()","array","map","Fn"])j"},
         {"[null.is_null(), 0.is_null()]", "[true,false]"},
         {"[null.default(1), 0.default(1), default(false, true)]", "[1,0,false]"},
         {"[to_string(1.0), to_string(\"a\"), to_string(null), to_string([1, \"b\"]), to_string(true)]",
          R"(["1.0","a","","[1,\"b\"]","true"])"},
         {"[to_debug(\"a\"), to_debug(null), to_debug(1)]", R"j(["\"a\"","()","1"])j"}});
}

TEST(GeneralFunctions, Json) {
  check({{"#{ a: [1, null] }.to_json()", R"("{\"a\":[1,null]}")"},
         {"[1].to_json(true)", R"("[\n  1\n]")"},
         {"from_json(\"{\\\"a\\\": 1}\").a", "1"},
         {"parse_json(\"[1]\")[0]", "1"},
         {"from_json(input).n", "5"},
         {"from_json(5)", "5"},
         {"from_json(\"{x\")",
          "error: 'from_json': invalid JSON: expected a key in double quotes (line 1, column 2) (line 1, column 1)"}});
}

TEST(GeneralFunctions, Ranges) {
  check({{"range(0, 3)", "[0,1,2]"},
         {"range(5, 0, -2)", "[5,3,1]"},
         {"range(0, 1, 0.5)", "[0.0,0.5]"},
         {"range(3, 0)", "[]"},
         {"range(0, 5, 0)", "error: 'range': the step must not be 0 (line 1, column 1)"},
         {"range(0, 10000000)", "error: expression limit exceeded: more than 1000000 elements (line 1, column 1)"},
         {"range(9223372036854775805, 9223372036854775807)", "[9223372036854775805,9223372036854775806]"},
         {"range(0, 9223372036854775807, 9223372036854775806)", "[0,9223372036854775806]"},
         {"range(\"a\", 1)", "error: 'range' needs a number, not a string (line 1, column 1)"}});
}

TEST(GeneralFunctions, PrintGoesToTheLogWithinItsBounds) {
  World world;
  EXPECT_EQ(world.eval("print(\"a\"); debug(\"a\"); print([1]); print(); 5"), "5");
  EXPECT_EQ(world.log, "a\n\"a\"\n[1]\n\n");
  world.log.clear();
  EXPECT_EQ(world.eval("for i in 0..100 { print(\"é\".repeat(1000)); }"), "null");
  EXPECT_LE(world.log.size(), kLogBytes);
  EXPECT_GT(world.log.size(), kLogBytes - 10);
  EXPECT_EQ(world.log.substr(0, 4), "éé");
}

TEST(GeneralFunctions, MistakesAreFoundWhenCompiling) {
  check({{"input.name.trimm()", "problem: unknown function 'trimm' @1:12 [did you mean 'trim'?]"},
         {"xyzxyz(1)", "problem: unknown function 'xyzxyz' @1:1"},
         {"\"a\".trim(1)", "problem: 'trim' takes 0 arguments, not 1 @1:5"},
         {"trim()", "problem: 'trim' takes 1 argument, not 0 @1:1"},
         {"[1].slice()", "problem: 'slice' takes 1 to 2 arguments, not 0 @1:5"},
         {"[1].map()", "problem: 'map' takes 1 argument, not 0 @1:5"},
         {"let unused = || xyzxyz(); 1", "problem: unknown function 'xyzxyz' @1:17"}});
}

}  // namespace
}  // namespace r8r::expr::testing
