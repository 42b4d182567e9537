#pragma once
#include "common/http/request.hpp"
#include "common/store/retention.hpp"
#include "services/api/admission.hpp"

namespace r8r::api {

/// Care of the database: GET /api/database/check, POST /api/database/retention.
class DatabaseEndpoints {
 public:
  DatabaseEndpoints(store::Pool& pool, store::RetentionRules rules) : pool_(pool), retention_(pool), rules_(rules) {}

  awaitable<http::Response> check(http::Request& request, Admission::Slot& slot);
  awaitable<http::Response> retain(http::Request& request, Admission::Slot& slot);

 private:
  store::Pool& pool_;
  store::Retention retention_;
  store::RetentionRules rules_;
};

}  // namespace r8r::api
