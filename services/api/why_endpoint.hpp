#pragma once
#include "common/http/request.hpp"
#include "common/store/executions.hpp"
#include "services/api/admission.hpp"
#include "services/api/execution_owner.hpp"

namespace r8r::api {

/// GET /api/executions/{id}/why: what an unfinished execution waits for, as its owner says; how a finished one ended.
class WhyEndpoint {
 public:
  WhyEndpoint(ExecutionOwner& owner, store::Pool& pool) : owner_(owner), executions_(pool) {}

  awaitable<http::Response> get(http::Request& request, Admission::Slot& slot);

 private:
  ExecutionOwner& owner_;
  store::Executions executions_;
};

}  // namespace r8r::api
