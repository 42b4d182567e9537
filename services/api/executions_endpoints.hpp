#pragma once
#include "common/catalog/catalog.hpp"
#include "common/http/request.hpp"
#include "common/journal/journal_entry.hpp"
#include "common/store/executions.hpp"
#include "common/store/payloads.hpp"
#include "services/api/admission.hpp"
#include "services/api/lifecycle.hpp"

namespace r8r::api {

/// GET /api/executions/{id} and its trace.
class ExecutionsEndpoints {
 public:
  ExecutionsEndpoints(store::Pool& pool, Catalog& catalog, const Lifecycle& lifecycle)
      : executions_(pool), payloads_(pool), catalog_(catalog), lifecycle_(lifecycle) {}

  /// With ?wait=N it gives the slot back and holds the answer until the status changes.
  awaitable<http::Response> get(http::Request& request, Admission::Slot& slot);
  awaitable<http::Response> trace(http::Request& request, Admission::Slot& slot);

 private:
  /// The execution, or what calls that are debounced have made of it until now.
  awaitable<Result<std::optional<store::ExecutionRow>>> find(Uuid id);
  awaitable<Result<std::optional<store::ExecutionState>>> state_of(Uuid id);
  /// Until the execution is no longer as `tag` says, or has ended, `limit` has passed, or the service stops.
  awaitable<void> change(Uuid id, std::string tag, SteadyClock::time_point limit);
  awaitable<Result<void>> read_outputs(Uuid id, std::vector<journal::JournalEntry>& entries);

  store::Executions executions_;
  store::Payloads payloads_;
  Catalog& catalog_;
  const Lifecycle& lifecycle_;
};

}  // namespace r8r::api
