#include <gtest/gtest.h>

#include "common/expr/json.hpp"
#include "common/workflow/source_reader.hpp"
#include "tests/unit/workflow/loading.hpp"

namespace r8r::workflow {
namespace {

std::string as_json(std::string_view text) {
  const ReadResult result = read_yaml(text);
  if (!result.root) return "error: " + result.problems.at(0).message;
  return expr::to_json(to_value(*result.root));
}

std::string first_problem(std::string_view text) {
  const ReadResult result = read_source(text);
  if (result.problems.empty()) return "";
  const Problem& problem = result.problems.front();
  return fmt::format("{}:{} {}", problem.line, problem.column, problem.message);
}

TEST(YamlReader, PlainScalarsHaveTheTypesOfYaml12) {
  EXPECT_EQ(as_json("[true, True, FALSE, yes, no, on, off, y, n]"),
            R"([true,true,false,"yes","no","on","off","y","n"])");
  EXPECT_EQ(as_json("[1, -7, +3, 010, 0x1F, 0o17, 1_000]"), R"([1,-7,3,10,31,15,"1_000"])");
  EXPECT_EQ(as_json("[1.0, 1., .5, -2.5e3, 1e3, 1e, .]"), R"([1.0,1.0,0.5,-2500.0,1000.0,"1e","."])");
  EXPECT_EQ(as_json("[~, null, Null, NULL, nUll, ]"), R"([null,null,null,null,"nUll"])");
  EXPECT_EQ(as_json("[2026-01-20, 12:30:45, 1.2.3, -, 0x]"), R"(["2026-01-20","12:30:45","1.2.3","-","0x"])");
}

TEST(YamlReader, IntegersPast64BitsBecomeFloats) {
  EXPECT_EQ(as_json("[9223372036854775807, -9223372036854775808]"), "[9223372036854775807,-9223372036854775808]");
  const ReadResult result = read_yaml("[9223372036854775808, 0xFFFFFFFFFFFFFFFF]");
  const expr::Value value = to_value(*result.root);
  EXPECT_TRUE(value.as_array()[0].is_float());
  EXPECT_DOUBLE_EQ(value.as_array()[0].as_float(), 9223372036854775808.0);
  EXPECT_DOUBLE_EQ(value.as_array()[1].as_float(), 18446744073709551615.0);
}

TEST(YamlReader, LostDigitsAreWarnings) {
  EXPECT_EQ(
      warnings_of(with_node_lines("variables: {a: 12345678901234567890, b: 1.5e300, c: '12345678901234567890'}\n")),
      "6:16 : the integer 12345678901234567890 needs more than 64 bits: its last digits are lost (put it in "
      "quotes to keep it as text)\n");
  EXPECT_EQ(warnings_of(R"({"name":"t","variables":{"a":12345678901234567890},"nodes":[{"id":"a","type":"debug"}]})")
                .substr(0, 50),
            "1:30 : the integer 12345678901234567890 needs more");
}

TEST(YamlReader, NumbersThatJsonDoesNotHaveAreProblems) {
  for (const std::string number : {".inf", "-.Inf", ".NAN", "1e999"}) {
    EXPECT_EQ(first_problem("a: " + number), "1:4 '" + number + "' is a number that JSON does not have");
    EXPECT_EQ(first_problem("a: '" + number + "'"), "") << "quoted it is text";
  }
  EXPECT_EQ(first_problem(R"({"a": -1e999})"), "1:7 '-1e999' is a number that JSON does not have");
  EXPECT_EQ(first_problem("a: 1e-999"), "");
}

TEST(YamlReader, QuotedAndTaggedScalarsAreStrings) {
  EXPECT_EQ(as_json("['1', \"true\", '', \"~\", !!str 5, !!str true]"), R"(["1","true","","~","5","true"])");
  EXPECT_EQ(as_json("!!int '5'"), "5");
  EXPECT_EQ(as_json("x: !secret abc"), "error: the tag '!secret' is not supported");
  EXPECT_EQ(as_json("x: !!binary abc"), "error: the tag 'tag:yaml.org,2002:binary' is not supported");
}

TEST(YamlReader, BlockScalarsKeepOrFoldLines) {
  EXPECT_EQ(as_json("a: |\n  one\n  two\nb: >\n  one\n  two\n"), R"({"a":"one\ntwo\n","b":"one two\n"})");
}

TEST(YamlReader, MapsKeepTheOrderOfTheFile) {
  EXPECT_EQ(as_json("z: 1\na: 2\nm: 3\n"), R"({"z":1,"a":2,"m":3})");
}

TEST(YamlReader, EverythingKnowsItsPlace) {
  const ReadResult result = read_yaml("a: 1\nb:\n  - x\n  - {c: 'y'}\n");
  const SourceNode& list = *result.root->find("b");
  EXPECT_EQ(list.children[0].line, 3);
  EXPECT_EQ(list.children[0].column, 5);
  EXPECT_EQ(list.children[1].children[0].line, 4);
  EXPECT_EQ(list.children[1].children[0].column, 9);
  EXPECT_EQ(list.children[1].keys[0].column, 6);
}

TEST(YamlReader, DuplicateKeysAreProblemsAndTheFirstCounts) {
  const ReadResult result = read_yaml("a: 1\nb: 2\na: 3\n");
  ASSERT_EQ(result.problems.size(), 1u);
  EXPECT_EQ(result.problems[0].message, "the key 'a' is there twice");
  EXPECT_EQ(result.problems[0].hint, "it is first given on line 1; remove one");
  EXPECT_EQ(result.problems[0].line, 3);
  EXPECT_EQ(expr::to_json(to_value(*result.root)), R"({"a":1,"b":2})");
}

TEST(YamlReader, DuplicatesAreFoundInLargeMapsToo) {
  std::string text;
  for (int i = 0; i < 1'000; ++i) text += fmt::format("k{}: 1\n", i);
  text += "k999: 2\n";
  EXPECT_EQ(first_problem(text), "1001:1 the key 'k999' is there twice");
}

TEST(YamlReader, AliasesRepeatWhatTheirAnchorNames) {
  EXPECT_EQ(as_json("a: &x [1, {b: 2}]\nc: *x\nd: [*x]\n"), R"({"a":[1,{"b":2}],"c":[1,{"b":2}],"d":[[1,{"b":2}]]})");
  EXPECT_EQ(as_json("a: &x 5\nb: *x\nc: &x 6\nd: *x\n"), R"({"a":5,"b":5,"c":6,"d":6})");
  EXPECT_EQ(as_json("l: [&a {v: 1}, {w: &b {u: 2}}, *b, *a]"), R"({"l":[{"v":1},{"w":{"u":2}},{"u":2},{"v":1}]})");
}

TEST(YamlReader, AnAliasInsideItsOwnAnchorIsRefused) {
  EXPECT_EQ(as_json("a: &x [1, *x]"), "error: the alias refers to what it is a part of");
  EXPECT_EQ(as_json("&x {a: *x}"), "error: the alias refers to what it is a part of");
}

TEST(YamlReader, AliasesThatExpandWithoutEndAreRefused) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    bomb += fmt::format("a{0}: &a{0} [*a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}]\n", i, i - 1);
  }
  EXPECT_EQ(first_problem(bomb), "5:10 aliases expand to more than 10000 values");
}

TEST(YamlReader, AliasesCannotNestDeeperThanTheLimit) {
  std::string text = "a0: &a0 [x]\n";
  for (int i = 1; i < 100; ++i) text += fmt::format("a{0}: &a{0} [*a{1}]\n", i, i - 1);
  const std::string problem = first_problem(text);
  EXPECT_NE(problem.find("nested more than 64 levels deep"), std::string::npos) << problem;
}

TEST(YamlReader, NestingIsBounded) {
  EXPECT_EQ(as_json(std::string(64, '[') + std::string(64, ']')).substr(0, 3), "[[[");
  for (const int depth : {65, 1'000, 500'000}) {
    EXPECT_NE(first_problem(std::string(static_cast<std::size_t>(depth), '[')).find("nested more than 64"),
              std::string::npos)
        << depth;
    std::string dashes;
    for (int i = 0; i < depth; ++i) dashes += "- ";
    EXPECT_NE(first_problem(dashes).find("nested more than 64"), std::string::npos) << depth;
    std::string maps;
    for (int i = 0; i < depth; ++i) maps += "{a: ";
    if (maps.size() <= kMaxFileBytes) {
      EXPECT_NE(first_problem("x: " + maps).find("nested more than 64"), std::string::npos) << depth;
    }
  }
}

TEST(YamlReader, OnlyOneDocumentIsRead) {
  EXPECT_EQ(as_json("---\na: 1\n...\n"), R"({"a":1})");
  EXPECT_EQ(first_problem("a: 1\n---\nb: 2\n"), "2:1 the file has more than one document");
}

TEST(YamlReader, KeysMustBeText) {
  EXPECT_EQ(first_problem("a: {{ input.x }}"), "1:5 a key must be text, not a list or a map");
  EXPECT_EQ(first_problem("&k a: 1"), "1:1 a key cannot have an anchor");
  EXPECT_EQ(first_problem("{&k a: 1}"), "1:2 a key cannot have an anchor");
}

TEST(YamlReader, BrokenYamlIsReportedWithItsPlace) {
  EXPECT_EQ(first_problem("a: 1\nb: [1, 2\n"), "3:1 not valid YAML: end of sequence flow not found");
  EXPECT_EQ(first_problem("a: b: c\n"), "1:5 not valid YAML: illegal map value");
  EXPECT_EQ(first_problem("a: *nowhere\n"), "1:4 not valid YAML: the referenced anchor is not defined");
}

TEST(SourceReader, SizeAndCharactersAreChecked) {
  EXPECT_EQ(first_problem(std::string(kMaxFileBytes + 1, 'a')),
            "0:0 the file has 1048577 bytes; at most 1048576 (1 MiB) are allowed");
  EXPECT_EQ(first_problem("a: 1\nb: \xff\n"), "2:4 the file is not valid UTF-8");
  EXPECT_EQ(first_problem("a: \"\xe2\x82\"\n"), "1:5 the file is not valid UTF-8");
  EXPECT_EQ(first_problem(std::string_view("a: 1\nb: \x00x", 10)), "2:4 control character U+0000 is not allowed");
  EXPECT_EQ(first_problem("a: \x04 b: 1"), "1:4 control character U+0004 is not allowed");
}

TEST(SourceReader, AnEmptyFileIsNull) {
  EXPECT_TRUE(read_source("").root->is_null());
  EXPECT_TRUE(read_source("\n# nothing\n").root->is_null());
}

}  // namespace
}  // namespace r8r::workflow
