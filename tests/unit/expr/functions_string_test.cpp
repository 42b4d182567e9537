#include "harness.hpp"

namespace r8r::expr::testing {
namespace {

TEST(StringFunctions, Case) {
  check({{"\"Straße Ñandú\".to_upper()", "\"STRAßE ÑANDÚ\""},
         {"\"ÄÖÜ ΑΒΓ ЖЯ\".to_lower()", "\"äöü αβγ жя\""},
         {"let s = \"aB\"; s.make_upper(); s", "\"AB\""},
         {"let s = \"aB\"; s.make_lower(); s", "\"ab\""},
         {"upper(\"a\") + lower(\"B\")", "\"Ab\""}});
}

TEST(StringFunctions, Trimming) {
  check({{"\"\\t a b \\n\".trim()", "\"a b\""},
         {"\" a \".trim_start()", "\"a \""},
         {"\" a \".trim_end()", "\" a\""},
         {"\"\\u00a0x\\u2003\".trim()", "\"x\""},
         {"\"   \".trim()", "\"\""},
         {"\"\".trim()", "\"\""},
         {"(5).trim()", "error: an integer has no function 'trim' (line 1, column 5)"}});
}

TEST(StringFunctions, LookingInside) {
  check({{"\"abc\".contains(\"bc\")", "true"},
         {"\"abc\".contains(\"\")", "true"},
         {"\"abc\".starts_with(\"ab\")", "true"},
         {"\"abc\".ends_with(\"ab\")", "false"},
         {"\"héhé\".index_of(\"é\")", "1"},
         {"\"héhé\".index_of(\"é\", 2)", "3"},
         {"\"héhé\".index_of(\"x\")", "-1"},
         {"\"abcabc\".index_of(\"a\", -3)", "3"},
         {"\"abc\".index_of(\"a\", 99)", "-1"},
         {"\"abc\".contains(1)", "error: 'contains' needs a string as argument 1, not an integer (line 1, column 7)"},
         {"\"\".is_empty()", "true"},
         {"\"é\".bytes()", "2"},
         {"\"abc\".get(1)", "\"b\""},
         {"\"abc\".get(9)", "null"},
         {"\"abc\".get(-1)", "\"c\""},
         {"\"aé\".chars()", R"(["a","é"])"}});
}

TEST(StringFunctions, Parts) {
  check({{"\"hello\".sub_string(1, 3)", "\"ell\""},
         {"\"hello\".sub_string(-3)", "\"llo\""},
         {"\"hello\".sub_string(2)", "\"llo\""},
         {"\"hello\".sub_string(9)", "\"\""},
         {"\"hello\".sub_string(1..3)", "\"el\""},
         {"\"hello\".sub_string(1, -1)", "\"\""},
         {"\"héllo\".slice(1, 1)", "\"é\""},
         {"let s = \"hello\"; s.crop(1, 3); s", "\"ell\""},
         {"let s = \"hello\"; s.crop(3); s", "\"lo\""},
         {"let s = \"hello\"; s.crop(1..=2); s", "\"el\""},
         {"let s = \"héllo\"; s.truncate(2); s", "\"hé\""},
         {"let s = \"a\"; s.truncate(9); s", "\"a\""},
         {"let s = \"a\"; s.truncate(-1); s", "\"\""},
         {"let s = \"a-b-a\"; s.remove(\"a\"); s", "\"-b-\""},
         {"let s = \"abc\"; s.clear(); s", "\"\""},
         {"\"hé!\".reverse()", "\"!éh\""}});
}

TEST(StringFunctions, Replacing) {
  check({{"\"aXbX\".replace(\"X\", \"--\")", "\"a--b--\""},
         {"\"aaa\".replace(\"aa\", \"b\")", "\"ba\""},
         {"\"abc\".replace(\"\", \"x\")", "\"abc\""},
         {"\"abc\".replace(\"b\", \"\")", "\"ac\""},
         {"\"abc\".replace(\"b\")", "problem: 'replace' takes 2 arguments, not 1 @1:7"}});
}

TEST(StringFunctions, Splitting) {
  check({{"\" a  b\\tc \".split()", R"(["a","b","c"])"},
         {"\"a,b,,c\".split(\",\")", R"(["a","b","","c"])"},
         {"\"a,b,c\".split(\",\", 2)", R"(["a","b,c"])"},
         {"\"abc\".split(\"\")", R"(["a","b","c"])"},
         {"\"\".split(\",\")", R"([""])"},
         {"\"\".split(\"\")", R"([""])"},
         {"\"\".split()", "[]"},
         {"\"héllo\".split(2)", R"(["hé","llo"])"},
         {"\"hello\".split(-2)", R"(["hel","lo"])"},
         {"\"hi\".split(9)", R"(["hi",""])"},
         {"\"a,b,c\".split_rev(\",\")", R"(["c","b","a"])"},
         {"\"a,b,c\".split_rev(\",\", 2)", R"(["c","a,b"])"},
         {"\"a b\".split_rev()", R"(["b","a"])"},
         {"\"a\\r\\nb\\n\\nc\".lines()", R"(["a","b","","c"])"},
         {"\"a\\n\".lines()", R"(["a"])"},
         {"\"abc\".split(\"abc\")", R"(["",""])"}});
}

TEST(StringFunctions, Padding) {
  check({{"let s = \"7\"; s.pad(3, \"é\"); s", "\"7éé\""},
         {"\"7\".pad(3)", "\"7  \""},
         {"\"7\".pad_start(3, \"0\")", "\"007\""},
         {"\"7\".pad_start(4, \"ab\")", "\"aba7\""},
         {"\"long\".pad(2, \"x\")", "\"long\""},
         {"\"ab\".repeat(3)", "\"ababab\""},
         {"\"ab\".repeat(0)", "\"\""},
         {"\"ab\".repeat(-1)", "\"\""},
         {"\"\".repeat(9000000000000)", "\"\""}});
}

TEST(StringFunctions, Numbers) {
  check({{"\" 42 \".to_int()", "42"},
         {"\"ff\".parse_int(16)", "255"},
         {"\"-7\".to_int()", "-7"},
         {"\"+7\".to_int()", "7"},
         {"\"1.5\".to_float()", "1.5"},
         {"\"3\".parse_float()", "3.0"},
         {"\"4x\".to_int()", "error: 'to_int': \"4x\" is not an integer (line 1, column 6)"},
         {"\"\".to_int()", "error: 'to_int': \"\" is not an integer (line 1, column 4)"},
         {"\"99999999999999999999\".to_int()",
          "error: 'to_int': \"99999999999999999999\" is not an integer (line 1, column 24)"},
         {"\"x\".to_float()", "error: 'to_float': \"x\" is not a number (line 1, column 5)"},
         {"\"1\".parse_int(99)", "error: 'parse_int': the radix has to be 2 to 36 (line 1, column 5)"}});
}

TEST(StringFunctions, Encodings) {
  check({{"\"a b&é/~\".url_encode()", "\"a%20b%26%C3%A9%2F~\""},
         {"\"a%20b+%C3%A9\".url_decode()", "\"a b é\""},
         {"\"%zz\".url_decode()",
          "error: 'url_decode': '%' has to be followed by two hexadecimal digits (line 1, column 7)"},
         {"\"%4\".url_decode()",
          "error: 'url_decode': '%' has to be followed by two hexadecimal digits (line 1, column 6)"},
         {"\"héllo\".base64_encode()", "\"aMOpbGxv\""},
         {"\"aMOpbGxv\".base64_decode()", "\"héllo\""},
         {"\"YQ==\".base64_decode()", "\"a\""},
         {"\"YQ\".base64_decode()", "\"a\""},
         {"\"_-8=\".base64_decode()", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
         {"\"a*\".base64_decode()", "error: 'base64_decode': this is not base64 (line 1, column 6)"},
         {"\"\".base64_encode()", "\"\""},
         {"\"aé\".hex_encode()", "\"61c3a9\""},
         {"\"61C3a9\".hex_decode()", "\"aé\""},
         {"\"6\".hex_decode()", "error: 'hex_decode': this is not hexadecimal (line 1, column 5)"},
         {"\"abc\".sha256()", "\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\""},
         {"\"abc\".md5()", "\"900150983cd24fb0d6963f7d28e17f72\""},
         // RFC 4231, test case 2.
         {"\"what do ya want for nothing?\".hmac_sha256(\"Jefe\")",
          "\"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843\""}});
}

TEST(StringFunctions, RegularExpressions) {
  check({{"\"order-42\".matches(\"[0-9]+\")", "true"},
         {"\"abc\".matches(\"^[0-9]+$\")", "false"},
         {"\"a1b22\".find_all(\"[0-9]+\")", R"(["1","22"])"},
         {"\"a=1, b=2\".find_all(\"(\\\\w)=(\\\\d)\")", R"([["a","1"],["b","2"]])"},
         {"\"<a><b>\".find_all(\"<(.)>\")", R"(["a","b"])"},
         {"\"aé\".find_all(\"\")", R"(["","",""])"},
         {"\"2026-01-20\".replace_regex(\"(\\\\d+)-(\\\\d+)-(\\\\d+)\", \"$3.$2.${1}\")", "\"20.01.2026\""},
         {"\"abc\".replace_regex(\"b\", \"$$0\")", "\"a$0c\""},
         {"\"abc\".replace_regex(\"[bc]\", \"<$0>\")", "\"a<b><c>\""},
         {"\"abc\".replace_regex(\"x*\", \"-\")", "\"-a-b-c-\""},
         {"\"x\".matches(\"(\")", "error: 'matches': the pattern is wrong: missing ): ( (line 1, column 5)"}});
  // Patterns that take exponential time elsewhere.
  World world;
  EXPECT_EQ(
      world.eval("\"a\".repeat(100000).matches(\"^(a+)+$\") && !(\"a\".repeat(50000) + \"b\").matches(\"^(a|aa)+$\")"),
      "true");
}

TEST(StringFunctions, Slugs) {
  check({{"\"  Crème Brûlée & Co. -- 2026!\".slugify()", "\"creme-brulee-co-2026\""},
         {"\"Don't Ärger\".slugify()", "\"dont-arger\""},
         {"\"Привет мир\".slugify()", "\"привет-мир\""},
         {"\"!!!\".slugify()", "\"\""}});
}

}  // namespace
}  // namespace r8r::expr::testing
