#pragma once
#include <string>

#include "common/http/request.hpp"
#include "common/store/approvals.hpp"
#include "common/store/executions.hpp"
#include "services/api/admission.hpp"
#include "services/api/completion_waiter.hpp"
#include "services/api/execution_owner.hpp"
#include "services/api/lifecycle.hpp"

namespace r8r::api {

/// GET /api/approvals, GET /api/approvals/{id}, POST /api/approvals/{id}/decide. The owner of the execution decides
/// which of two answers came first.
class ApprovalsEndpoints {
 public:
  struct Parts {
    ExecutionOwner& owner;
    CompletionWaiter& waiter;
    store::Pool& pool;
    const Lifecycle& lifecycle;
  };
  /// `done_subject`: where the ends that this instance waits for are told.
  ApprovalsEndpoints(Parts parts, std::string done_subject, std::chrono::seconds longest_wait)
      : parts_(parts),
        approvals_(parts.pool),
        executions_(parts.pool),
        done_subject_(std::move(done_subject)),
        longest_wait_(longest_wait) {}

  awaitable<http::Response> list(http::Request& request, Admission::Slot& slot);
  awaitable<http::Response> get(http::Request& request, Admission::Slot& slot);
  /// Gives the slot back before it waits.
  awaitable<http::Response> decide(http::Request& request, Admission::Slot& slot);

 private:
  /// Errors: approval_not_found, and those of the database.
  awaitable<Result<store::ApprovalRow>> find(const http::Request& request);
  /// Has the owner take it. Errors: conflict_error, service_unavailable.
  awaitable<Result<void>> order(bus::ControlRequest wanted, store::ApprovalRow approval);

  Parts parts_;
  store::Approvals approvals_;
  store::Executions executions_;
  std::string done_subject_;
  std::chrono::seconds longest_wait_;
};

}  // namespace r8r::api
