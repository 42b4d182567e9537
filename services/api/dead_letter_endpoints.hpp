#pragma once
#include <optional>
#include <string>

#include "common/http/request.hpp"
#include "common/store/dead_letters.hpp"
#include "services/api/admission.hpp"
#include "services/api/execution_owner.hpp"
#include "services/api/lifecycle.hpp"

namespace r8r::api {

/// /api/dead-letters: failed executions that nobody has handled. A retry resumes the same execution as its next run;
/// of two at once one wins.
class DeadLetterEndpoints {
 public:
  DeadLetterEndpoints(store::Pool& pool, ExecutionOwner& owner, const Lifecycle& lifecycle)
      : entries_(pool), owner_(owner), lifecycle_(lifecycle) {}

  awaitable<http::Response> list(http::Request& request, Admission::Slot& slot);
  awaitable<http::Response> stats(http::Request& request, Admission::Slot& slot);
  awaitable<http::Response> get(http::Request& request, Admission::Slot& slot);
  awaitable<http::Response> retry(http::Request& request, Admission::Slot& slot);
  awaitable<http::Response> retry_many(http::Request& request, Admission::Slot& slot);
  awaitable<http::Response> discard(http::Request& request, Admission::Slot& slot);

 private:
  /// Errors: not_found, and those of the database.
  awaitable<Result<store::DeadLetter>> find(const http::Request& request);
  /// Errors: invalid_state, not_found, service_unavailable.
  awaitable<Result<void>> begin_again(const store::DeadLetter& entry, SteadyClock::time_point deadline);

  store::DeadLetters entries_;
  ExecutionOwner& owner_;
  const Lifecycle& lifecycle_;
};

}  // namespace r8r::api
