#include "common/base/uuid.hpp"

#include <gtest/gtest.h>

#include <set>

namespace r8r {

TEST(Uuid, VersionSevenIdsOfOneThreadStrictlyIncrease) {
  Uuid last;
  for (int i = 0; i < 100'000; ++i) {
    const Uuid id = Uuid::v7();
    ASSERT_LT(last, id);
    last = id;
  }
}

TEST(Uuid, CarriesVersionAndVariant) {
  EXPECT_EQ(Uuid::v7().to_string()[14], '7');
  EXPECT_EQ(Uuid::v4().to_string()[14], '4');
  EXPECT_NE(std::string("89ab").find(Uuid::v7().to_string()[19]), std::string::npos);
}

TEST(Uuid, ADerivedIdFollowsFromItsFacts) {
  const std::chrono::milliseconds at(1'768'919'400'123);
  const Uuid id = Uuid::derived(at, "an execution and a node");
  EXPECT_EQ(id, Uuid::derived(at, "an execution and a node"));
  EXPECT_NE(id, Uuid::derived(at, "an execution and another node"));
  EXPECT_NE(id, Uuid::derived(at + std::chrono::milliseconds(1), "an execution and a node"));
  EXPECT_EQ(id.unix_time(), at);
  EXPECT_EQ(id.to_string()[14], '7');
  EXPECT_NE(std::string("89ab").find(id.to_string()[19]), std::string::npos);
}

TEST(Uuid, ParsesItsOwnTextInEitherCase) {
  const Uuid id = Uuid::v7();
  std::string text = id.to_string();
  EXPECT_EQ(Uuid::parse(text), id);
  for (char& c : text) c = static_cast<char>(std::toupper(c));
  EXPECT_EQ(Uuid::parse(text), id);
}

TEST(Uuid, RefusesEverythingElse) {
  for (const char* text : {"", "x", "0199a1b2-0000-7000-8000-00000000000", "0199a1b2-0000-7000-8000-0000000000000",
                           "0199a1b2_0000-7000-8000-000000000000", "g199a1b2-0000-7000-8000-000000000000",
                           "{199a1b2-0000-7000-8000-000000000000"})
    EXPECT_FALSE(Uuid::parse(text)) << text;
}

TEST(Uuid, PartitionsAreEvenlyUsedAndStable) {
  std::array<int, 64> counts{};
  for (int i = 0; i < 64'000; ++i) counts[static_cast<std::size_t>(partition_of(Uuid::v7(), 64))] += 1;
  for (const int count : counts) {
    EXPECT_GT(count, 700);
    EXPECT_LT(count, 1'300);
  }
  // Rows in databases depend on this value.
  EXPECT_EQ(partition_of(*Uuid::parse("0199a1b2-c3d4-7e5f-8a6b-0123456789ab"), 64), 39);
}

}  // namespace r8r
