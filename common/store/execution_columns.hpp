#pragma once
#include "common/store/executions.hpp"
#include "common/store/result_set.hpp"

namespace r8r::store {

/// The columns of an ExecutionRow, in the order in which execution_of() reads them; for all_executions and its two
/// halves.
#define R8R_COMMON_EXECUTION_COLUMNS                                                                      \
  "id, run, workflow_id, workflow_version, workflow_name, status, trigger_type, origin, input, webhook, " \
  "correlation_id, "                                                                                      \
  "idempotency_key, accepted_at, started_at, replayed_from, parent_execution_id, event"
#define R8R_EXECUTION_COLUMNS \
  R8R_COMMON_EXECUTION_COLUMNS ", finished_at, output, error, error_node, trace, live, partition"
#define R8R_ENDED_COLUMNS R8R_COMMON_EXECUTION_COLUMNS ", finished_at, output, error, error_node, trace"
/// Then the partition, and whether somebody waits for its end.
#define R8R_LIVE_COLUMNS R8R_COMMON_EXECUTION_COLUMNS ", partition, parent_partition, depth, limit_key, parked"
inline constexpr int kCommonColumns = 17;

inline ExecutionRow common_columns(const ResultSet& rows, int row) {
  ExecutionRow execution;
  execution.id = rows.uuid(row, 0);
  execution.run = rows.int4(row, 1);
  execution.workflow_id = rows.uuid(row, 2);
  execution.workflow_version = rows.int4(row, 3);
  execution.workflow_name = rows.text(row, 4);
  execution.status = rows.text(row, 5);
  execution.trigger_type = rows.text(row, 6);
  execution.origin = rows.text(row, 7);
  execution.input = rows.text(row, 8);
  execution.webhook = rows.text_or_empty(row, 9);
  execution.correlation_id = rows.text(row, 10);
  execution.idempotency_key = rows.optional_text(row, 11);
  execution.accepted_at = rows.time(row, 12);
  execution.started_at = rows.optional_time(row, 13);
  if (!rows.is_null(row, 14)) execution.replayed_from = rows.uuid(row, 14);
  if (!rows.is_null(row, 15)) execution.parent_execution_id = rows.uuid(row, 15);
  execution.event = rows.text_or_empty(row, 16);
  return execution;
}

inline void ended_columns(const ResultSet& rows, int row, ExecutionRow& execution) {
  execution.finished_at = rows.optional_time(row, kCommonColumns);
  execution.output = rows.optional_text(row, kCommonColumns + 1);
  execution.error = rows.optional_text(row, kCommonColumns + 2);
  execution.error_node = rows.optional_text(row, kCommonColumns + 3);
  execution.trace = rows.text_or_empty(row, kCommonColumns + 4);
}

}  // namespace r8r::store
