#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "cli/client/api_client.hpp"

namespace r8r::server {

/// Keeps the workflow files of some folders (*.yaml, *.yml, *.json) loaded: each goes to the api at start and whenever
/// it changes. A broken file is reported and skipped, once for each change.
class WorkflowFolders {
 public:
  /// `report` gets text for a person. The client must outlive this.
  WorkflowFolders(std::vector<std::filesystem::path> folders, cli::ApiClient& api,
                  std::function<void(const std::string&)> report)
      : folders_(std::move(folders)), api_(api), report_(std::move(report)) {}

  struct Count {
    int loaded = 0;
    int broken = 0;
  };
  /// Loads what is new or has changed since the last call. Files that the api could not take just now are tried again
  /// at the next call.
  Count refresh();

 private:
  struct Seen {
    std::filesystem::file_time_type changed;
    std::uintmax_t size = 0;
    bool operator==(const Seen&) const = default;
  };
  enum class Outcome { loaded, broken, later };
  Outcome load(const std::filesystem::path& file);

  std::vector<std::filesystem::path> folders_;
  cli::ApiClient& api_;
  std::function<void(const std::string&)> report_;
  std::map<std::filesystem::path, Seen> seen_;
};

}  // namespace r8r::server
