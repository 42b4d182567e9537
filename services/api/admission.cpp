#include "services/api/admission.hpp"

#include <algorithm>

namespace r8r::api {

Admission::Admission(asio::io_context& io, std::size_t limit, std::chrono::milliseconds patience)
    : io_(io), limit_(limit), patience_(patience), gauge_(metrics::gauge("r8r_api_in_flight", "Requests in work")) {}

Admission::Slot Admission::try_enter() {
  if (in_work_ >= limit_ || !waiting_.empty()) return {};
  take();
  return Slot(this);
}

awaitable<Admission::Slot> Admission::enter() {
  if (Slot slot = try_enter()) co_return slot;
  const auto waiter = std::make_shared<Waiter>(io_);
  waiting_.push_back(waiter);
  co_await waiter->ready.wait_for(patience_);
  if (!waiter->granted) {
    waiting_.erase(std::find(waiting_.begin(), waiting_.end(), waiter));
    co_return Slot();
  }
  co_return Slot(this);
}

void Admission::give_back() {
  --in_work_;
  if (waiting_.empty()) {
    gauge_.set(static_cast<double>(in_work_));
    return;
  }
  // The place goes straight to the one who waits longest.
  const auto next = std::move(waiting_.front());
  waiting_.pop_front();
  take();
  next->granted = true;
  next->ready.notify_all();
}

}  // namespace r8r::api
