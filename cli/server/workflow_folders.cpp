#include "cli/server/workflow_folders.hpp"

#include <algorithm>

#include "cli/client/json_argument.hpp"
#include "cli/client/workflow_text.hpp"
#include "cli/testing/test_file.hpp"
#include "common/base/json_text.hpp"

namespace r8r::server {
namespace {

namespace fs = std::filesystem;

// The supervisor looks after its children between two files: no answer is worth more of its time.
constexpr std::chrono::milliseconds kLimit{2'000};

std::vector<fs::path> workflow_files(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string();
    const std::string extension = entry.path().extension().string();
    if (name.starts_with('.') || !entry.is_regular_file(ignored)) continue;
    if (cli::is_test_file(name)) continue;
    if (extension == ".yaml" || extension == ".yml" || extension == ".json") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

bool is_passing(const cli::Failure& failure) {
  return failure.exit == cli::exit_code::kUnreachable || failure.code == "SERVICE_UNAVAILABLE" ||
         failure.code == "QUEUE_FULL" || failure.code == "RATE_LIMITED";
}

}  // namespace

WorkflowFolders::Count WorkflowFolders::refresh() {
  Count count;
  for (const fs::path& folder : folders_) {
    for (const fs::path& file : workflow_files(folder)) {
      std::error_code error;
      const Seen now{fs::last_write_time(file, error), fs::file_size(file, error)};
      if (error) continue;  // gone again
      const auto known = seen_.find(file);
      if (known != seen_.end() && known->second == now) continue;
      switch (load(file)) {
        case Outcome::loaded:
          ++count.loaded;
          break;
        case Outcome::broken:
          ++count.broken;
          break;
        case Outcome::later:
          return count;
      }
      seen_[file] = now;
    }
  }
  return count;
}

WorkflowFolders::Outcome WorkflowFolders::load(const fs::path& file) {
  const auto source = cli::read_file(file.string());
  if (!source) {
    report_(cli::human_text(source.error()));
    return Outcome::broken;
  }
  std::string body = "{\"definition\":";
  append_json_string(body, *source);
  body += '}';
  const auto reply = api_.post("/api/workflows", body, kLimit);
  if (reply) return Outcome::loaded;
  if (is_passing(reply.error())) return Outcome::later;
  report_(cli::describe_problems(*source, file.string(), reply.error().details) +
          fmt::format("{} is skipped: {}", file.string(), reply.error().message));
  return Outcome::broken;
}

}  // namespace r8r::server
