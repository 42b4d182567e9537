#include "cli/console/table.hpp"

#include <gtest/gtest.h>

#include "cli/console/text.hpp"

namespace r8r::cli {
namespace {

TEST(Table, PadsColumnsToTheWidestCellAndRulesOffTheHeader) {
  EXPECT_EQ(format_table({"NAME", "ENABLED"}, {{"a-long-name", "yes"}, {"b", "no"}}),
            "NAME         ENABLED\n"
            "────────────────────\n"
            "a-long-name  yes\n"
            "b            no\n");
}

TEST(Table, CountsColumnsOfTheTerminalAndNotBytes) {
  EXPECT_EQ(format_table({"N", "X"}, {{"é", "1"}, {"日本", "2"}, {"e\u0301", "3"}}),
            "N     X\n"
            "───────\n"
            "é     1\n"
            "日本  2\n"
            "e\u0301     3\n");
}

TEST(Table, FillsShortRowsAndLeavesNoBlanksAtLineEnds) {
  EXPECT_EQ(format_table({"A", "B"}, {{"x"}}), "A  B\n────\nx\n");
}

TEST(Table, AcceptsNoRows) {
  EXPECT_EQ(format_table({"A", "BC"}, {}), "A  BC\n─────\n");
}

TEST(Text, NoControlCharacterReachesATerminal) {
  EXPECT_EQ(printable("a\x1b[31mb\x07"), "a\uFFFD[31mb\uFFFD");
  EXPECT_EQ(printable("line 1\n\tline 2\r\n"), "line 1\n\tline 2\n");
  EXPECT_EQ(printable_line("line 1\nline 2"), "line 1 line 2");
  // The one-byte form of the escape sequence introducer, as UTF-8.
  EXPECT_EQ(printable("\u009b31m"), "\uFFFD31m");
}

TEST(Text, BrokenUtf8IsCountedAndNotReadPastItsEnd) {
  EXPECT_EQ(display_width("\xff\xfe"), 2u);
  EXPECT_EQ(display_width(std::string_view("\xe6\x97", 2)), 1u);
  EXPECT_EQ(display_width(""), 0u);
  EXPECT_EQ(display_width("✓"), 1u);
}

}  // namespace
}  // namespace r8r::cli
