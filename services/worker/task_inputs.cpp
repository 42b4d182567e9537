#include "services/worker/task_inputs.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "common/base/payload.hpp"
#include "common/journal/journal_entry.hpp"
#include "common/store/sqlstate.hpp"

namespace r8r::worker {
namespace {

// Of one task.
constexpr std::size_t kMaxBytesToRead = 256u << 20;

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

// Every payload of the task that may be a reference.
template <class Task, class Visit>
void for_each_payload(Task& task, Visit visit) {
  if (task.input) visit(*task.input);
  for (auto& [id, output] : task.outputs) visit(output);
  if (task.item) visit(*task.item);
  if (task.given_input) visit(*task.given_input);
}

bool has_references(const bus::Task& task) {
  bool any = false;
  for_each_payload(task, [&any](const std::string& payload) { any = any || payload::is_reference(payload); });
  return any;
}

awaitable<Result<void>> put_in_whole(bus::Task& task, PayloadStore& source) {
  if (const std::size_t bytes = bytes_to_read(task); bytes > kMaxBytesToRead) {
    co_return fail(ErrorCode::payload_too_large,
                   fmt::format("the outputs that {} read{} have {} bytes together, over the limit of {}",
                               fmt::join(task.node_ids, ", "), task.node_ids.size() == 1 ? "s" : "", bytes,
                               payload::size_text(kMaxBytesToRead)));
  }
  std::vector<std::string> references;
  for_each_payload(task, [&references](const std::string& payload) {
    if (payload::is_reference(payload)) references.push_back(payload);
  });
  Result<std::vector<std::string>> whole = co_await source.whole(task.execution_id, std::move(references));
  if (!whole) co_return fail(std::move(whole.error()));
  auto next = whole->begin();
  for_each_payload(task, [&next](std::string& payload) {
    if (payload::is_reference(payload)) payload = std::move(*next++);
  });
  co_return Result<void>();
}

}  // namespace

bool is_complete(const bus::Task& task) {
  return !task.input_by_reference && !task.item_by_reference && task.outputs_by_reference.empty() &&
         !has_references(task);
}

std::size_t bytes_to_read(const bus::Task& task) {
  // What lies in the row or the journal was small enough for a message.
  std::size_t bytes = bus::kInlinePayloadLimit * (task.outputs_by_reference.size() + (task.input_by_reference ? 1 : 0) +
                                                  (task.item_by_reference ? 1 : 0));
  for_each_payload(task, [&bytes](const std::string& payload) {
    if (payload::is_reference(payload)) bytes += payload::bytes(payload);
  });
  return bytes;
}

awaitable<Result<bus::Task>> complete_task(bus::Task task, PayloadStore& source) {
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
  if (has_references(task)) {
    Result<void> put_in = co_await put_in_whole(task, source);
    if (!put_in) co_return fail(std::move(put_in.error()));
  }
  co_return task;
}

bool is_transient(const Error& error) {
  return error.code == ErrorCode::service_unavailable || error.code == ErrorCode::timeout ||
         error.code == ErrorCode::queue_full || error.code == ErrorCode::cancelled ||
         store::kind_of(error) == store::FailureKind::crowded;
}

}  // namespace r8r::worker
