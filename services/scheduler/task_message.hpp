#pragma once
#include "common/bus/messages.hpp"
#include "services/scheduler/active_execution.hpp"

namespace r8r::scheduler {

/// What a worker needs for a dispatch. Outputs too large for a message are named only.
bus::Task make_task(const ActiveExecution& execution, const engine::Dispatch& segment, std::int64_t incarnation);

/// The nodes whose outputs a node of this dispatch looks at.
const std::vector<int>& needs_of(const workflow::Node& node, const engine::Dispatch& dispatch);
/// Whether the task names something that its worker must read from the journal.
bool carries_large_payload(const ActiveExecution& execution, const engine::Dispatch& segment);

/// What a worker said, in the engine's terms; nodes that the workflow does not have are left out.
engine::SegmentResult to_segment_result(bus::TaskResult&& result, const workflow::Workflow& workflow);

}  // namespace r8r::scheduler
