#pragma once
#include <string>
#include <string_view>

#include "common/base/uuid.hpp"

/// Every NATS subject of the system, in one place. Payload types are in messages.hpp.
namespace r8r::bus {

// Core NATS.
/// Execution requests for one partition; its owner subscribes. ExecRequest.
inline std::string exec_subject(int partition) {
  return "r8r.exec." + std::to_string(partition);
}
/// Results of pure segments, to the scheduler incarnation that dispatched them. TaskResult.
inline std::string result_subject(std::int64_t incarnation) {
  return "r8r.result." + std::to_string(incarnation);
}
/// Results of effect tasks, to whoever owns the partition now; a request: the owner replies when the result is
/// committed.
inline std::string effect_result_subject(int partition) {
  return "r8r.effect." + std::to_string(partition);
}
/// Worker heartbeats for effect tasks in work, to whoever owns the partition. Progress.
inline std::string progress_subject(int partition) {
  return "r8r.progress." + std::to_string(partition);
}
/// Ends of executions that a client of this api instance waits for. Completion.
inline std::string done_subject(std::string_view api_instance) {
  return "r8r.done." + std::string(api_instance);
}
/// Cancel, pause and resume, to whoever owns the partition; a request: the owner replies when it is committed.
/// ControlRequest → ControlReply.
inline std::string control_subject(int partition) {
  return "r8r.control." + std::to_string(partition);
}
/// News of executions that are in the database already, to whoever owns the partition: look there. ExecutionNotice.
inline std::string notice_subject(int partition) {
  return "r8r.notice." + std::to_string(partition);
}
/// Events for monitors. Workflow names have no dots, so `r8r.events.*` is all of them. Event.
inline std::string events_subject(std::string_view workflow) {
  return "r8r.events." + std::string(workflow);
}
inline constexpr std::string_view kAllEvents = "r8r.events.*";
/// A workflow was created, changed, enabled or disabled. WorkflowChanged.
inline constexpr std::string_view kWorkflowChanged = "r8r.workflow.changed";
/// Events from outside, for one of the api instances: r8r.trigger.<event>. The payload is the JSON object of
/// POST /api/events/publish; a request is answered as there.
inline constexpr std::string_view kTriggerPrefix = "r8r.trigger.";
inline constexpr std::string_view kTriggers = "r8r.trigger.>";
inline constexpr std::string_view kTriggerGroup = "r8r-api";
/// There are executions that begin later, of an event or of a debounced webhook call; the payload is the time of the
/// first, in microseconds since the epoch.
inline constexpr std::string_view kDelayedStarts = "r8r.delayed";
/// Executions ended whose endings start others, and are noted in the database: look there. Empty payload.
inline constexpr std::string_view kUpstreamEnded = "r8r.upstream.ended";
/// Stop what runs of an execution. CancelNotice.
inline constexpr std::string_view kCancel = "r8r.cancel";
/// Partitions were released or a scheduler came or went: look again now. Empty payload.
inline constexpr std::string_view kPartitionsChanged = "r8r.partitions.changed";

/// Who is there? Every worker answers a request with its name. Empty payload.
inline constexpr std::string_view kWorkerPing = "r8r.worker.ping";

// JetStream work queue: memory storage, work-queue retention, explicit acks.
inline constexpr std::string_view kTaskStream = "R8R_TASKS";
inline constexpr std::string_view kTaskSubjects = "r8r.task.>";
/// Tasks of one worker pool. TaskBatch.
inline std::string task_subject(std::string_view pool) {
  return "r8r.task." + std::string(pool);
}
inline std::string task_consumer(std::string_view pool) {
  return "workers_" + std::string(pool);
}

}  // namespace r8r::bus
