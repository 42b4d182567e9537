#include "tests/simulation/cluster/effects.hpp"

#include <fmt/format.h>

namespace r8r::sim {

Result<std::string> Effects::answer(std::string_view url, int attempt) {
  if (url.starts_with("https://bad") || (url.starts_with("https://once") && attempt == 1))
    return fail(ErrorCode::node_execution_failed, "no");
  return fmt::format("\"{}\"", url);
}

void Effects::call(const bus::Task& task, std::string key) {
  ++calls_;
  const std::string attempt =
      fmt::format("{} run {} {} item {} for '{}' attempt {}", task.execution_id.to_string(), task.run,
                  task.node_ids.front(), task.item_count > 0 ? task.item_index : -1, task.in_place_of, task.attempt);
  const bool keeps_record = database_.workflow(task.workflow_id).settings.enable_checkpoints;
  if (keeps_record && !database_.started(task.execution_id, task.dispatch_id))
    broken_.push_back(fmt::format("{} ran before its record (dispatch {}, at {} us)", attempt, task.dispatch_id,
                                  events_.now().count()));
  const auto [owner, unused] = attempts_.emplace(key, attempt);
  if (!unused && owner->second != attempt)
    broken_.push_back(fmt::format("{} and {} have the same key {}", owner->second, attempt, key));
  const auto [known, first] = keys_.emplace(attempt, key);
  if (first) return;
  ++repeated_;
  if (known->second != key)
    broken_.push_back(fmt::format("{} was called with key {}, then with key {}", attempt, known->second, key));
}

}  // namespace r8r::sim
