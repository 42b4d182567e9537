#pragma once
#include "common/bus/messages.hpp"
#include "services/worker/ports.hpp"

namespace r8r::worker {

/// Whether the task carries everything that it needs.
bool is_complete(const bus::Task& task);
/// About how much reading in what the task names by reference will take.
std::size_t bytes_to_read(const bus::Task& task);

/// Puts in what the task names by reference, read from the database. `source` outlives the call. Errors: invalid_state
/// when the execution is not live any more or something of it is not there; payload_too_large; else those of the
/// database, which may pass.
awaitable<Result<bus::Task>> complete_task(bus::Task task, PayloadStore& source);

/// Whether waiting may help: the database is away, not the data.
bool is_transient(const Error& error);

}  // namespace r8r::worker
