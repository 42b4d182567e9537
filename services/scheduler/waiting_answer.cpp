#include "services/scheduler/waiting_answer.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "common/base/json_text.hpp"

namespace r8r::scheduler {
namespace {

using engine::Wait;
using engine::WaitKind;

/// Longer lists say only how long they are.
constexpr std::size_t kMostListed = 100;
/// Workers say within a few seconds that they have an effect, and end what is pure.
constexpr auto kFirstWord = std::chrono::seconds(10);

/// A wait as people see it.
struct Told {
  std::string_view kind;
  std::string worker;
  std::string detail;
};

const workflow::Node& node_at(const ActiveExecution& execution, int index) {
  return execution.machine.workflow().nodes[static_cast<std::size_t>(index)];
}

std::string name_of(const ActiveExecution& execution, engine::Unit unit) {
  const std::string node = fmt::format("node '{}'", node_at(execution, unit.node).id);
  return unit.item < 0 ? node : fmt::format("item {} of {}", unit.item, node);
}

std::string attempt_of(const workflow::Node& node, int attempt) {
  if (node.retry.max_attempts > 1) return fmt::format(" (attempt {} of {})", attempt, node.retry.max_attempts);
  return attempt > 1 ? fmt::format(" (attempt {})", attempt) : std::string();
}

using KnownEmpty = std::function<bool(const std::string& pool)>;

Told tell_task(const ActiveExecution& execution, const Wait& wait, SteadyClock::time_point now,
               const KnownEmpty& known_empty) {
  const workflow::Node& node = node_at(execution, wait.unit.node);
  std::string what = name_of(execution, wait.unit);
  const engine::Dispatch* dispatch = execution.machine.find_dispatch(wait.dispatch_id);
  if (dispatch != nullptr && dispatch->nodes.size() > 1) {
    what = "nodes";
    for (const int index : dispatch->nodes)
      what += fmt::format("{} '{}'", what.back() == 's' ? "" : ",", node_at(execution, index).id);
  }
  what += attempt_of(node, wait.attempt);
  const auto watch = execution.watches.find(wait.dispatch_id);
  if (watch == execution.watches.end())
    return {"task", "", fmt::format("{} is sent out when what it follows from is recorded", what)};
  if (!watch->second.worker.empty())
    return {"task", watch->second.worker, fmt::format("{} runs on worker {}", what, watch->second.worker)};
  if (now - watch->second.sent > kFirstWord && !known_empty(node.pool))
    return {"queue", "", fmt::format("{} is in the queue of pool '{}': no worker has taken it yet", what, node.pool)};
  return {"task", "", fmt::format("{} is with the workers of pool '{}'", what, node.pool)};
}

Told tell(const ActiveExecution& execution, const Wait& wait, SteadyClock::time_point now,
          const KnownEmpty& known_empty) {
  switch (wait.kind) {
    case WaitKind::task:
      return tell_task(execution, wait, now, known_empty);
    case WaitKind::retry:
      return {"retry", "",
              fmt::format("{}{} failed and is tried again: {}", name_of(execution, wait.unit),
                          attempt_of(node_at(execution, wait.unit.node), wait.attempt), wait.why)};
    case WaitKind::timer:
      return {"timer", "", name_of(execution, wait.unit) + " waits until its time has come"};
    case WaitKind::concurrency:
      return {"concurrency", "",
              fmt::format("{} is ready and waits for a free place: settings.max_concurrency is {}",
                          name_of(execution, wait.unit), execution.machine.workflow().settings.max_concurrency)};
    case WaitKind::approval:
      return {"approval", "", name_of(execution, wait.unit) + " asks people: somebody has to approve or reject"};
    case WaitKind::child:
      return {"child", "",
              fmt::format("{} waits for the end of execution {}", name_of(execution, wait.unit), wait.why)};
    case WaitKind::paused:
      break;
  }
  return {"paused", "",
          wait.why.empty() ? std::string("it is paused until somebody resumes or cancels it")
                           : fmt::format("it is paused until somebody resumes or cancels it: {}", wait.why)};
}

void append_time(std::string& out, std::string_view key, std::optional<Timestamp> time) {
  out += fmt::format(",\"{}\":", key);
  out += time ? '"' + to_rfc3339(*time) + '"' : std::string("null");
}

void append_text(std::string& out, std::string_view key, std::string_view text) {
  out += fmt::format(",\"{}\":", key);
  append_json_string(out, text);
}

void append_wait(std::string& out, const Told& told, const std::string& node, int item, Timestamp since,
                 std::optional<Timestamp> until) {
  if (out.back() != '[') out += ',';
  out += fmt::format("{{\"kind\":\"{}\"", told.kind);
  if (node.empty()) {
    out += ",\"node_id\":null";
  } else {
    append_text(out, "node_id", node);
  }
  out += fmt::format(",\"item_index\":{}", item < 0 ? std::string("null") : std::to_string(item));
  append_time(out, "since", since == Timestamp{} ? std::nullopt : std::optional<Timestamp>(since));
  append_time(out, "until", until);
  if (told.worker.empty()) {
    out += ",\"worker\":null";
  } else {
    append_text(out, "worker", told.worker);
  }
  append_text(out, "detail", told.detail);
  out += '}';
}

std::string answer_of(Timestamp last_progress, std::int64_t incarnation, std::string_view detail,
                      std::string_view waits, std::size_t count) {
  std::string out =
      fmt::format("{{\"last_progress_at\":\"{}\",\"owner\":\"scheduler {}\"", to_rfc3339(last_progress), incarnation);
  append_text(out, "detail", detail);
  out += ",\"waiting_for\":";
  out += waits;
  out += fmt::format(",\"waiting_for_count\":{}}}", count);
  return out;
}

}  // namespace

std::string waiting_answer(const ActiveExecution& execution, std::int64_t incarnation, SteadyClock::time_point now,
                           const KnownEmpty& known_empty) {
  const std::vector<Wait> waits = execution.machine.waits();
  const bool commits = execution.commits_pending > (execution.being_parked ? 1 : 0);
  const std::size_t count = waits.size() + (commits ? 1 : 0);
  std::string list = "[";
  std::string first;
  if (commits) {
    const Told told{"commit", "", "its progress is being written to the database"};
    append_wait(list, told, "", -1, {}, std::nullopt);
    first = told.detail;
  }
  for (std::size_t i = 0; i < std::min(waits.size(), kMostListed); ++i) {
    const Wait& wait = waits[i];
    const Told told = tell(execution, wait, now, known_empty);
    const std::string node = wait.unit.node < 0 ? std::string() : node_at(execution, wait.unit.node).id;
    append_wait(list, told, node, wait.unit.item, wait.since, wait.until);
    if (i == 0) first = told.detail;
  }
  list += ']';
  if (waits.size() > 1) first += fmt::format("; and {} more", waits.size() - 1);
  if (first.empty()) first = "nothing moves it on: this is a fault of the scheduler, please report it";
  return answer_of(execution.machine.last_progress(), incarnation, first, list, count);
}

std::string limited_answer(const store::LiveExecution& live, const workflow::Settings& settings, std::size_t running,
                           std::int64_t incarnation) {
  const int most = settings.max_concurrent_executions.value_or(0);
  Told told;
  if (most > 0 && (running >= static_cast<std::size_t>(most) || !settings.rate_limit)) {
    told = {"concurrency", "",
            fmt::format("{} of its workflow have begun and not ended, also those that are paused or wait; "
                        "settings.max_concurrent_executions is {}, and it begins when its turn comes",
                        running, most)};
  } else if (settings.rate_limit) {
    told = {"rate_limit", "",
            fmt::format(
                "settings.rate_limit lets {} of its workflow{} begin in {:g} seconds; it begins when its turn comes",
                settings.rate_limit->limit, live.limit_key->empty() ? "" : " with the same key",
                std::chrono::duration<double>(settings.rate_limit->per).count())};
  } else {
    told = {"concurrency", "", "it begins when its turn comes"};
  }
  std::string list = "[";
  append_wait(list, told, "", -1, live.row.accepted_at, std::nullopt);
  list += ']';
  return answer_of(live.row.accepted_at, incarnation, told.detail, list, 1);
}

std::string full_scheduler_answer(const store::LiveExecution& live, std::int64_t incarnation, std::size_t active) {
  const Told told{
      "queue", "",
      fmt::format("its scheduler has {} executions in memory and takes this one when others have ended", active)};
  std::string list = "[";
  append_wait(list, told, "", -1, live.row.accepted_at, std::nullopt);
  list += ']';
  return answer_of(live.row.started_at.value_or(live.row.accepted_at), incarnation, told.detail, list, 1);
}

}  // namespace r8r::scheduler
