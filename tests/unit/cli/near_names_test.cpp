#include "cli/console/near_names.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace r8r::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST(NearNames, SimilarityMatchesThePublishedExamples) {
  EXPECT_NEAR(jaro_winkler("MARTHA", "MARHTA"), 0.9611, 0.0001);
  EXPECT_NEAR(jaro_winkler("DIXON", "DICKSONX"), 0.8133, 0.0001);
  EXPECT_NEAR(jaro_winkler("DWAYNE", "DUANE"), 0.84, 0.0001);
  EXPECT_DOUBLE_EQ(jaro_winkler("abc", "xyz"), 0.0);
  EXPECT_DOUBLE_EQ(jaro_winkler("same", "same"), 1.0);
  EXPECT_DOUBLE_EQ(jaro_winkler("", "a"), 0.0);
}

TEST(NearNames, FindsMisspellingsBestFirst) {
  EXPECT_THAT(near_names("helo", {"unrelated-thing", "hello", "help-desk"}), ElementsAre("hello", "help-desk"));
}

TEST(NearNames, TwoEditsAreEnoughForShortNames) {
  EXPECT_THAT(near_names("ab", {"xb", "zzzzzz"}), ElementsAre("xb"));
}

TEST(NearNames, CaseDoesNotCount) {
  EXPECT_THAT(near_names("HELLO", {"hello"}), ElementsAre("hello"));
}

TEST(NearNames, SaysNothingWhenNothingIsNear) {
  EXPECT_THAT(near_names("orders", {"qqqqqqqq", "zz"}), IsEmpty());
}

TEST(NearNames, NamesThreeAtMost) {
  EXPECT_THAT(near_names("report", {"report1", "report2", "report3", "report4"}), SizeIs(3));
}

}  // namespace
}  // namespace r8r::cli
