#include "tests/unit/workflow/loading.hpp"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace r8r::workflow {
namespace {

std::string as_lines(const std::vector<Problem>& problems) {
  std::string text;
  for (const Problem& problem : problems) {
    text += fmt::format("{}:{} {}: {}", problem.line, problem.column, problem.path, problem.message);
    if (!problem.hint.empty()) text += fmt::format(" ({})", problem.hint);
    text += '\n';
  }
  return text;
}

}  // namespace

std::string repository_path(std::string_view relative) {
  namespace fs = std::filesystem;
  for (fs::path start : {fs::read_symlink("/proc/self/exe").parent_path(), fs::current_path()}) {
    for (; start.has_relative_path(); start = start.parent_path()) {
      if (fs::exists(start / relative) && fs::exists(start / "CMakePresets.json")) return start / relative;
    }
  }
  ADD_FAILURE() << relative << " is not above the test program or the current directory";
  return std::string(relative);
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string problems_of(std::string_view text) {
  const LoadResult result = load(text);
  EXPECT_EQ(result.workflow == nullptr, !result.problems.empty());
  return as_lines(result.problems);
}

std::string warnings_of(std::string_view text) {
  return as_lines(load(text).warnings);
}

std::string refusals_of(std::string_view text) {
  return as_lines(load_to_run(text).problems);
}

std::shared_ptr<const Workflow> must_load(std::string_view text) {
  LoadResult result = load(text);
  EXPECT_EQ(as_lines(result.problems), "") << text;
  // So that a test which goes on regardless does not crash.
  return result.workflow != nullptr ? result.workflow : std::make_shared<const Workflow>();
}

std::string with_head(std::string_view rest) {
  return fmt::format("name: t\n{}", rest);
}

std::string with_node_lines(std::string_view lines) {
  return fmt::format("name: t\nnodes:\n  - id: a\n    type: transform\n    config: {{expression: '1'}}\n{}", lines);
}

}  // namespace r8r::workflow
