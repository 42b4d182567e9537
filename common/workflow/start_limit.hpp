#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "common/base/uuid.hpp"
#include "common/workflow/workflow.hpp"

namespace r8r::workflow {

/// Whether executions of the workflow may have to wait before they start.
bool has_start_limits(const Workflow& workflow);

struct StartLimit {
  std::string key;    ///< executions with the same count towards one rate limit
  std::string group;  ///< those of a group are kept in one place, so that one owner can count them
};
/// For an execution with this checked input; nothing for workflows without limits. The key is the text of
/// rate_limit.key, or "" when there is none or it cannot be evaluated.
std::optional<StartLimit> start_limit(const Workflow& workflow, std::string_view input);

/// Where the executions of a group live.
int limited_partition(const Uuid& workflow_id, const std::string& group, int partitions);

}  // namespace r8r::workflow
