#include <gtest/gtest.h>

#include "common/base/byte_text.hpp"

namespace r8r {
namespace {

TEST(ByteText, Hexadecimal) {
  EXPECT_EQ(to_hex(std::string("\x00\xff\x10", 3)), "00ff10");
  EXPECT_EQ(from_hex("00FF1a"), std::string("\x00\xff\x1a", 3));
  EXPECT_EQ(from_hex(""), "");
  for (const std::string_view bad : {"0", "0g", "0x", "00 "}) EXPECT_EQ(from_hex(bad), std::nullopt) << bad;
}

// RFC 4648, section 10.
TEST(ByteText, Base64) {
  EXPECT_EQ(to_base64(""), "");
  EXPECT_EQ(to_base64("f"), "Zg==");
  EXPECT_EQ(to_base64("fo"), "Zm8=");
  EXPECT_EQ(to_base64("foobar"), "Zm9vYmFy");
  for (const std::string_view text : {"Zm8=", "Zm8", " Zm\n8= "}) EXPECT_EQ(from_base64(text), "fo") << text;
  EXPECT_EQ(from_base64("-_8"), from_base64("+/8="));
  for (const std::string_view bad : {"Z", "Zm8=Z", "Zm!8"}) EXPECT_EQ(from_base64(bad), std::nullopt) << bad;
}

}  // namespace
}  // namespace r8r
