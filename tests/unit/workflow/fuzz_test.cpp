#include <random>

#include <gtest/gtest.h>

#include "common/workflow/format_problem.hpp"
#include "tests/unit/workflow/loading.hpp"

namespace r8r::workflow {
namespace {

// Cuts, repeats, swaps and replaces parts of a text.
std::string mutate(std::string text, const std::vector<std::string>& texts, std::mt19937_64& random) {
  static const std::vector<std::string> kPieces = {
      "\n",    ":",     ": ",   "- ", "[",      "]",  "{",  "}",  "{{", "}}",    "'",    "\"",
      "|",     ">",     "&a ",  "*a", "!!str ", "#",  "  ", "\t", "~",  "---\n", "...",  "null",
      "true",  "1e999", "0x",   "-",  "?",      "? ", "%",  "@",  "`",  "\\u12", "\xc3", "\xf0\x9f\x98\x80",
      "nodes", "input", "\r\n", ","};
  const auto pick = [&](std::size_t bound) {
    return static_cast<std::size_t>(random() % std::max<std::size_t>(bound, 1));
  };
  for (std::size_t changes = 1 + pick(6); changes > 0 && !text.empty(); --changes) {
    const std::size_t at = pick(text.size());
    const std::size_t length = std::min(text.size() - at, 1 + pick(20));
    switch (pick(6)) {
      case 0:
        text.erase(at, length);
        break;
      case 1:
        text.insert(at, kPieces[pick(kPieces.size())]);
        break;
      case 2:
        text.insert(pick(text.size()), text.substr(at, length));
        break;
      case 3:
        text[at] = static_cast<char>(random());
        break;
      case 4:
        text.replace(at, length, kPieces[pick(kPieces.size())]);
        break;
      default: {
        const std::string& other = texts[pick(texts.size())];
        text.insert(at, other.substr(pick(other.size()), 1 + pick(80)));
      }
    }
  }
  return text;
}

// Whatever the text, loading ends with a workflow or with problems that can be shown.
void check(const std::string& text) {
  const LoadResult result = load(text);
  ASSERT_EQ(result.workflow == nullptr, !result.problems.empty());
  for (const Problem& problem : result.problems) {
    ASSERT_FALSE(problem.message.empty());
    ASSERT_GE(problem.line, 0);
    ASSERT_FALSE(format_problem(text, "f", problem).empty());
  }
}

TEST(LoadFuzz, MutatedWorkflowsNeverCrash) {
  std::vector<std::string> texts;
  for (const std::string name :
       {"examples/hello.yaml", "examples/diamond.yaml", "examples/fetch.yaml", "examples/webhook-echo.yaml"}) {
    texts.push_back(read_file(repository_path(name)));
  }
  texts.push_back(
      R"({"name": "j", "nodes": [{"id": "a", "type": "set", "config": {"values": {"x": "{{ input }} \ud83d\ude00"}}}]})");
  texts.push_back(
      "name: a\nvariables: &v {x: [1, 2]}\nnodes:\n  - {id: a, type: wait, config: {seconds: 1}, pinned_data: *v}\n");
  const std::uint64_t seed = 20'260'120;
  std::mt19937_64 random(seed);
  for (int i = 0; i < 20'000; ++i) {
    const std::string text = mutate(texts[random() % texts.size()], texts, random);
    SCOPED_TRACE(fmt::format("seed {}, round {}", seed, i));
    check(text);
    if (HasFatalFailure()) FAIL() << text;
  }
}

TEST(LoadFuzz, EveryPrefixOfAWorkflowIsHandled) {
  const std::string text = read_file(repository_path("examples/fetch.yaml"));
  for (std::size_t length = 0; length <= text.size(); ++length) check(text.substr(0, length));
}

}  // namespace
}  // namespace r8r::workflow
