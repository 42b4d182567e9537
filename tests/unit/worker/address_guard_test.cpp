#include "services/worker/address_guard.hpp"

#include <gmock/gmock.h>

namespace r8r::worker {
namespace {

using boost::asio::ip::make_address;
using testing::HasSubstr;

TEST(AddressGuard, KnowsWhatIsInternal) {
  for (const char* text : {"0.0.0.0",
                           "0.1.2.3",
                           "10.0.0.1",
                           "10.255.255.255",
                           "100.64.0.1",
                           "100.100.100.200",
                           "100.127.255.255",
                           "127.0.0.1",
                           "127.255.255.254",
                           "168.63.129.16",
                           "169.254.0.1",
                           "169.254.169.254",
                           "172.16.0.1",
                           "172.31.255.255",
                           "192.0.0.192",
                           "192.0.2.1",
                           "192.88.99.1",
                           "192.168.0.1",
                           "198.18.0.1",
                           "198.19.255.255",
                           "198.51.100.7",
                           "203.0.113.9",
                           "224.0.0.1",
                           "239.255.255.255",
                           "240.0.0.1",
                           "255.255.255.255",
                           "::",
                           "::1",
                           "::ffff:127.0.0.1",
                           "::ffff:10.0.0.1",
                           "::127.0.0.1",
                           "64:ff9b::7f00:1",
                           "64:ff9b::a9fe:a9fe",
                           "64:ff9b:1::1",
                           "100::1",
                           "2001::1",
                           "2001:db8::1",
                           "2001:10::1",
                           "2002:7f00:1::",
                           "2002:c0a8:101::",
                           "3fff::1",
                           "fc00::1",
                           "fd00:ec2::254",
                           "fe80::1",
                           "febf::1",
                           "fec0::1",
                           "ff02::1",
                           "4000::1"})
    EXPECT_TRUE(is_internal_address(make_address(text))) << text;
}

TEST(AddressGuard, KnowsWhatIsPublic) {
  for (const char* text : {"1.1.1.1",           "8.8.8.8",         "9.255.255.255",
                           "11.0.0.0",          "100.63.255.255",  "100.128.0.0",
                           "126.255.255.255",   "128.0.0.1",       "168.63.129.15",
                           "169.253.255.255",   "172.15.255.255",  "172.32.0.0",
                           "192.167.255.255",   "192.169.0.0",     "198.17.255.255",
                           "198.20.0.0",        "223.255.255.255", "2606:4700:4700::1111",
                           "2a00:1450:4001::1", "::ffff:8.8.8.8",  "64:ff9b::808:808",
                           "2002:808:808::1"})
    EXPECT_FALSE(is_internal_address(make_address(text))) << text;
}

TEST(AddressGuard, RefusesInternalAndAllowsPublicByDefault) {
  const AddressGuard guard;
  EXPECT_FALSE(guard.allows("localhost", make_address("127.0.0.1")));
  EXPECT_TRUE(guard.allows("example.com", make_address("93.184.216.34")));
}

TEST(AddressGuard, OpenAllowsAll) {
  EXPECT_TRUE(AddressGuard::open().allows("x", make_address("169.254.169.254")));
}

TEST(AddressGuard, NetworksAddressesAndNamesMakeExceptions) {
  const auto guard = AddressGuard::with_exceptions("10.1.0.0/16, fd00::/8 ,127.0.0.1,Build.Internal.,[::1]");
  ASSERT_TRUE(guard) << guard.error().message;
  EXPECT_TRUE(guard->allows("a", make_address("10.1.255.1")));
  EXPECT_FALSE(guard->allows("a", make_address("10.2.0.1")));
  EXPECT_TRUE(guard->allows("a", make_address("fd12::1")));
  EXPECT_FALSE(guard->allows("a", make_address("fe80::1")));
  EXPECT_TRUE(guard->allows("a", make_address("127.0.0.1")));
  EXPECT_TRUE(guard->allows("a", make_address("::ffff:127.0.0.1"))) << "the same address in other clothes";
  EXPECT_FALSE(guard->allows("a", make_address("127.0.0.2")));
  EXPECT_TRUE(guard->allows("a", make_address("::1")));
  EXPECT_TRUE(guard->allows("build.internal", make_address("192.168.7.7")));
  EXPECT_TRUE(guard->allows("BUILD.internal.", make_address("192.168.7.7")));
  EXPECT_FALSE(guard->allows("evil.build.internal", make_address("192.168.7.7")));
}

TEST(AddressGuard, BadEntriesAreNamed) {
  for (const char* entry : {"10.0.0.0/33", "10.0.0.0/x", "10.0.0.0/", "fd00::/129", "name/8", "a b", "10.0.0", "?"}) {
    const auto guard = AddressGuard::with_exceptions(std::string("127.0.0.1,") + entry);
    ASSERT_FALSE(guard) << entry;
    EXPECT_THAT(guard.error().message, HasSubstr(entry));
  }
  EXPECT_TRUE(AddressGuard::with_exceptions(""));
  EXPECT_TRUE(AddressGuard::with_exceptions(" , ,"));
}

TEST(AddressGuard, ZeroPrefixIsEverythingOfItsFamily) {
  const auto guard = AddressGuard::with_exceptions("0.0.0.0/0");
  ASSERT_TRUE(guard);
  EXPECT_TRUE(guard->allows("a", make_address("10.0.0.1")));
  EXPECT_FALSE(guard->allows("a", make_address("::1")));
}

TEST(AddressGuard, MessageSaysWhatToDo) {
  EXPECT_EQ(internal_address_message(make_address("127.0.0.1")),
            "address 127.0.0.1 is internal; set R8R_ALLOW_INTERNAL_URLS=true or R8R_ALLOWED_INTERNAL to allow it");
}

}  // namespace
}  // namespace r8r::worker
