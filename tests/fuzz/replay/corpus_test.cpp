#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "tests/fuzz/targets.hpp"

// The corpus as a regression test: every input that ever broke something, and the seeds, through the same entry
// functions as the fuzzers use.
namespace r8r::fuzz {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> corpus_of(const Target& target) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(fs::path(R8R_SOURCE_DIR) / "tests/fuzz/corpus" / target.name)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string content_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Corpus, EveryInputKeepsThePromises) {
  for (const Target& target : targets()) {
    const std::vector<fs::path> files = corpus_of(target);
    EXPECT_FALSE(files.empty()) << target.name;
    for (const fs::path& path : files) {
      // Also cut short: much of what breaks a reader is an end in the wrong place.
      const std::string text = content_of(path);
      SCOPED_TRACE(path.string());
      target.run(text);
      for (std::size_t length = 0; length < text.size(); length += 1 + text.size() / 50)
        target.run(std::string_view(text).substr(0, length));
    }
  }
}

TEST(Corpus, IsSmall) {
  for (const Target& target : targets()) {
    const std::vector<fs::path> files = corpus_of(target);
    EXPECT_LE(files.size(), 50u) << target.name;
    for (const fs::path& path : files) EXPECT_LE(fs::file_size(path), 1'024u) << path;
  }
}

}  // namespace
}  // namespace r8r::fuzz
