#include "common/base/payload.hpp"

#include <gtest/gtest.h>

namespace r8r::payload {
namespace {

std::string text_of(std::string_view payload, const std::string& stored) {
  std::string text;
  const auto all = pieces(payload);
  EXPECT_TRUE(all) << payload;
  for (const Piece& piece : *all) text += piece.key.empty() ? piece.text : stored.substr(piece.at, piece.size);
  return text;
}

TEST(Payload, JsonIsItself) {
  EXPECT_FALSE(is_reference(R"("@[]")"));
  EXPECT_EQ(bytes("[1,2]"), 5u);
  EXPECT_EQ(text_of("[1,2]", ""), "[1,2]");
}

TEST(Payload, ReferenceNamesPartOfWhatIsStored) {
  const std::string part = reference("ab", 2, 3);
  EXPECT_TRUE(is_reference(part));
  EXPECT_EQ(bytes(part), 3u);
  EXPECT_EQ(text_of(part, "0123456"), "234");
}

TEST(Payload, ArrayOfJsonIsJson) {
  ArrayBuilder empty;
  EXPECT_EQ(empty.take(), "[]");
  ArrayBuilder builder;
  builder.add("1");
  builder.add(R"({"a":"x"})");
  EXPECT_EQ(builder.take(), R"([1,{"a":"x"}])");
}

TEST(Payload, ArrayWithReferencesIsAReference) {
  const std::string stored = R"("a\u0000\"]b"[null])";
  ArrayBuilder inner;
  inner.add(reference("k", 0, 13));
  inner.add(R"("\"text\u0000 with, [brackets]")");
  const std::string within = inner.take();
  ArrayBuilder outer;
  outer.add("1");
  outer.add(within);
  outer.add(reference("k", 13, 6));
  const std::string whole = outer.take();
  const std::string expected = R"([1,["a\u0000\"]b","\"text\u0000 with, [brackets]"],[null]])";
  EXPECT_EQ(text_of(whole, stored), expected);
  EXPECT_EQ(bytes(whole), expected.size());
}

TEST(Payload, ListGivesOneReferenceForEachElement) {
  const auto elements = list_elements(list_reference("k", {2, 0, 3}));
  ASSERT_TRUE(elements);
  ASSERT_EQ(elements->size(), 3u);
  EXPECT_EQ(text_of((*elements)[0], "aabbb"), "aa");
  EXPECT_EQ(text_of((*elements)[1], "aabbb"), "");
  EXPECT_EQ(text_of((*elements)[2], "aabbb"), "bbb");
}

TEST(Payload, MalformedReferencesAreErrors) {
  for (const char* bad : {"@", "@{}", "@[1]", R"(@[{"p":1,"at":0,"n":1}])", R"(@[{"p":"k","at":-1,"n":1}])",
                          R"(@[{"p":"k","n":1}])", R"(@[{"p":"k","at":0,"n":99999999999999999999}])"}) {
    EXPECT_FALSE(pieces(bad)) << bad;
    EXPECT_EQ(bytes(bad), 0u) << bad;
  }
  for (const char* bad : {"", "[]", R"({"p":"k"})", R"({"p":"k","n":["1"]})"}) EXPECT_FALSE(list_elements(bad)) << bad;
}

TEST(Payload, SizesAreNamedInWholeMebibytes) {
  EXPECT_EQ(size_text(8u << 20), "8 MiB");
  EXPECT_EQ(size_text(1500), "1500 bytes");
}

}  // namespace
}  // namespace r8r::payload
