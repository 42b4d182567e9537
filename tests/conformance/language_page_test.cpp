// Runs the examples of docs/language.md, so that the page cannot say what is not so.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <vector>

#include "cli/offline/compare.hpp"
#include "cli/offline/run.hpp"
#include "common/expr/evaluate.hpp"
#include "common/expr/functions.hpp"
#include "common/expr/json.hpp"
#include "common/expr/template.hpp"

namespace r8r::conformance {
namespace {

using expr::Value;

struct Fence {
  std::string kind;
  int line = 0;
  std::vector<std::string> lines;
};

class LanguagePage : public testing::Test {
 protected:
  LanguagePage() {
    std::ifstream page(R8R_LANGUAGE_PAGE, std::ios::binary);
    EXPECT_TRUE(page.good());
    bool inside = false;
    std::string line;
    for (int number = 1; std::getline(page, line); ++number) {
      text_ += line + '\n';
      if (line.starts_with("```")) {
        inside = !inside;
        if (inside) fences_.push_back({line.substr(3), number, {}});
      } else if (inside) {
        fences_.back().lines.push_back(line);
      }
    }
    EXPECT_FALSE(inside) << "a code block is not closed";
    for (const Fence& fence : fences_) {
      if (fence.kind == "json") input_ = fmt::format("{}", fmt::join(fence.lines, "\n"));
    }
    const Result<Value> input = expr::parse_json(input_);
    EXPECT_TRUE(input) << "the page's input is no JSON";
    scope_.set_input(input ? *input : Value());
  }

  /// Calls `check(code, expected, line)` for each "code // expected" of the blocks of this kind.
  template <class Check>
  int each_example(std::string_view kind, Check check) {
    int count = 0;
    for (const Fence& fence : fences_) {
      if (fence.kind != kind) continue;
      for (std::size_t i = 0; i < fence.lines.size(); ++i) {
        const std::string& line = fence.lines[i];
        if (line.empty()) continue;
        const int number = fence.line + 1 + static_cast<int>(i);
        const std::size_t at = line.rfind(" // ");
        if (at == std::string::npos) {
          ADD_FAILURE() << "docs/language.md:" << number << ": no ' // value' after " << line;
          continue;
        }
        ++count;
        check(line.substr(0, line.find_last_not_of(' ', at) + 1), line.substr(at + 4), number);
      }
    }
    return count;
  }

  void expect(const Result<Value>& got, const std::string& expected, const std::string& code, int line) {
    const std::string where = fmt::format("docs/language.md:{}: {}", line, code);
    constexpr std::string_view kError = "error: ";
    if (expected.starts_with(kError)) {
      ASSERT_FALSE(got) << where << " was to fail and gives " << expr::to_json(*got);
      EXPECT_NE(got.error().message.find(expected.substr(kError.size())), std::string::npos) << where << '\n'
                                                                                             << got.error().message;
      return;
    }
    ASSERT_TRUE(got) << where << '\n' << got.error().message;
    const Result<Value> value = expr::parse_json(expected);
    ASSERT_TRUE(value) << where << ": what is expected is no JSON: " << expected;
    for (const offline::Difference& difference : offline::compare("value", *value, *got, {.exact_numbers = true}))
      ADD_FAILURE() << where << '\n' << offline::to_text(difference, "");
  }

  expr::EvalContext context() { return {.scope = scope_, .now = now_, .seed = 1, .log = &log_}; }

  std::string text_;
  std::vector<Fence> fences_;
  std::string input_ = "null";
  expr::Scope scope_;
  std::string log_;
  Timestamp now_ = *parse_rfc3339("2026-01-20T14:30:00Z");
};

TEST_F(LanguagePage, EachExpressionGivesTheValueBesideIt) {
  const int count = each_example("rhai", [&](const std::string& code, const std::string& expected, int line) {
    const auto program = expr::Program::compile(code, {});
    if (!program) {
      ADD_FAILURE() << "docs/language.md:" << line << ": " << code << '\n' << program.error().message;
      return;
    }
    expr::EvalContext own = context();
    expect(expr::evaluate(*program, own), expected, code, line);
  });
  EXPECT_GT(count, 120);
}

TEST_F(LanguagePage, EachTemplateGivesTheValueBesideIt) {
  const int count = each_example("text", [&](const std::string& code, const std::string& expected, int line) {
    const auto compiled = expr::Template::compile(code, {});
    if (!compiled) {
      ADD_FAILURE() << "docs/language.md:" << line << ": " << code << '\n' << compiled.error().message;
      return;
    }
    expr::EvalContext own = context();
    expect(compiled->evaluate(own), expected, code, line);
  });
  EXPECT_GT(count, 10);
}

// The last line of a node's example is "# output: JSON", "# output: the input", "# waits for a person", or begins with
// "# reaches outside".
TEST_F(LanguagePage, EachNodeExampleGivesItsOutput) {
  int count = 0;
  for (const Fence& fence : fences_) {
    if (fence.kind != "yaml") continue;
    ++count;
    const std::string where = fmt::format("docs/language.md:{}", fence.line);
    const workflow::LoadResult loaded =
        workflow::load(fmt::format("name: page\nnodes:\n  - id: a\n    {}\n", fmt::join(fence.lines, "\n    ")));
    ASSERT_NE(loaded.workflow, nullptr) << where << '\n' << workflow::problems_json(loaded.problems);
    const Result<offline::Report> report = offline::run(loaded.workflow, input_, {.now = now_});
    ASSERT_TRUE(report) << where << '\n' << report.error().message;
    const std::string& last = fence.lines.back();
    if (last.starts_with("# reaches outside")) {
      EXPECT_EQ(report->unmocked.size(), 1u) << where;
      continue;
    }
    if (last == "# waits for a person") {
      EXPECT_EQ(report->status, "waiting") << where;
      continue;
    }
    constexpr std::string_view kOutput = "# output: ";
    ASSERT_TRUE(last.starts_with(kOutput)) << where << ": the last line must be '# output: JSON'";
    ASSERT_EQ(report->status, "completed") << where << '\n' << report->error;
    const std::string output = last.substr(kOutput.size());
    expect(*expr::parse_json(report->output), output == "the input" ? input_ : output, fence.lines.front(), fence.line);
  }
  EXPECT_GE(count, 5);
}

TEST_F(LanguagePage, NamesEveryFunction) {
  const auto is_word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  const auto named = [&](const std::string& name) {
    for (std::size_t at = text_.find(name); at != std::string::npos; at = text_.find(name, at + 1)) {
      const std::size_t end = at + name.size();
      const bool begins = at == 0 || !is_word(text_[at - 1]);
      if (begins && !is_word(text_[end]) && (text_[end] == '(' || text_[end] == '`' || text_[at - 1] == ' '))
        return true;
    }
    return false;
  };
  for (const std::string& name : expr::function_names())
    EXPECT_TRUE(named(name)) << name << " is not in docs/language.md";
}

}  // namespace
}  // namespace r8r::conformance
