// Executions that executions start. Their rows are written by the commit that they follow from; the notice afterwards
// is only a doorbell.
#include <fmt/format.h>

#include "common/base/json_text.hpp"
#include "common/bus/subjects.hpp"
#include "common/workflow/start_limit.hpp"
#include "services/scheduler/execution_host.hpp"

namespace r8r::scheduler {
namespace {

constexpr std::string_view kErrorHandler = "error_handler";

// What the error workflow gets, up to the input of the execution that failed, which the database puts in.
std::string failure_json(const ActiveExecution& execution, const engine::End& how) {
  const std::string& id = execution.subject.execution_id;
  std::string node = "null";
  if (how.error_node >= 0) {
    node.clear();
    append_json_string(node, execution.machine.workflow().nodes[static_cast<std::size_t>(how.error_node)].id);
  }
  std::string workflow;
  append_json_string(workflow, execution.subject.workflow_name);
  std::string message;
  append_json_string(message, how.error);
  std::string code;
  append_json_string(code, how.error_code.empty() ? std::string_view("EXECUTION_FAILED") : how.error_code);
  return fmt::format(
      R"({{"execution_id":"{0}","workflow_name":{1},"node_id":{2},"error":{{"message":{3},"code":{4},"node_id":{2},"execution_id":"{0}","workflow_name":{1}}})",
      id, workflow, node, message, code);
}

}  // namespace

// An error workflow that fails starts no other, so that a broken one does not run for ever.
void ExecutionHost::start_error_workflow(const ActiveExecution& execution, const engine::End& how, Timestamp at,
                                         store::ExecutionProgress& progress) const {
  const std::string& name = execution.machine.workflow().settings.error_workflow;
  if (name.empty() || how.status != "failed" || execution.trigger_type == kErrorHandler) return;
  store::NewChild child{.workflow_name = name, .trigger_type = std::string(kErrorHandler), .accepted_at = at};
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch());
  child.id = Uuid::derived(ms, fmt::format("{} {} {}", execution.subject.execution_id, execution.run, kErrorHandler));
  child.partition = partition_of(child.id, partition_count_);
  child.input = failure_json(execution, how);
  child.has_parents_input = true;
  progress.children.push_back(std::move(child));
}

// Whom to tell after the commit: the owners of what begins with it, and of an execution that waits for this one.
std::vector<bus::ExecutionNotice> ExecutionHost::news_of(const ActiveExecution& execution,
                                                         const store::ExecutionProgress& progress) {
  std::vector<bus::ExecutionNotice> news;
  for (const store::NewChild& child : progress.children)
    news.push_back({.execution_id = child.id, .partition = child.partition});
  if (progress.ending && execution.parent_execution_id && execution.parent_partition)
    news.push_back({.execution_id = *execution.parent_execution_id, .partition = *execution.parent_partition});
  return news;
}

void ExecutionHost::send_news(const std::vector<bus::ExecutionNotice>& news) {
  for (const bus::ExecutionNotice& notice : news) notices_.send(bus::notice_subject(notice.partition), notice);
}

// What a decision starts and lets go, in the words of the store.
void ExecutionHost::add_children(ActiveExecution& execution, engine::Decision& decision,
                                 store::ExecutionProgress& progress) const {
  for (engine::ChildStart& start : decision.children) {
    store::NewChild child{.id = start.id,
                          .partition = partition_of(start.id, partition_count_),
                          .workflow_name = std::move(start.call.workflow),
                          .workflow_id = start.call.workflow_id,
                          .workflow_version = start.call.version,
                          .trigger_type = "subworkflow",
                          .input = std::move(start.call.input),
                          .awaited = start.call.awaited,
                          .accepted_at = clock().wall_now()};
    if (start.call.limited) {
      child.partition = workflow::limited_partition(start.call.workflow_id, start.call.limit_group, partition_count_);
      child.limit_key = std::move(start.call.limit_key);
    }
    execution.has_children = execution.has_children || child.awaited;
    progress.children.push_back(std::move(child));
  }
  decision.children.clear();
  progress.children_let_go = std::move(decision.let_go);
  decision.let_go.clear();
}

// The deadline is a timer row while the execution waits for others or is parked: it may not be in memory then.
void ExecutionHost::keep_deadline(ActiveExecution& execution, store::ExecutionProgress& progress) {
  const engine::Execution& machine = execution.machine;
  std::optional<Timestamp> wanted;
  if (!machine.stands_still() && (machine.awaits_children() || execution.recorded_as_parked))
    wanted = machine.deadline();
  if (wanted == execution.deadline_timer) return;
  execution.deadline_timer = wanted;
  if (wanted) execution.has_timers = true;
  // Node ids hold no '#'.
  progress.timers.push_back({"#deadline", wanted});
}

void ExecutionHost::on_notice(const bus::ExecutionNotice& notice) {
  const auto partition = partitions_.find(notice.partition);
  // While it is being taken everything is read anyway; so is it by the sweep, over capacity.
  if (fenced_ || partition == partitions_.end() || partition->second.taking) return;
  if (ActiveExecution* execution = find(notice.execution_id)) {
    if (execution->reply_to.empty()) execution->reply_to = notice.reply_to;
    look_at_family(*execution);
  } else if (has_capacity()) {
    tasks_.spawn("look at an execution", look(notice.execution_id, notice.reply_to));
  }
}

awaitable<void> ExecutionHost::look(Uuid id, std::string reply_to) {
  const auto read_since = clock().steady_now();
  std::vector<Uuid> ids(1, id);
  Result<std::vector<store::LiveExecution>> live = co_await ports_.executions.load_live(std::move(ids));
  if (live && !live->empty()) co_await adopt(std::move(live->front()), read_since);
  ActiveExecution* execution = find(id);
  if (execution != nullptr && execution->reply_to.empty()) execution->reply_to = std::move(reply_to);
}

// Its children may have ended, and whoever waits for it may not do so any more.
void ExecutionHost::look_at_family(const ActiveExecution& execution) {
  if (execution.machine.awaits_children())
    tasks_.spawn("ends of children", take_ends(execution.id, execution.machine.awaited_children()));
  if (execution.parent_partition) tasks_.spawn("look for the parent", end_if_abandoned(execution.id));
}

awaitable<void> ExecutionHost::take_ends(Uuid id, std::vector<Uuid> children) {
  Result<std::vector<store::ChildEnding>> ended = co_await ports_.children.ended(std::move(children));
  if (!ended) co_return;  // found again by the next look
  for (store::ChildEnding& child : *ended) {
    ActiveExecution* execution = find(id);
    if (fenced_ || execution == nullptr || execution->machine.ended()) co_return;
    engine::Decision decision = execution->machine.on_child_ended(
        child.id, {.status = child.status, .output = child.output.value_or("null"), .error = child.error.value_or("")},
        clock().wall_now());
    if (!decision.superseded) carry_out(*execution, std::move(decision));
  }
}

awaitable<void> ExecutionHost::end_if_abandoned(Uuid id) {
  std::vector<Uuid> ids(1, id);
  Result<std::vector<Uuid>> abandoned = co_await ports_.children.abandoned(std::move(ids));
  ActiveExecution* execution = find(id);
  if (fenced_ || execution == nullptr) co_return;
  if (!abandoned || abandoned->empty()) {
    maybe_park(id);
    co_return;
  }
  cancel_unwanted(*execution);
}

void ExecutionHost::cancel_unwanted(ActiveExecution& child) {
  Result<engine::Decision> decision =
      child.machine.cancel("the execution that started it does not wait for it any more", clock().wall_now());
  if (decision) carry_out(child, std::move(*decision));
}

awaitable<void> ExecutionHost::tell_abandoned(std::vector<Uuid> children) {
  Result<std::vector<std::pair<Uuid, int>>> living = co_await ports_.children.living(std::move(children));
  if (!living) co_return;  // their owners find out by themselves
  std::vector<bus::ExecutionNotice> news;
  for (const auto& [child, partition] : *living) news.push_back({.execution_id = child, .partition = partition});
  send_news(news);
}

}  // namespace r8r::scheduler
