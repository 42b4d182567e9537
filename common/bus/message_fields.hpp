#pragma once
// Private to common/bus: which fields each message has, once for writing and reading. A visitor is called as
// visit("name", member), visit.raw("name", member) for embedded JSON, or visit.sparse("name", member) for what is
// seldom there and left out then.
#include "common/bus/messages.hpp"

namespace r8r::bus {

/// A raw field that holds a reference has this behind its name.
inline constexpr std::string_view kReferenceSuffix = "_at";

template <class V>
void visit_fields(V& visit, ExecRequest& m) {
  visit("id", m.execution_id);
  visit("partition", m.partition);
  visit("workflow", m.workflow_id);
  visit("version", m.workflow_version);
  visit("name", m.workflow_name);
  visit("trigger", m.trigger_type);
  visit("correlation", m.correlation_id);
  visit("reply", m.reply_to);
  visit("accepted", m.accepted_at);
  visit.sparse("limited", m.limited);
  visit.sparse("limit_key", m.limit_key);
  visit.raw("webhook", m.webhook);
  visit.raw("event", m.event);
  visit.raw("input", m.input);
}

template <class V>
void visit_fields(V& visit, Task& m) {
  visit("id", m.execution_id);
  visit("run", m.run);
  visit("partition", m.partition);
  visit("epoch", m.epoch);
  visit("dispatch", m.dispatch_id);
  visit("workflow", m.workflow_id);
  visit("version", m.workflow_version);
  visit("name", m.workflow_name);
  visit("correlation", m.correlation_id);
  visit("nodes", m.node_ids);
  visit("attempt", m.attempt);
  visit("effect", m.effect);
  visit("input_ref", m.input_by_reference);
  visit("output_refs", m.outputs_by_reference);
  visit("started", m.started_at);
  visit("now", m.now);
  visit("seed", m.seed);
  visit.sparse("routed_away", m.routed_away);
  visit.raw("webhook", m.webhook);
  visit.raw("event", m.event);
  visit.raw("input", m.input);
  visit.raw("outputs", m.outputs);
  visit.sparse("depth", m.depth);
  visit.sparse("failure", m.failure);
  visit.sparse("item_count", m.item_count);
  visit.sparse("item_index", m.item_index);
  visit.sparse("item_ref", m.item_by_reference);
  visit.sparse("at_most_once", m.at_most_once);
  visit.raw("item", m.item);
  visit.raw("given_input", m.given_input);
  visit.sparse("in_place_of", m.in_place_of);
}

template <class V>
void visit_fields(V& visit, ItemError& m) {
  visit("index", m.index);
  visit("error", m.error);
  visit("error_code", m.error_code);
  visit("recovered", m.recovered);
}

template <class V>
void visit_fields(V& visit, NodeResult& m) {
  visit("node", m.node_id);
  visit("outcome", m.outcome);
  visit("error", m.error);
  visit("error_code", m.error_code);
  visit("permanent", m.permanent);
  visit("retry_after_ms", m.retry_after_ms);
  visit("wait_ms", m.wait_ms);
  visit("logs", m.logs);
  visit.sparse("routed_away", m.routed_away);
  visit("started", m.started_at);
  visit("finished", m.finished_at);
  visit.raw("output", m.output);
  visit.raw("recovery", m.recovery);
  visit.sparse("item_count", m.item_count);
  visit.sparse("item_errors", m.item_errors);
  visit.raw("fallback_input", m.fallback_input);
  visit.raw("items", m.items);
  visit.raw("items_at", m.items_at);
  visit.sparse("child_workflow_id", m.child_workflow_id);
  visit.sparse("child_version", m.child_version);
  visit.sparse("child_workflow", m.child_workflow);
  visit.raw("child_input", m.child_input);
  visit.sparse("child_awaited", m.child_awaited);
  visit.sparse("child_timeout_ms", m.child_timeout_ms);
  visit.sparse("child_limited", m.child_limited);
  visit.sparse("child_limit_key", m.child_limit_key);
  visit.sparse("child_limit_group", m.child_limit_group);
  visit.sparse("approval_title", m.approval_title);
  visit.sparse("approval_description", m.approval_description);
  visit.sparse("approval_assignee", m.approval_assignee);
  visit.sparse("approval_groups", m.approval_groups);
  visit.sparse("approval_default", m.approval_default);
  visit.sparse("approval_timeout_ms", m.approval_timeout_ms);
  visit.raw("approval_input", m.approval_input);
}

template <class V>
void visit_fields(V& visit, TaskResult& m) {
  visit("id", m.execution_id);
  visit("partition", m.partition);
  visit("epoch", m.epoch);
  visit("dispatch", m.dispatch_id);
  visit("attempt", m.attempt);
  visit("worker", m.worker);
  visit("error", m.error);
  visit("nodes", m.nodes);
}

template <class V>
void visit_fields(V& visit, Progress& m) {
  visit("id", m.execution_id);
  visit("dispatch", m.dispatch_id);
  visit("attempt", m.attempt);
  visit("worker", m.worker);
}

template <class V>
void visit_fields(V& visit, Completion& m) {
  visit("id", m.execution_id);
  visit("status", m.status);
  visit("error", m.error);
  visit("duration_ms", m.duration_ms);
  visit.raw("output", m.output);
}

template <class V>
void visit_fields(V& visit, Event& m) {
  visit("id", m.execution_id);
  visit("type", m.type);
  visit.raw("body", m.body);
}

template <class V>
void visit_fields(V& visit, WorkflowChanged& m) {
  visit("id", m.workflow_id);
  visit("name", m.name);
  visit("version", m.version);
  visit("enabled", m.enabled);
}

template <class V>
void visit_fields(V& visit, CancelNotice& m) {
  visit("id", m.execution_id);
  visit.sparse("dispatch", m.dispatch_id);
}

template <class V>
void visit_fields(V& visit, ExecutionNotice& m) {
  visit("id", m.execution_id);
  visit("partition", m.partition);
  visit.sparse("reply", m.reply_to);
}

template <class V>
void visit_fields(V& visit, ControlRequest& m) {
  visit("id", m.execution_id);
  visit("partition", m.partition);
  visit("action", m.action);
  visit("reason", m.reason);
  visit.sparse("approval", m.approval_id);
  visit.sparse("decision", m.decision);
  visit.sparse("decided_by", m.decided_by);
  visit.sparse("reply", m.reply_to);
}

template <class V>
void visit_fields(V& visit, ControlReply& m) {
  visit("id", m.execution_id);
  visit("status", m.status);
  visit("error_code", m.error_code);
  visit("error", m.error);
  visit.raw("answer", m.answer);
}

}  // namespace r8r::bus
