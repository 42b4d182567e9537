#include <gtest/gtest.h>

#include "common/workflow/source_reader.hpp"
#include "tests/unit/workflow/loading.hpp"

namespace r8r::workflow {
namespace {

// Where the first `needle` of the scalar under "x" stands in the file, as line:column.
std::string found(std::string_view file, std::string_view needle) {
  const ReadResult read = read_source(file);
  if (!read.root || read.root->find("x") == nullptr) return "unreadable";
  const SourceNode& scalar = *read.root->find("x");
  const std::size_t at = scalar.scalar.find(needle);
  if (at == std::string::npos) return "not in: " + scalar.scalar;
  int line = 1;
  int column = 1;
  for (const char c : scalar.scalar.substr(0, at)) {
    if (c == '\n') {
      ++line;
      column = 1;
    } else if ((static_cast<unsigned char>(c) & 0xc0) != 0x80) {
      ++column;
    }
  }
  const Place place = place_inside(scalar, file, line, column);
  return fmt::format("{}:{}", place.line, place.column);
}

TEST(ScalarPlace, InPlainAndQuotedText) {
  EXPECT_EQ(found("x: one two", "two"), "1:8");
  EXPECT_EQ(found("x: 'it''s two'", "two"), "1:11");
  EXPECT_EQ(found("x: \"a\\tb\\u00e9\\x41 two\"", "two"), "1:20");
  EXPECT_EQ(found("x: \"\\U0001F600\\\"\\/ two\"", "two"), "1:20");
  EXPECT_EQ(found("{\"x\": \"\\ud83d\\ude00 two\"}", "two"), "1:21");
  EXPECT_EQ(found("x: \"a\\nb two\"", "two"), "1:10");
}

TEST(ScalarPlace, InTextThatGoesOnOverLines) {
  EXPECT_EQ(found("x: one\n  two\n  three\n", "three"), "3:3");
  EXPECT_EQ(found("x: one\n\n\n  two\n", "two"), "4:3");
  EXPECT_EQ(found("x: 'one   \n  two''s three'\n", "three"), "2:10");
  EXPECT_EQ(found("x: \"one\n  two \\\n  three\"\n", "three"), "3:3");
  EXPECT_EQ(found("x: \"one \\\n\n   two\"\n", "two"), "3:4");
}

TEST(ScalarPlace, InLiteralBlocks) {
  EXPECT_EQ(found("x: |\n  one\n    two\n  three\n", "two"), "3:5");
  EXPECT_EQ(found("x: |-  # comment\n\n  one\n\n  two\n", "two"), "5:3");
  EXPECT_EQ(found("x: |2\n    one\n  two\n", "one"), "2:5");
  EXPECT_EQ(found("x: |\r\n  one\r\n  two\r\n", "two"), "3:3");
  EXPECT_EQ(found("x: !!str |\n  one\n  two\n", "two"), "3:3");
}

TEST(ScalarPlace, InFoldedBlocks) {
  EXPECT_EQ(found("x: >\n  one\n  two\n  three\n", "three"), "4:3");
  EXPECT_EQ(found("x: >\n  one\n\n  two\n", "two"), "4:3");
  EXPECT_EQ(found("x: >-\n\n  one\n    more\n  two\n", "two"), "5:3");
  EXPECT_EQ(found("x: >\n  one\n    more\n    again\n", "again"), "4:5");
}

TEST(ScalarPlace, AnAliasIsItsOwnPlace) {
  EXPECT_EQ(found("a: &t 'one two'\nx: *t\n", "two"), "2:4");
}

// Every visible character of every form comes from where the same character stands.
TEST(ScalarPlace, EachCharacterComesFromItsLikes) {
  for (const std::string file :
       {"x: alpha beta\n  gamma\n\n  delta  epsilon\n", "x: 'alpha beta\n  gamma\n\n\n  delta  epsilon '\n",
        "x: \"alpha beta\n  gamma \\\n    delta\n\n  epsilon \"\n", "x: |\n  alpha\n\n    beta\n  gamma\n\n",
        "x: |+\n  alpha\n  beta\n\n\ny: 1\n", "x: >\n  alpha\n  beta\n\n  gamma\n   delta\n\n  epsilon\n zeta: 1\n",
        "x: >+\n  alpha\n\n\n  beta\n\n", "x: >2\n    alpha\n  beta\n",
        "x: >\n\n  alpha\n\n   beta\n   gamma\n\n  delta\n"}) {
    const ReadResult read = read_source(file);
    if (!read.root) continue;
    const SourceNode& scalar = *read.root->find("x");
    int line = 1;
    int column = 1;
    for (const char c : scalar.scalar) {
      if (c > ' ') {
        const Place place = place_inside(scalar, file, line, column);
        std::size_t begin = 0;
        for (int i = 1; i < place.line; ++i) begin = std::string_view(file).find('\n', begin) + 1;
        EXPECT_EQ(file[begin + static_cast<std::size_t>(place.column) - 1], c)
            << file << "at " << line << ':' << column << " of the text";
      }
      column = c == '\n' ? 1 : column + 1;
      line += c == '\n' ? 1 : 0;
    }
  }
}

TEST(ScalarPlace, ProblemsOfExpressionsPointIntoBlocks) {
  EXPECT_EQ(problems_of(with_head("nodes:\n  - id: a\n    type: transform\n    config:\n      expression: >\n"
                                  "        let t = 1;\n        t + total\n")),
            "8:13 nodes[0].config.expression: unknown name 'total' (known: input, nodes, variables, env, execution and "
            "the ids of nodes)\n");
  EXPECT_EQ(problems_of(with_head("nodes:\n  - id: a\n    type: transform\n    config:\n      expression: |\n"
                                  "        // sums\n\n        input.prices\n          .summ()\n")),
            "10:12 nodes[0].config.expression: unknown function 'summ' (did you mean 'sum'?)\n");
  EXPECT_EQ(problems_of(with_head("nodes:\n  - id: a\n    type: set\n    config:\n      values:\n        x: "
                                  "\"caf\\u00e9 \\\"{{ nope }}\\\"\"\n"))
                .substr(0, 37),
            "7:28 nodes[0].config.values.x: unknow");
}

}  // namespace
}  // namespace r8r::workflow
