#pragma once
#include <string>
#include <vector>

#include "common/store/approvals.hpp"
#include "common/store/executions.hpp"
#include "services/api/completion_waiter.hpp"

namespace r8r::api {

/// The approval as clients get it.
std::string approval_json(const store::ApprovalRow& row);
/// A page of them.
std::string approvals_json(const std::vector<store::ApprovalRow>& rows, const std::string& next_cursor);
/// The answer to a decision: the approval, and how its execution went on. `told`: what was heard of it, if anything.
std::string decided_json(const store::ApprovalRow& approval, const store::ExecutionRow& execution,
                         const std::optional<Finished>& told);

}  // namespace r8r::api
