#include "services/scheduler/start_notice.hpp"

#include "common/bus/messages.hpp"
#include "common/bus/subjects.hpp"

namespace r8r::scheduler {

void tell_owner(bus::Connection& bus, const store::EventExecution& execution, Timestamp accepted_at) {
  bus::ExecRequest request;
  request.execution_id = execution.id;
  request.partition = execution.partition;
  request.workflow_id = execution.workflow_id;
  request.workflow_version = execution.workflow_version;
  request.workflow_name = execution.workflow_name;
  request.trigger_type = execution.trigger_type;
  request.correlation_id = execution.correlation_id;
  request.webhook = execution.webhook;
  if (execution.input.size() <= bus::kInlinePayloadLimit) request.input = execution.input;
  request.event = execution.event;
  request.accepted_at = accepted_at;
  request.limited = execution.limit_key.has_value();
  request.limit_key = execution.limit_key.value_or("");
  bus.publish(bus::exec_subject(execution.partition), bus::encode(request));
}

}  // namespace r8r::scheduler
