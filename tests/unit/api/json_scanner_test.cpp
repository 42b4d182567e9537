#include "services/api/json_scanner.hpp"

#include <gtest/gtest.h>

#include <random>

#include <nlohmann/json.hpp>

namespace r8r::api {
namespace {

TEST(JsonScanner, FindsTheTopLevelFieldsAsTheyStand) {
  const JsonScan scan = scan_json(R"( {"a": {"b" :[1, 2]} , "c":"x","d":null} )");
  ASSERT_FALSE(scan.fault) << scan.fault->message;
  ASSERT_EQ(scan.fields.size(), 3u);
  EXPECT_EQ(scan.fields[0].key, "a");
  EXPECT_EQ(scan.fields[0].value, R"({"b" :[1, 2]})");
  EXPECT_EQ(scan.fields[0].kind, JsonKind::object);
  EXPECT_EQ(scan.fields[1].value, "\"x\"");
  EXPECT_EQ(scan.fields[2].kind, JsonKind::null);
  EXPECT_EQ(scan.value.front(), '{');
  EXPECT_EQ(scan.value.back(), '}');
}

TEST(JsonScanner, TellsWhereBrokenTextBreaks) {
  const auto offset = [](std::string_view text) {
    const JsonScan scan = scan_json(text);
    return scan.fault ? static_cast<int>(scan.fault->offset) : -1;
  };
  EXPECT_EQ(offset(""), 0);
  EXPECT_EQ(offset("   "), 3);
  EXPECT_EQ(offset(R"({"a":1,})"), 7);
  EXPECT_EQ(offset(R"({"a" 1})"), 5);
  EXPECT_EQ(offset("[1 2]"), 3);
  EXPECT_EQ(offset("01"), 1);
  EXPECT_EQ(offset("1."), 2);
  EXPECT_EQ(offset("-"), 1);
  EXPECT_EQ(offset("1e999"), 0);
  EXPECT_EQ(offset("{} x"), 3);
  EXPECT_EQ(offset("tru"), 0);
  EXPECT_EQ(offset("\"a\nb\""), 2);
  EXPECT_EQ(offset(R"("\x")"), 1);
  EXPECT_EQ(offset(R"("\u12g4")"), 1);
  EXPECT_EQ(offset(R"("\ud800 alone")"), 1);
  EXPECT_EQ(offset(R"("\udc00")"), 1);
  EXPECT_EQ(offset("\"\xc3(\""), 1);
  EXPECT_EQ(offset("\"\xed\xa0\x80\""), 1);
  EXPECT_EQ(offset("\"\xc0\xaf\""), 1);
  EXPECT_EQ(offset("\"abc"), 4);
  EXPECT_EQ(offset("\xef\xbb\xbf{}"), 0);
}

TEST(JsonScanner, BoundsTheDepth) {
  const auto nested = [](int levels) {
    return std::string(static_cast<std::size_t>(levels), '[') + std::string(static_cast<std::size_t>(levels), ']');
  };
  EXPECT_FALSE(scan_json(nested(128)).fault);
  const JsonScan scan = scan_json(nested(129));
  ASSERT_TRUE(scan.fault);
  EXPECT_EQ(scan.fault->offset, 128u);
  EXPECT_TRUE(scan_json(std::string(1'000'000, '[')).fault);
}

TEST(JsonScanner, UnescapesNamesAndStrings) {
  EXPECT_EQ(unescape_json(R"("a\n\"\\\/\u00e9\ud83d\ude00z")"), "a\n\"\\/\xc3\xa9\xf0\x9f\x98\x80z");
  EXPECT_EQ(unescape_json("plain"), "plain");
}

TEST(JsonScanner, PositionsCountLinesAndCharacters) {
  const std::string text = "{\n  \"\xc3\xa9\": x";
  const TextPosition at = position_of(text, text.size() - 1);
  EXPECT_EQ(at.line, 2u);
  EXPECT_EQ(at.column, 8u);
}

// Whatever the scanner lets through, a full parser reads too; whatever that refuses, the scanner refuses.
TEST(JsonScanner, AgreesWithAFullParser) {
  constexpr unsigned kSeed = 7;
  SCOPED_TRACE(kSeed);
  std::mt19937 random(kSeed);
  const std::string base = R"({"a":[1,-2.5e3,true,false,null,"x\u00e9\n"],"b":{"c":{}},"d":[[],[{}]]})";
  const std::string alphabet = "{}[]\",:\\u0123eE+-.truefalsn \n\x01\xc3\xa9";
  for (int round = 0; round < 50'000; ++round) {
    std::string text = base;
    const int changes = static_cast<int>(random() % 3) + 1;
    for (int i = 0; i < changes; ++i) {
      const std::size_t at = random() % text.size();
      const char c = alphabet[random() % alphabet.size()];
      switch (random() % 3) {
        case 0:
          text[at] = c;
          break;
        case 1:
          text.insert(at, 1, c);
          break;
        default:
          text.erase(at, 1);
          break;
      }
      if (text.empty()) text = "1";
    }
    EXPECT_EQ(!scan_json(text).fault, nlohmann::json::accept(text)) << text;
  }
}

}  // namespace
}  // namespace r8r::api
