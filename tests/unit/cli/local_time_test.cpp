#include "cli/console/local_time.hpp"

#include <gtest/gtest.h>

namespace r8r::cli {
namespace {

TEST(LocalTime, IsShortInTablesAndFullWithItsZoneElsewhere) {
  EXPECT_EQ(short_time("2026-01-20T14:30:59.120Z", true), "2026-01-20 14:30");
  EXPECT_EQ(full_time("2026-01-20T15:30:59.120+01:00", true), "2026-01-20 14:30:59 UTC");
}

TEST(LocalTime, LeavesAloneWhatIsNoTime) {
  EXPECT_EQ(full_time("soon", true), "soon");
  EXPECT_EQ(full_time("", false), "");
}

}  // namespace
}  // namespace r8r::cli
