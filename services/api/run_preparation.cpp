#include "services/api/run_preparation.hpp"

#include <fmt/format.h>

#include "common/workflow/check_input.hpp"

namespace r8r::api {

awaitable<Result<NewRun>> RunPreparation::prepare(std::string name, std::optional<int> version_wanted,
                                                  std::string_view text) {
  DirectoryEntryPtr entry = directory_.find_now(name);
  if (!entry) {
    Result<DirectoryEntryPtr> found = co_await directory_.find(name);
    if (!found) co_return fail(std::move(found.error()));
    entry = std::move(*found);
  }
  Catalog::Entry workflow = entry->workflow;
  int version = entry->row.version;
  if (version_wanted && *version_wanted != version) {
    Result<Catalog::Entry> other = co_await version_of(entry, *version_wanted);
    if (!other) co_return fail(std::move(other.error()));
    workflow = std::move(*other);
    version = *version_wanted;
  } else if (entry->problem) {
    co_return fail(*entry->problem);
  }
  if (!entry->row.enabled) {
    co_return fail(ErrorCode::workflow_disabled, fmt::format("Workflow '{}' is disabled", name));
  }
  Result<std::string> input = workflow::check_input(*workflow, text);
  if (!input) co_return fail(std::move(input.error()));

  NewRun run;
  run.workflow_id = entry->row.id;
  run.workflow_version = version;
  run.workflow_name = name;
  run.workflow = workflow;
  run.input = std::move(*input);
  co_return run;
}

awaitable<Result<Catalog::Entry>> RunPreparation::version_of(DirectoryEntryPtr entry, int version) {
  Result<Catalog::Entry> found = co_await catalog_.get({entry->row.id, version});
  if (!found && found.error().code == ErrorCode::workflow_not_found) {
    co_return fail(ErrorCode::workflow_not_found,
                   fmt::format("Workflow '{}' has no version {}", entry->row.name, version));
  }
  co_return found;
}

}  // namespace r8r::api
