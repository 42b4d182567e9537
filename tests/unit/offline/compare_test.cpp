#include "cli/offline/compare.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/expr/json.hpp"

namespace r8r::offline {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> compare_json(std::string_view expected, std::string_view got, CompareRules rules = {}) {
  std::vector<std::string> lines;
  for (const Difference& difference : compare("output", *expr::parse_json(expected), *expr::parse_json(got), rules))
    lines.push_back(fmt::format("{}: {} != {}", difference.path, difference.expected, difference.got));
  return lines;
}

TEST(Compare, ObjectsAreEqualByKeyInAnyOrder) {
  EXPECT_THAT(compare_json(R"({"a": {"b": 1, "c": [2]}})", R"({"a": {"c": [2], "b": 1}})"), IsEmpty());
}

TEST(Compare, NamesEachPlaceThatDiffers) {
  EXPECT_THAT(
      compare_json(R"({"a": [{"x": 1}, {"x": 2}], "b c": true})", R"({"a": [{"x": 1}, {"x": 3}], "b c": null})"),
      ElementsAre("output.a[1].x: 2 != 3", "output[\"b c\"]: true != null"));
}

TEST(Compare, KeysMayBeMissingOrTooMany) {
  EXPECT_THAT(compare_json(R"({"a": 1})", R"({"b": 2})"),
              ElementsAre("output.a: 1 != nothing", "output.b: nothing != 2"));
}

TEST(Compare, ExtraKeysAreFineAtAnyDepthWhenTheRulesSaySo) {
  const CompareRules contains{.extra_keys = true};
  EXPECT_THAT(compare_json(R"({"a": [{"x": 1}]})", R"({"a": [{"x": 1, "y": 2}], "b": 3})", contains), IsEmpty());
  EXPECT_THAT(compare_json(R"({"a": [{"x": 1}]})", R"({"a": [{"x": 1}, {"x": 2}]})", contains),
              ElementsAre("output.a: 1 elements != 2 elements", "output.a[1]: nothing != {\"x\":2}"));
}

TEST(Compare, NumbersAreEqualByValueUnlessTheRulesSayOtherwise) {
  EXPECT_THAT(compare_json("1", "1.0"), IsEmpty());
  EXPECT_THAT(compare_json("1", "1.0", {.exact_numbers = true}), ElementsAre("output: 1 != 1.0"));
  EXPECT_THAT(compare_json("1", R"("1")"), ElementsAre("output: 1 != \"1\""));
}

TEST(Compare, LongValuesAndListsAreCut) {
  const std::string text = '"' + std::string(1000, 'x') + '"';
  const auto one = compare_json("1", text);
  EXPECT_THAT(one.front(), HasSubstr("… (1002 bytes)"));
  EXPECT_LT(one.front().size(), 500u);
  std::string many = "[0";
  for (int i = 0; i < 100; ++i) many += ",1";
  EXPECT_EQ(compare_json("[]", many + "]").size(), 20u);
}

TEST(Compare, AsTextIsThreeLines) {
  EXPECT_EQ(to_text({"output.a", "1", "2"}, "  "), "  output.a\n    expected: 1\n    got:      2\n");
}

}  // namespace
}  // namespace r8r::offline
