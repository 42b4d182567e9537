#include "common/base/environment.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/json_text.hpp"

namespace r8r {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Environment, WrongValuesAreAllReportedAndDefaultsUsed) {
  Environment env({{"R8R_SERVER_PORT", "80a"}, {"R8R_MONITOR_PUBLIC", "maybe"}, {"R8R_FAILED_STATUS", "404"}});
  EXPECT_EQ(env.integer("R8R_SERVER_PORT", 8080, 0, 65535), 8080);
  EXPECT_FALSE(env.flag("R8R_MONITOR_PUBLIC", false));
  EXPECT_EQ(env.word("R8R_FAILED_STATUS", {"200", "500"}), "200");
  EXPECT_THAT(env.problems(),
              ElementsAre(HasSubstr("R8R_SERVER_PORT='80a'"), HasSubstr("R8R_MONITOR_PUBLIC"), HasSubstr("200, 500")));
}

TEST(Environment, EmptyCountsAsNotSet) {
  Environment env(std::map<std::string, std::string>{{"R8R_SERVER_PORT", ""}});
  EXPECT_EQ(env.integer("R8R_SERVER_PORT", 8080, 0, 65535), 8080);
  EXPECT_THAT(env.problems(), IsEmpty());
}

TEST(Environment, UnknownNamesGetTheNearestKnownOne) {
  const Environment env({{"R8R_SERVR_PORT", "1"}, {"R8R_XQZWVUTSRQPO", "1"}, {"HOME", "/"}});
  EXPECT_THAT(env.unknown_names(), ElementsAre("R8R_SERVR_PORT is not a setting of r8r; did you mean R8R_SERVER_PORT?",
                                               "R8R_XQZWVUTSRQPO is not a setting of r8r"));
}

TEST(Environment, DatabaseUrlMustBePostgres) {
  Environment env({{"R8R_DATABASE_URL", "mysql://x"}, {"R8R_NATS_URL", "nats://x"}});
  read_common_settings(env);
  EXPECT_THAT(env.problems(), ElementsAre(HasSubstr("postgres://")));
}

TEST(JsonText, EscapesAndRepairs) {
  EXPECT_EQ(json_string("a\"b\\c\n\x01"), R"("a\"b\\c\n\u0001")");
  EXPECT_EQ(json_string("gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80"), "\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80\"");
  EXPECT_EQ(json_string("\xc3(\xed\xa0\x80"), "\"\xef\xbf\xbd(\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

TEST(JsonText, KnowsValidUtf8) {
  EXPECT_TRUE(is_valid_utf8("plain \xc3\xbc \xf0\x9f\x98\x80"));
  EXPECT_FALSE(is_valid_utf8("\xc0\x80"));
  EXPECT_FALSE(is_valid_utf8("\xf4\x90\x80\x80"));
  EXPECT_FALSE(is_valid_utf8("cut \xe2\x82"));
}

}  // namespace r8r
