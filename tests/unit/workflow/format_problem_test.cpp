#include "common/workflow/format_problem.hpp"

#include <gtest/gtest.h>

#include "tests/unit/workflow/loading.hpp"

namespace r8r::workflow {
namespace {

TEST(FormatProblem, ShowsTheLineWithACaretAndTheHint) {
  const std::string source = with_node_lines("    conditon: input.ok\n");
  EXPECT_EQ(format_problem(source, "orders.yaml", load(source).problems.at(0)),
            "orders.yaml:6:5: error: unknown field 'conditon' in nodes[0]\n"
            "    6 |     conditon: input.ok\n"
            "      |     ^\n"
            "      = hint: did you mean 'condition'?\n");
}

TEST(FormatProblem, WithoutAPlaceThereIsNoLine) {
  EXPECT_EQ(format_problem("a", "f", {"", 0, 0, "too large", "make it smaller"}),
            "f: error: too large\n     = hint: make it smaller\n");
  EXPECT_EQ(format_problem("a", "f", {"", 7, 3, "past the end", ""}), "f:7:3: error: past the end\n");
}

TEST(FormatProblem, TheCaretStandsBelowCharactersNotBytes) {
  EXPECT_EQ(format_problem("äö: x\r\nb", "f", {"", 1, 5, "here", ""}),
            "f:1:5: error: here\n    1 | äö: x\n      |     ^\n");
  EXPECT_EQ(format_problem("\ta: x", "f", {"", 1, 2, "here", ""}), "f:1:2: error: here\n    1 | \ta: x\n      | \t^\n");
}

TEST(FormatProblem, WideCharactersTakeTwoColumnsAndMarksNone) {
  EXPECT_EQ(format_problem("日本: x", "f", {"", 1, 5, "here", ""}),
            "f:1:5: error: here\n    1 | 日本: x\n      |       ^\n");
  EXPECT_EQ(format_problem("e\u0301: x", "f", {"", 1, 4, "here", ""}),
            "f:1:4: error: here\n    1 | e\u0301: x\n      |   ^\n");
}

TEST(FormatProblem, AWarningSaysSo) {
  EXPECT_EQ(format_problem("a", "f", {"", 1, 1, "odd", ""}, Severity::warning),
            "f:1:1: warning: odd\n    1 | a\n      | ^\n");
}

TEST(FormatProblem, LongLinesShowThePartAroundThePlace) {
  const std::string source = std::string(500, 'a') + "!" + std::string(500, 'b');
  const std::string text = format_problem(source, "f", {"", 1, 501, "here", ""});
  const std::size_t line = text.find('\n') + 1;
  EXPECT_LT(text.size(), 400u);
  EXPECT_NE(text.find("a!b"), std::string::npos);
  EXPECT_NE(text.find("…", line), std::string::npos);
}

TEST(ProblemsJson, HasEveryField) {
  EXPECT_EQ(problems_json({}), "[]");
  EXPECT_EQ(
      problems_json({{"a.b", 1, 2, "say \"x\"", "h"}, {}}),
      R"([{"path":"a.b","line":1,"column":2,"message":"say \"x\"","hint":"h"},{"path":"","line":0,"column":0,"message":"","hint":""}])");
}

}  // namespace
}  // namespace r8r::workflow
