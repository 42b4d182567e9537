#include "services/worker/task_inputs.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "common/journal/journal_entry.hpp"

namespace r8r::worker {
namespace {

// The output with which a node ended, from the whole journal; later entries win.
Result<void> add_outputs(bus::Task& task, const std::vector<std::string>& journal) {
  std::vector<std::optional<std::string>> found(task.outputs_by_reference.size());
  for (const std::string& array : journal) {
    Result<std::vector<journal::JournalEntry>> entries = journal::parse_entries(array);
    if (!entries) return fail(std::move(entries.error()));
    for (journal::JournalEntry& entry : *entries) {
      if (task.item_by_reference && entry.kind == journal::EntryKind::expanded &&
          entry.node_id == task.node_ids.front() && static_cast<std::size_t>(task.item_index) < entry.items.size())
        task.item = std::move(entry.items[static_cast<std::size_t>(task.item_index)]);
      // Not those of single items, nor what a node may get later.
      if (!entry.has_output || entry.item_index >= 0) continue;
      for (std::size_t i = 0; i < found.size(); ++i) {
        if (task.outputs_by_reference[i] == entry.node_id) found[i] = std::move(entry.output);
      }
    }
  }
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (!found[i]) {
      return fail(ErrorCode::invalid_state,
                  fmt::format("the journal has no output of node '{}': the execution has ended or begun again",
                              task.outputs_by_reference[i]));
    }
    task.outputs.emplace_back(std::move(task.outputs_by_reference[i]), std::move(*found[i]));
  }
  task.outputs_by_reference.clear();
  if (task.item_by_reference && !task.item)
    return fail(ErrorCode::invalid_state, "the journal has no such item: the execution has ended or begun again");
  task.item_by_reference = false;
  return {};
}

}  // namespace

awaitable<Result<bus::Task>> complete_task(bus::Task task, PayloadSource& source) {
  if (task.input_by_reference) {
    Result<std::optional<std::string>> input = co_await source.input(task.execution_id);
    if (!input) co_return fail(std::move(input.error()));
    if (!input->has_value()) co_return fail(ErrorCode::invalid_state, "the execution is not live any more");
    task.input = std::move(**input);
    task.input_by_reference = false;
  }
  if (!task.outputs_by_reference.empty() || task.item_by_reference) {
    Result<std::vector<std::string>> journal = co_await source.journal(task.execution_id);
    if (!journal) co_return fail(std::move(journal.error()));
    Result<void> added = add_outputs(task, *journal);
    if (!added) co_return fail(std::move(added.error()));
  }
  co_return task;
}

bool is_transient(const Error& error) {
  return error.code == ErrorCode::service_unavailable || error.code == ErrorCode::timeout ||
         error.code == ErrorCode::queue_full || error.code == ErrorCode::cancelled;
}

}  // namespace r8r::worker
