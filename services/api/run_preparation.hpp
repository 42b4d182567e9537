#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "services/api/execution_starter.hpp"
#include "services/api/workflow_directory.hpp"

namespace r8r::api {

/// What stands between a wish to run a workflow by its name and a run that can be started: the workflow exists, its
/// definition loads, it is enabled, the input fits.
class RunPreparation {
 public:
  RunPreparation(WorkflowDirectory& directory, Catalog& catalog) : directory_(directory), catalog_(catalog) {}

  /// `version`: without one the current. `input`: raw JSON that outlives the call. Checks in the order of the errors:
  /// workflow_not_found, invalid_workflow_definition, workflow_disabled, invalid_input.
  awaitable<Result<NewRun>> prepare(std::string name, std::optional<int> version, std::string_view input);

 private:
  awaitable<Result<Catalog::Entry>> version_of(DirectoryEntryPtr entry, int version);

  WorkflowDirectory& directory_;
  Catalog& catalog_;
};

}  // namespace r8r::api
