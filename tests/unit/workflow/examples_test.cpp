#include <filesystem>

#include <gtest/gtest.h>

#include "tests/unit/workflow/loading.hpp"

namespace r8r::workflow {
namespace {

TEST(Examples, EachLoadsUnderTheNameOfItsFileAndSaysHowToRunIt) {
  namespace fs = std::filesystem;
  int files = 0;
  for (const std::string folder : {"examples", "bench/workflows"}) {
    for (const auto& entry : fs::directory_iterator(repository_path(folder))) {
      if (entry.path().extension() != ".yaml" || entry.path().stem().extension() == ".test") continue;
      ++files;
      const std::string text = read_file(entry.path());
      const LoadResult result = load(text);
      ASSERT_NE(result.workflow, nullptr) << entry.path() << '\n' << problems_json(result.problems);
      EXPECT_TRUE(result.warnings.empty()) << entry.path() << '\n' << problems_json(result.warnings);
      EXPECT_EQ(result.workflow->name, entry.path().stem());
      EXPECT_EQ(text.front(), '#') << entry.path() << " begins with a comment";
      if (folder == "examples") {
        EXPECT_NE(text.find("r8r workflows create examples/" + entry.path().filename().string()), std::string::npos)
            << entry.path();
      }
    }
  }
  EXPECT_GE(files, 5);
}

TEST(Examples, Chain5IsOnePureChain) {
  const auto workflow = must_load(read_file(repository_path("bench/workflows/chain5.yaml")));
  EXPECT_TRUE(workflow->pure);
  ASSERT_EQ(workflow->nodes.size(), 5u);
  EXPECT_EQ(workflow->nodes[4].level, 4);
}

}  // namespace
}  // namespace r8r::workflow
