#include "services/scheduler/upstream_names.hpp"

#include <iterator>

#include "common/bus/subjects.hpp"

namespace r8r::scheduler {
namespace {

// Notices tell of changes; a look finds those whose notice was lost.
constexpr auto kLookInterval = std::chrono::seconds(30);
constexpr auto kAfterFailure = std::chrono::seconds(1);
// Many workflows that are saved at once are one reason to look.
constexpr auto kBetweenLooks = std::chrono::milliseconds(200);

}  // namespace

UpstreamNames::UpstreamNames(asio::io_context& io, bus::Connection& bus, store::Pool& pool)
    : bus_(bus),
      dependencies_(pool),
      wake_(io),
      count_(metrics::gauge("r8r_upstream_workflows", "Workflows whose endings start others")) {
  auto changes = bus_.subscribe(std::string(bus::kWorkflowChanged), [this](std::vector<bus::Message>) {
    current_ = false;
    changed_ = true;
    wake_.notify_all();
  });
  if (changes) changes_ = std::move(*changes);
}

bool UpstreamNames::has_dependents(const std::string& workflow) const {
  const bool known = current_ && bus_.connected() && bus_.reconnects() == reconnects_;
  return !known || names_.contains(workflow);
}

awaitable<void> UpstreamNames::run() {
  while (true) {
    changed_ = false;
    const std::uint64_t reconnects = bus_.reconnects();
    Result<std::vector<std::string>> names = co_await dependencies_.upstream_names();
    if (names) {
      names_ = {std::make_move_iterator(names->begin()), std::make_move_iterator(names->end())};
      reconnects_ = reconnects;
      // The answer may not have what a notice told meanwhile.
      current_ = !changed_;
      count_.set(static_cast<double>(names_.size()));
    }
    if (names && !changed_) {
      co_await wake_.wait_for(kLookInterval);
      if (!changed_) continue;
    }
    SteadyClock::duration pause = kBetweenLooks;
    if (!names) pause = kAfterFailure;
    co_await sleep_for(pause);
  }
}

}  // namespace r8r::scheduler
