#pragma once
#include <string>

#include "common/http/request.hpp"
#include "common/store/executions.hpp"
#include "services/api/admission.hpp"
#include "services/api/api_error.hpp"
#include "services/api/completion_waiter.hpp"
#include "services/api/execution_owner.hpp"
#include "services/api/lifecycle.hpp"
#include "services/api/waiting.hpp"

namespace r8r::api {

/// POST /api/executions/{id}/pause, /resume, /cancel. The owner of the execution does it and answers after its commit;
/// what a client gets is read from the row.
class ControlEndpoints {
 public:
  struct Parts {
    ExecutionOwner& owner;
    CompletionWaiter& waiter;
    store::Pool& pool;
    const Lifecycle& lifecycle;
  };
  /// `done_subject`: where the ends that this instance waits for are told.
  ControlEndpoints(Parts parts, std::string done_subject, std::chrono::seconds longest_wait)
      : parts_(parts), executions_(parts.pool), done_subject_(std::move(done_subject)), longest_wait_(longest_wait) {}

  awaitable<http::Response> pause(http::Request& request, Admission::Slot& slot);
  awaitable<http::Response> cancel(http::Request& request, Admission::Slot& slot);
  /// Gives the slot back before it waits.
  awaitable<http::Response> resume(http::Request& request, Admission::Slot& slot);

 private:
  /// Errors: execution_not_found, and those of the database.
  awaitable<Result<store::ExecutionRow>> find(const http::Request& request);
  awaitable<http::Response> stop(http::Request& request, std::string action);
  /// Has the owner do it. Errors: invalid_state, execution_not_found, service_unavailable.
  awaitable<Result<void>> order(bus::ControlRequest request, const store::ExecutionRow& before);
  awaitable<bool> was_done(std::string action, store::ExecutionRow before, SteadyClock::time_point deadline);
  /// The row once it has ended or waits for a person; as it is at the `deadline`.
  awaitable<Result<store::ExecutionRow>> settled(store::ExecutionRow before,
                                                 std::unique_ptr<CompletionWaiter::Ticket> ticket,
                                                 SteadyClock::time_point deadline);

  Parts parts_;
  store::Executions executions_;
  std::string done_subject_;
  std::chrono::seconds longest_wait_;
};

}  // namespace r8r::api
