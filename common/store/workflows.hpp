#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "common/base/result.hpp"
#include "common/base/time.hpp"
#include "common/base/uuid.hpp"

namespace r8r::store {

class Pool;

struct WorkflowRow {
  Uuid id;
  std::string name;
  std::string description;
  bool enabled = true;
  int version = 0;
  int node_count = 0;
  int trigger_count = 0;
  Timestamp created_at;
  Timestamp updated_at;
  std::string created_by;
  std::optional<int> retention_days;  ///< 0: for ever; absent: as the server says
};

struct WorkflowWithDefinition {
  WorkflowRow row;
  int definition_version = 0;
  std::string definition;
};

/// It starts when the workflow of this name has ended.
struct DependsOn {
  std::string upstream;
  std::string status;  ///< completed, failed, any
  std::optional<std::chrono::milliseconds> within;

  bool operator==(const DependsOn&) const = default;
};

struct SaveWorkflow {
  std::string name;
  std::string description;
  bool enabled = true;
  int node_count = 0;
  int trigger_count = 0;
  std::string definition;
  std::string created_by;
  std::string changelog;
  std::vector<DependsOn> depends_on;  ///< each upstream once
  std::optional<int> retention_days;  ///< of its executions; 0: for ever; absent: as the server says
  /// Only if the stored version is this one.
  std::optional<int> if_version;
};

enum class SaveOutcome { created, changed, unchanged };

struct SavedWorkflow {
  SaveOutcome outcome;
  WorkflowRow row;
};

class Workflows {
 public:
  explicit Workflows(Pool& pool) : pool_(pool) {}

  /// By name, at most 10,000.
  boost::asio::awaitable<Result<std::vector<WorkflowRow>>> list();
  /// Enabled ones that have triggers; with `ids` only those of them.
  boost::asio::awaitable<Result<std::vector<WorkflowRow>>> list_triggered(std::optional<std::vector<Uuid>> ids = {});
  boost::asio::awaitable<Result<std::optional<WorkflowWithDefinition>>> find(std::string name,
                                                                             std::optional<int> version = {});
  /// Without its text.
  boost::asio::awaitable<Result<std::optional<WorkflowRow>>> current(std::string name);
  /// The text of one version, or nullopt.
  boost::asio::awaitable<Result<std::optional<std::string>>> definition(Uuid workflow_id, int version);
  /// Makes or changes a workflow; the version goes up by one only when the text changed. Two at once: one after the
  /// other. With other dependencies than before, or disabled, it waits for new endings of all its upstreams. Errors:
  /// version_conflict, invalid_workflow_definition (workflows would depend on each other in a cycle, which the message
  /// names).
  boost::asio::awaitable<Result<SavedWorkflow>> save(SaveWorkflow request);

 private:
  Pool& pool_;
};

}  // namespace r8r::store
