#include "harness.hpp"

namespace r8r::expr::testing {
namespace {

TEST(ScriptFunctions, AreCalledBeforeAndAfterTheirDeclaration) {
  check({{"f(2); fn f(x) { x + 1 } f(2)", "3"},
         {"fn even(n) { if n == 0 { true } else { odd(n - 1) } } fn odd(n) { if n == 0 { false } else { even(n - 1) } "
          "} even(10)",
          "true"},
         {"fn f(a) { 1 } fn f(a, b) { 2 } [f(0), f(0, 0)]", "[1,2]"},
         {"fn f(x) { if x > 0 { return \"early\"; } \"late\" } [f(1), f(0)]", R"(["early","late"])"},
         {"fn twice(x) { x * 2 } 4.twice()", "8"},
         {"fn twice(x) { x * 2 } [1, 2].map(twice)", "[2,4]"},
         {"fn trim(x) { \"mine\" } \" a \".trim()", "\"mine\""},
         {"fn f(x) { x.push(1); x } let a = []; f(a); a", "[]"},
         {"fn f() { input.n } f()", "5"},
         {"let y = 1; fn f() { y } f()", "error: unknown name 'y' (line 1, column 21)"},
         {"fn f(a, a) { 1 }", "problem: two parameters are called 'a' @1:9"},
         {"fn f() { 1 } fn f() { 2 }", "problem: the function 'f' is declared twice @1:17"},
         {"if true { fn f() { 1 } }",
          "problem: functions are declared at the top level only @1:11 [use a closure: let f = |x| …]"},
         {"fn f(a) { a } f(1, 2)", "problem: the function 'f' takes 1 arguments, not 2 @1:15"}});
}

TEST(Closures, CaptureTheVariablesThemselves) {
  check({{"let c = 0; let inc = || c += 1; inc.call(); inc.call(); c", "2"},
         {"let c = 1; let get = || c; c = 5; get.call()", "5"},
         {"let t = 0; [1, 2, 3].for_each(|x| t += x); t", "6"},
         {"let fs = []; for i in 0..3 { fs.push(|| i * 10); } fs.map(|f| f.call())", "[0,10,20]"},
         {"let fs = []; for i in 0..3 { fs.push(|| { i += 1; i }); } [fs[0].call(), fs[0].call(), fs[2].call()]",
          "[1,2,3]"},
         {"let add = |a| |b| a + b; add.call(2).call(3)", "5"},
         {"let add = |a| |b| a + b; add(2)(3)", "5"},
         {"fn counter() { let n = 0; #{ inc: || { n += 1; n }, get: || n } } let c = counter(); c.inc(); c.inc(); "
          "c.get()",
          "2"},
         {"let x = 1; let f = || { let x = 2; x }; f.call() + x", "3"},
         {"let x = 1; let f = || { x = 2; let g = || x = 3; g.call(); x }; [f.call(), x]", "[3,3]"},
         {"let a = [1]; let f = || a.push(2); f.call(); a", "[1,2]"},
         {"let p = |x| { x += 1; let g = || x; g.call() }; p.call(1)", "2"}});
}

TEST(Closures, AreCalledInManyWays) {
  check({{"let f = |x| x + 1; [f.call(1), f(1), 1 + f(2)]", "[2,2,4]"},
         {"let m = #{ f: |x| x * 2 }; m.f(4)", "8"},
         {"let m = #{ len: |x| x * 2 }; m.len(4)", "8"},
         {"let f = Fn(\"to_upper\"); f.call(\"a\")", "\"A\""},
         {"[\"a\", \"b\"].map(Fn(\"to_upper\"))", R"(["A","B"])"},
         {"fn sq(x) { x * x } let f = Fn(\"sq\"); f.call(3)", "9"},
         {"let add = |a, b| a + b; let inc = add.curry(1); [inc.call(2), inc(5), add.curry(1, 2).call()]", "[3,6,3]"},
         {"let f = |a, b| a; f.call(1)",
          "error: a closure of 2 parameters is called with 1 arguments (line 1, column 21)"},
         {"let f = 5; f(1)", "error: only closures can be called, not an integer (line 1, column 12)"},
         {"Fn(\"nope\")", "problem: unknown function 'nope' @1:1"},
         {"input(1)", "problem: 'input' is not a function @1:1"},
         {"[3, 4].map(|x, i| x * i)", "[0,4]"},
         {"[3, 4].map(|| 1)", "[1,1]"},
         {"[3].map(|a, b, c| 1)", "error: a closure of 3 parameters is called with 2 arguments (line 1, column 5)"},
         {"[3].map(5)", "error: 'map' needs a closure as argument 1, not an integer (line 1, column 5)"},
         {"[3].filter(|x| x)",
          "error: the closure given to 'filter' has to give true or false, not an integer (line 1, column 5)"}});
}

TEST(Closures, DoNotOutliveTheEvaluation) {
  check({{"|x| x", "null"},
         {"#{ f: |x| x, n: 1 }", R"({"f":null,"n":1})"},
         {"let f = (); f = || f; [f, [f]]", "[null,[null]]"}});
  World world;
  auto program = Program::compile("let m = #{}; m.me = || m; m", world.options());
  ASSERT_TRUE(program.has_value());
  EvalContext context{world.scope};
  for (int i = 0; i < 100; ++i) {
    const Result<Value> value = evaluate(*program, context);
    ASSERT_TRUE(value.has_value());
    EXPECT_TRUE(value->as_map().find("me")->is_null());
  }
}

TEST(Closures, CannotPullAValueFromUnderAFunction) {
  check({{"let a = [1, 2, 3]; a.retain(|x| { a = 5; x > 1 }); a", "[2,3]"},
         {"let m = #{ l: [3, 1, 2] }; m.l.sort(|x, y| { m = 1; x - y }); m", R"({"l":[1,2,3]})"},
         {"let a = [3, 1, 2]; let b = a.map(|x| { a.pop(); x }); [a, b]", "[[],[3,1,2]]"},
         {"let a = [1, 2, 3]; try { a.retain(|x| throw \"stop\") } catch {} a", "[1,2,3]"},
         {"let a = [5, 4]; a[{ a = [1, 2, 3]; 0 }]", "5"},
         {"let f = || { f2 = 1; 2 }; let f2 = 0; f.call()",
          "problem: unknown variable 'f2' @1:14 [declare it first: let f2 = …]"}});
}

TEST(InPlaceFunctions, ChangeVariablesAndGiveWhatRhaiGives) {
  check({{"let a = [2, 1]; let r = a.sort(); [a, r]", "[[1,2],null]"},
         {"let a = [1]; let r = a.push(2); [a, r]", "[[1,2],null]"},
         {"let a = [1, 2]; [a.pop(), a.shift(), a.pop()]", "[2,1,null]"},
         {"let s = \" a \"; s.trim(); s", "\"a\""},
         {"let s = \" a \"; let t = s.trim(); [s, t]", R"(["a","a"])"},
         {"let a = [1]; push(a, 2); a", "[1,2]"},
         {"const a = [2, 1]; [a.sort(), a]", "[[1,2],[2,1]]"},
         {"let m = #{ a: #{ l: [1] } }; m.a.l.push(2); m[\"a\"].l.push(3); m", R"({"a":{"l":[1,2,3]}})"},
         {"let a = [[1], [2]]; a[-1].push(3); a", "[[1],[2,3]]"},
         {"let m = #{}; m.x.push(1)", "error: null has no function 'push' (line 1, column 18)"}});
}

TEST(InPlaceFunctions, GiveTheNewValueOfWhatIsNotAVariable) {
  check({{"[2, 1].sort()", "[1,2]"},
         {"\" a \".trim()", "\"a\""},
         {"[1].push(2)", "[1,2]"},
         {"[3, 1, 2].sort().reverse()", "[3,2,1]"},
         {"input.list.map(|x| x).sort()", "[1,2,3]"}});
}

TEST(InPlaceFunctions, NewVersionsOfTheInputLeaveItAlone) {
  check({{"let t = input.name.trim(); [t, input.name]", R"(["Ann"," Ann "])"},
         {"[input.list.sort(), input.list]", "[[1,2,3],[3,1,2]]"},
         {"input.list.sort()", "[1,2,3]"},
         {"input.list.sort(); input.list", "[1,2,3]"},
         {"input.list.push(4); [input.list, data.list.len()]", "[[3,1,2,4],4]"}});
}

TEST(InPlaceFunctions, NeverChangeTheCallersData) {
  World world;
  EXPECT_EQ(world.eval("input.list.push(4); input.n = 0; input.list"), "[3,1,2,4]");
  EXPECT_EQ(world.eval("[input.list, input.n]"), "[[3,1,2],5]");
}

}  // namespace
}  // namespace r8r::expr::testing
