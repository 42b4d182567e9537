#include "common/base/time.hpp"

#include <gtest/gtest.h>

namespace r8r {

TEST(Time, PrintsMillisecondsAndZ) {
  EXPECT_EQ(to_rfc3339(from_unix_us(1'768'919'400'120'999)), "2026-01-20T14:30:00.120Z");
  EXPECT_EQ(to_rfc3339(from_unix_us(0)), "1970-01-01T00:00:00.000Z");
}

TEST(Time, ReadsOffsetsAndFractions) {
  const Timestamp expected = from_unix_us(1'768'919'400'120'000);
  for (const char* text : {"2026-01-20T14:30:00.12Z", "2026-01-20T14:30:00.120000000+00:00",
                           "2026-01-20T16:30:00.12+02:00", "2026-01-20t09:00:00.120-05:30"})
    EXPECT_EQ(parse_rfc3339(text), expected) << text;
}

TEST(Time, RefusesWhatIsNotATime) {
  for (const char* text : {"", "2026-01-20", "2026-02-30T00:00:00Z", "2026-01-20T24:00:00Z", "2026-01-20T00:00:00",
                           "2026-01-20T00:00:00.Z", "2026-01-20T00:00:00Zx", "2026-01-20T00:60:00Z"})
    EXPECT_FALSE(parse_rfc3339(text)) << text;
}

}  // namespace r8r
