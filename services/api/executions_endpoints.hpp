#pragma once
#include "common/catalog/catalog.hpp"
#include "common/http/request.hpp"
#include "common/store/executions.hpp"
#include "services/api/admission.hpp"
#include "services/api/lifecycle.hpp"

namespace r8r::api {

/// GET /api/executions/{id} and its trace.
class ExecutionsEndpoints {
 public:
  ExecutionsEndpoints(store::Pool& pool, Catalog& catalog, const Lifecycle& lifecycle)
      : executions_(pool), catalog_(catalog), lifecycle_(lifecycle) {}

  /// With ?wait=N it gives the slot back and holds the answer until the status changes.
  awaitable<http::Response> get(http::Request& request, Admission::Slot& slot);
  awaitable<http::Response> trace(http::Request& request, Admission::Slot& slot);

 private:
  /// Until the execution is no longer as `tag` says, or has ended, `limit` has passed, or the service stops.
  awaitable<void> change(Uuid id, std::string tag, SteadyClock::time_point limit);

  store::Executions executions_;
  Catalog& catalog_;
  const Lifecycle& lifecycle_;
};

}  // namespace r8r::api
