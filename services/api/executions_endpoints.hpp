#pragma once
#include "common/catalog/catalog.hpp"
#include "common/http/request.hpp"
#include "common/store/executions.hpp"
#include "services/api/admission.hpp"

namespace r8r::api {

/// GET /api/executions/{id} and its trace.
class ExecutionsEndpoints {
 public:
  ExecutionsEndpoints(store::Pool& pool, Catalog& catalog) : executions_(pool), catalog_(catalog) {}

  awaitable<http::Response> get(http::Request& request, Admission::Slot& slot);
  awaitable<http::Response> trace(http::Request& request, Admission::Slot& slot);

 private:
  store::Executions executions_;
  Catalog& catalog_;
};

}  // namespace r8r::api
