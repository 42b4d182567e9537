#pragma once
#include "common/http/request.hpp"
#include "common/store/executions.hpp"
#include "services/api/admission.hpp"
#include "services/api/execution_starter.hpp"
#include "services/api/lifecycle.hpp"
#include "services/api/run_preparation.hpp"

namespace r8r::api {

/// POST /api/executions/{id}/replay: a new execution with the input and the workflow version of an old one, or with
/// others; from the start, or from a node on with what the old one recorded of all others.
class ReplayEndpoint {
 public:
  struct Parts {
    ExecutionStarter& starter;
    RunPreparation& preparation;
    CompletionWaiter& waiter;
    store::Pool& pool;
    const Lifecycle& lifecycle;
  };
  ReplayEndpoint(Parts parts, std::chrono::seconds longest_wait, int failed_status)
      : parts_(parts), longest_wait_(longest_wait), failed_status_(failed_status), executions_(parts.pool) {}

  /// Gives the slot back before it waits for the execution.
  awaitable<http::Response> handle(http::Request& request, Admission::Slot& slot);

 private:
  awaitable<Result<void>> keep(const store::ExecutionRow& original, std::string from_node, NewRun& run);

  Parts parts_;
  std::chrono::seconds longest_wait_;
  int failed_status_;
  store::Executions executions_;
};

}  // namespace r8r::api
