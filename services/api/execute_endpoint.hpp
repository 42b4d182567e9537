#pragma once
#include <string>

#include "common/http/request.hpp"
#include "common/store/executions.hpp"
#include "common/store/idempotency.hpp"
#include "services/api/admission.hpp"
#include "services/api/execute_request.hpp"
#include "services/api/execution_starter.hpp"
#include "services/api/lifecycle.hpp"
#include "services/api/run_preparation.hpp"

namespace r8r::api {

/// POST /api/workflows/{name}/execute. Order of checks: shutting down, idempotency key, workflow, definition, disabled,
/// input; a known key is looked up when a later check fails, and found by the insert itself otherwise, so that the
/// usual case costs no extra read.
class ExecuteEndpoint {
 public:
  struct Parts {
    ExecutionStarter& starter;
    RunPreparation& preparation;
    CompletionWaiter& waiter;
    store::Pool& pool;
    const Lifecycle& lifecycle;
  };
  ExecuteEndpoint(Parts parts, ExecuteRules rules, int failed_status)
      : parts_(parts), rules_(rules), failed_status_(failed_status), executions_(parts.pool), keys_(parts.pool) {}

  /// Gives the slot back before it waits for the execution.
  awaitable<http::Response> handle(http::Request& request, Admission::Slot& slot);

 private:
  awaitable<http::Response> wait_for_end(http::Request& request, const ExecuteRequest& asked,
                                         const StartedRun& started);
  /// The answer for a key that is known already.
  awaitable<http::Response> answer_known_key(http::Request& request, const ExecuteRequest& asked,
                                             store::IdempotencyKey known, const std::string& fingerprint);
  awaitable<http::Response> attach(http::Request& request, const ExecuteRequest& asked, store::ExecutionRow row);

  http::Response refuse(const http::Request& request, const ExecuteRequest& asked, ApiError error) const;

  Parts parts_;
  ExecuteRules rules_;
  int failed_status_;
  store::Executions executions_;
  store::IdempotencyKeys keys_;
};

}  // namespace r8r::api
