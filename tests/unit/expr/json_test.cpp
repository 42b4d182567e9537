#include "common/expr/json.hpp"

#include "harness.hpp"

namespace r8r::expr::testing {
namespace {

std::string round_trip(std::string_view text) {
  const Result<Value> value = parse_json(text);
  return value ? to_json(*value) : value.error().message;
}

TEST(Json, IsReadAndWrittenWithoutLoss) {
  for (const std::string_view text :
       {"null", "true", "-0.5", "1", "1.0", "-9223372036854775808", "9223372036854775807", "1e+300", "\"\"", "[]", "{}",
        R"({"b":1,"a":[1,2.5,{"c":null}],"":"x"})", R"("é😀\"\\\n\u0001/")"}) {
    EXPECT_EQ(round_trip(text), text);
  }
  EXPECT_EQ(round_trip(" [ 1 ,\n 2 ] \r\n"), "[1,2]");
  EXPECT_EQ(round_trip(R"("\u00e9\ud83d\ude00\/\b")"), "\"é😀/\\b\"");
  EXPECT_EQ(round_trip("1E2"), "100.0");
}

TEST(Json, LargeIntegersBecomeFloats) {
  EXPECT_EQ(round_trip("9223372036854775808"), "9223372036854775808.0");
  EXPECT_EQ(round_trip("123456789012345678901234567890"), "1.2345678901234568e+29");
  EXPECT_EQ(round_trip("1e-400"), "0.0");
  EXPECT_EQ(round_trip("1e400"), "invalid JSON: a number outside the range of a float (line 1, column 1)");
}

TEST(Json, TheLastOfDuplicateKeysWins) {
  EXPECT_EQ(round_trip(R"({"a":1,"b":2,"a":3})"), R"({"a":3,"b":2})");
}

TEST(Json, MistakesHaveAPlace) {
  EXPECT_EQ(round_trip(""), "invalid JSON: the text is empty (line 1, column 1)");
  EXPECT_EQ(round_trip("{\"é\": 1,\n  x}"), "invalid JSON: expected a key in double quotes (line 2, column 3)");
  EXPECT_EQ(round_trip("[1 2]"), "invalid JSON: expected ',' or ']' in an array (line 1, column 4)");
  EXPECT_EQ(round_trip("[1,]"), "invalid JSON: not a JSON value (line 1, column 4)");
  EXPECT_EQ(round_trip("1 2"), "invalid JSON: something follows the JSON value (line 1, column 3)");
  EXPECT_EQ(round_trip("\"abc"), "invalid JSON: a string is not closed (line 1, column 1)");
  EXPECT_EQ(round_trip("\"a\nb\""), "invalid JSON: a control character inside a string (line 1, column 3)");
  EXPECT_EQ(round_trip("\"\\ud800\""), "invalid JSON: half of a surrogate pair (line 1, column 2)");
  EXPECT_EQ(round_trip("\"\xff\""), "invalid JSON: a string that is not valid UTF-8 (line 1, column 2)");
  for (const std::string_view bad : {"01", "1.", ".5", "-", "+1", "1e", "tru", "nul", "True", "{\"a\"}", "{\"a\":}",
                                     "[", "{", "]", "\"\\x\"", "NaN", "'a'", "[1}"}) {
    EXPECT_TRUE(mentions(round_trip(bad), "invalid JSON: ")) << bad;
  }
}

TEST(Json, NestingIsBounded) {
  const auto nested = [](int levels) {
    return std::string(static_cast<std::size_t>(levels), '[') + std::string(static_cast<std::size_t>(levels), ']');
  };
  EXPECT_TRUE(parse_json(nested(128)).has_value());
  EXPECT_FALSE(parse_json(nested(129)).has_value());
  EXPECT_TRUE(parse_json(nested(300), 300).has_value());
  EXPECT_FALSE(parse_json(std::string(1'000'000, '[')).has_value());
  EXPECT_FALSE(parse_json("{\"a\":[" + nested(2) + "]}", 3).has_value());
}

TEST(Json, WhatJsonCannotHoldIsNull) {
  EXPECT_EQ(
      to_json(Value::array({Value::number(std::numeric_limits<double>::infinity()), Value::number(std::nan(""))})),
      "[null,null]");
}

TEST(Json, PrettyHasTwoSpacesPerLevel) {
  EXPECT_EQ(to_pretty_json(World::json(R"({"a":[1,{"b":2}],"c":{},"d":[]})")),
            "{\n  \"a\": [\n    1,\n    {\n      \"b\": 2\n    }\n  ],\n  \"c\": {},\n  \"d\": []\n}");
}

TEST(Json, RenderedTextHasNoQuotesAndNoNull) {
  std::string text;
  for (const Value& value :
       {Value::string("a\"b"), Value(), Value::boolean(true), Value::number(2), World::json("[\"x\",null]")})
    append_rendered(text, value);
  EXPECT_EQ(text, "a\"btrue2.0[\"x\",null]");
}

}  // namespace
}  // namespace r8r::expr::testing
