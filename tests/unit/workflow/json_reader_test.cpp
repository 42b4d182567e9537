#include <gtest/gtest.h>

#include "common/expr/json.hpp"
#include "common/workflow/source_reader.hpp"

namespace r8r::workflow {
namespace {

std::string as_json(std::string_view text) {
  const ReadResult result = read_json(text);
  if (!result.root)
    return fmt::format("{}:{} {}", result.problems.at(0).line, result.problems.at(0).column,
                       result.problems.at(0).message);
  return expr::to_json(to_value(*result.root));
}

TEST(JsonReader, ValuesComeThroughUnchanged) {
  const std::string text = R"({"a":[1,-2.5,true,false,null,"x"],"b":{"c":{}},"d":[]})";
  EXPECT_EQ(as_json(text), text);
  EXPECT_EQ(as_json(" [ 1 , 2 ] \n"), "[1,2]");
}

TEST(JsonReader, StringsAreNeverTakenForOtherTypes) {
  EXPECT_EQ(as_json(R"(["1","true","null",""])"), R"(["1","true","null",""])");
}

TEST(JsonReader, EscapesAndSurrogatePairs) {
  EXPECT_EQ(as_json(R"(["\u00e9\ud83d\ude00\n\/\"\\"])"), "[\"é😀\\n/\\\"\\\\\"]");
  EXPECT_EQ(as_json(R"(["\ud83d"])"), "1:3 not valid JSON: half of a surrogate pair stands alone");
  EXPECT_EQ(as_json(R"(["\udE00"])"), "1:3 not valid JSON: half of a surrogate pair stands alone");
  EXPECT_EQ(as_json(R"(["\ud83d\u0041"])"), "1:3 not valid JSON: half of a surrogate pair stands alone");
  EXPECT_EQ(as_json(R"(["\x"])"), "1:3 not valid JSON: unknown escape after \\");
}

TEST(JsonReader, MistakesAreReportedWhereTheyAre) {
  EXPECT_EQ(as_json("{\"a\": 1,\n \"b\" 2}"), "2:6 not valid JSON: a ':' is expected after the key \"b\"");
  EXPECT_EQ(as_json("{\"a\": 1\n \"b\": 2}"), "2:2 not valid JSON: a ',' or '}' is expected");
  EXPECT_EQ(as_json("[1, 2,]"), "1:7 not valid JSON: a value is expected");
  EXPECT_EQ(as_json("[01]"), "1:2 not valid JSON: '01' is not a JSON value");
  EXPECT_EQ(as_json("[tru]"), "1:2 not valid JSON: 'tru' is not a JSON value");
  EXPECT_EQ(as_json("{\"a"), "1:2 not valid JSON: the string is not closed");
  EXPECT_EQ(as_json("[\"a\\"), "1:2 not valid JSON: the string is not closed");
  EXPECT_EQ(as_json("[1] x"), "1:5 not valid JSON: unexpected text after the end of the JSON value");
  EXPECT_EQ(as_json(""), "1:1 not valid JSON: the text ends where a value is expected");
  EXPECT_EQ(as_json("{\"a\":"), "1:6 not valid JSON: the text ends where a value is expected");
}

TEST(JsonReader, DepthIsBounded) {
  EXPECT_EQ(as_json(std::string(1'000'000, '[')), "1:65 not valid JSON: nested more than 64 levels deep");
  EXPECT_EQ(as_json(std::string(64, '[') + std::string(64, ']')).size(), 128u);
}

TEST(JsonReader, DuplicateKeysAreProblems) {
  const ReadResult result = read_json("{\"a\": 1,\n\"a\": 2}");
  ASSERT_EQ(result.problems.size(), 1u);
  EXPECT_EQ(result.problems[0].message, "the key 'a' is there twice");
  EXPECT_EQ(result.problems[0].line, 2);
}

TEST(SourceReader, FlowYamlThatIsNoJsonIsStillRead) {
  const ReadResult result = read_source("{name: x, nodes: [1, 2,]}");
  ASSERT_TRUE(result.root);
  EXPECT_EQ(expr::to_json(to_value(*result.root)), R"({"name":"x","nodes":[1,2]})");
}

TEST(SourceReader, WhatIsNeitherIsReportedAsJson) {
  const ReadResult result = read_source("{\"a\": 1 \"b\": 2}");
  ASSERT_FALSE(result.root);
  EXPECT_EQ(result.problems[0].message, "not valid JSON: a ',' or '}' is expected");
}

}  // namespace
}  // namespace r8r::workflow
