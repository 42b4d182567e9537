#include "services/api/backlog.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "common/base/metrics.hpp"
#include "common/store/executions.hpp"

namespace r8r::api {
namespace {

constexpr auto kBetweenCounts = std::chrono::seconds(1);
constexpr auto kBetweenCountsWhenNear = std::chrono::milliseconds(200);
// For the gauge, when nothing is bounded.
constexpr std::int64_t kMostCounted = 1'000'000;

}  // namespace

Result<void> Backlog::admit() const {
  if (limit_ == 0 || counted_ + since_ < limit_) return {};
  return fail(
      ErrorCode::rate_limited,
      fmt::format("{} accepted executions have not begun yet, as many as R8R_MAX_BACKLOG allows; try again later",
                  counted_ + since_));
}

awaitable<void> Backlog::watch() {
  metrics::Gauge gauge = metrics::gauge("r8r_executions_pending", "Accepted executions that have not begun");
  store::Executions executions(pool_);
  while (true) {
    const std::int64_t before = since_;
    const std::int64_t most = limit_ == 0 ? kMostCounted : limit_;
    const Result<std::int64_t> pending = co_await executions.count_pending(most);
    if (pending) {
      counted_ = *pending;
      since_ -= before;
      gauge.set(static_cast<double>(counted_));
    }
    const bool near = limit_ > 0 && counted_ + since_ >= limit_ / 2;
    const SteadyClock::duration pause =
        near ? SteadyClock::duration(kBetweenCountsWhenNear) : SteadyClock::duration(kBetweenCounts);
    const bool slept = co_await sleep_for(pause);
    if (!slept) co_return;
  }
}

}  // namespace r8r::api
