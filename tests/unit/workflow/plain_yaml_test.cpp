#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include <gtest/gtest.h>

#include "common/workflow/source_reader.hpp"

namespace r8r::workflow {
namespace {

/// What sets the quick reader's tree apart from yaml-cpp's; empty when it read none, or the same.
std::string difference(std::string_view text) {
  const auto quick = read_plain_yaml(text);
  if (!quick) return "";
  const ReadResult read = read_yaml(text);
  if (!read.root) return read.problems.empty() ? "no tree" : read.problems.front().message;
  if (quick->problems.size() != read.problems.size()) return "other problems";
  if (quick->warnings.size() != read.warnings.size()) return "other warnings";
  return *quick->root == *read.root ? "" : "another tree";
}

std::vector<std::string> yaml_files() {
  std::vector<std::string> files;
  for (const std::string_view folder : {"examples", "tests/conformance", "tests/fuzz/corpus/workflow"}) {
    const auto root = std::filesystem::path(R8R_SOURCE_DIR) / folder;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
      if (!entry.is_regular_file()) continue;
      std::stringstream text;
      text << std::ifstream(entry.path()).rdbuf();
      files.push_back(text.str());
    }
  }
  return files;
}

TEST(PlainYaml, ReadsWhatFilesAreMostlyWrittenIn) {
  constexpr std::string_view kText[] = {
      "a: 1\n",
      "---\n# first\na: 1 # one\nb:\n  c: x y  # two\n  d: ~\n\n# last\n",
      "a:\nb: null\nc:\n",
      "a:\n- 1\n- x: 2\n  y: 3\n-   - p\n    - q\n-\n  z: 4\nb:\n  - {}\n  - []\n",
      "a: {b: 1, \"c d\": [x, 'y', \"z\\n\"], e: {f: null}}\n",
      "a: [1,\n    -2, # no\n",
      "a: {b: 1,\n  c: [2, 3]\n  }\nd: 1\n",
      "text: |\n  one\n    two\n\n  #{ three: 3 }\n\nnext: >-\n  a\n  b\n\n  c\nlast: >\n  x\n  y\n",
      "- 1\n",
      "'it''s': 'a '' b'\n\"k\\\"\": \"\\t\\\\\"\n",
      "url: https://example.com/{{ input.a }}?b=c#d\ntime: 12:30\nweb: {url: http://x/y}\n",
      "big: 9223372036854775808\nbad: .inf\n0x: 0xffffffffffffffffff\n",
      "ä: ö\nlist:\n  - \"é\"\n  - ü: 1\n",
      "a:\n  null\nb:\n  x\nc: 'y' # z\n",
  };
  for (const std::string_view text : kText) EXPECT_EQ(difference(text), "") << text;
  for (const std::string_view text : {kText[0], kText[1], kText[2], kText[3], kText[4], kText[6], kText[7], kText[9],
                                      kText[10], kText[11], kText[12], kText[13]})
    EXPECT_TRUE(read_plain_yaml(text).has_value()) << text;
}

TEST(PlainYaml, LeavesAllElseToTheOtherReader) {
  for (const std::string_view text : {"a: &x 1\n",
                                      "a: *x\n",
                                      "a: !!str 1\n",
                                      "? a\n: b\n",
                                      "%YAML 1.2\n---\na: 1\n",
                                      "a: 1\n---\nb: 2\n",
                                      "a: 1\n...\n",
                                      "a: one\n  two\n",
                                      "a: 'one\n  two'\n",
                                      "a:\tb\n",
                                      "a: 1\r\n",
                                      "a: b: c\n",
                                      "a: 1\n b: 2\n",
                                      "a: 1\na: 2\n",
                                      "a: {b: 1, b: 2}\n",
                                      "a: |+\n  x\n",
                                      "a: |2\n  x\n",
                                      "a: |\n",
                                      "a: [1, 2\n",
                                      "a: 'x\n",
                                      "a:",
                                      "- a\n-\n",
                                      "a: [b: 1]\n",
                                      "a: {b}\n",
                                      "a: \"\\u0041\"\n",
                                      "a: >\n  x\n   y\n",
                                      "~: 1\n",
                                      "a: @b\n",
                                      "",
                                      "x\n",
                                      "[1]\n",
                                      "  a: 1\n"}) {
    EXPECT_FALSE(read_plain_yaml(text).has_value()) << text;
  }
}

TEST(PlainYaml, ReadsTheFilesOfThisRepositoryAsYamlCppDoes) {
  for (const std::string& text : yaml_files()) EXPECT_EQ(difference(text), "") << text;
}

TEST(PlainYaml, HasNoOpinionOfItsOwnAboutBrokenFiles) {
  const std::uint64_t seed = std::random_device()();
  std::mt19937_64 random(seed);
  const std::vector<std::string> files = yaml_files();
  constexpr std::string_view kPieces[] = {" ",  "\n", ":", ": ", "- ", "#",  " #",   "'",  "\"", "{",    "}",   "[",
                                          "]",  ",",  "|", ">-", "?",  "&a", "*a",   "!",  "~",  "null", "---", "...",
                                          "\\", "%",  "@", "`",  "<<", "-",  "\n\n", "  ", "é",  "0",    "a: ", "\t"};
  for (int round = 0; round < 5'000; ++round) {
    std::string text = files[random() % files.size()];
    if (text.empty()) continue;
    // A piece of the file, so that the damage is a good part of it.
    const std::size_t begin = text.rfind('\n', random() % text.size());
    text = text.substr(begin == std::string::npos ? 0 : begin + 1, 20 + random() % 400);
    for (std::size_t n = 1 + random() % 4; n > 0 && !text.empty(); --n) {
      const std::size_t at = random() % text.size();
      if (random() % 3 == 0) {
        text.erase(at, 1 + random() % 4);
      } else {
        text.insert(at, kPieces[random() % std::size(kPieces)]);
      }
    }
    if (text.find('\0') != std::string::npos) continue;
    ASSERT_EQ(difference(text), "") << "seed " << seed << ":\n" << text;
  }
}

}  // namespace
}  // namespace r8r::workflow
