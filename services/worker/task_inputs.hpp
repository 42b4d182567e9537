#pragma once
#include "common/bus/messages.hpp"
#include "services/worker/ports.hpp"

namespace r8r::worker {

/// Whether the task carries everything that it needs.
inline bool is_complete(const bus::Task& task) {
  return !task.input_by_reference && !task.item_by_reference && task.outputs_by_reference.empty();
}

/// Puts in what the task names by reference, read from the database. `source` outlives the call. Errors: invalid_state
/// when the execution is not live any more or its journal lacks an output; else those of the database, which may pass.
awaitable<Result<bus::Task>> complete_task(bus::Task task, PayloadSource& source);

/// Whether waiting may help: the database is away, not the data.
bool is_transient(const Error& error);

}  // namespace r8r::worker
