#include "services/api/completion_waiter.hpp"

#include <algorithm>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/base/log.hpp"
#include "common/bus/messages.hpp"

namespace r8r::api {
namespace {

constexpr auto kFirstPoll = std::chrono::seconds(1);
constexpr auto kSlowestPoll = std::chrono::seconds(5);
constexpr std::size_t kRowsPerPoll = 1'000;

}  // namespace

std::optional<Finished> finished_of(const store::ExecutionRow& row) {
  if (row.live || !row.finished_at) return std::nullopt;
  const Timestamp started = row.started_at.value_or(row.accepted_at);
  return Finished{row.status, row.output.value_or("null"), row.error.value_or(""),
                  std::chrono::duration_cast<std::chrono::milliseconds>(*row.finished_at - started).count()};
}

CompletionWaiter::Ticket::Ticket(CompletionWaiter& owner, Uuid id)
    : owner_(owner), id_(id), timer_(owner.io_), next_poll_(SteadyClock::now() + kFirstPoll), poll_gap_(kFirstPoll) {
  owner_.tickets_.emplace(id_, this);
}

CompletionWaiter::Ticket::~Ticket() {
  const auto [first, last] = owner_.tickets_.equal_range(id_);
  const auto mine = std::find_if(first, last, [this](const auto& item) { return item.second == this; });
  if (mine != last) owner_.tickets_.erase(mine);
}

awaitable<std::optional<Finished>> CompletionWaiter::wait(Ticket& ticket, SteadyClock::time_point deadline) {
  while (!ticket.finished_) {
    if (ticket.in_row_only_) {
      ticket.in_row_only_ = false;
      Result<std::optional<store::ExecutionRow>> row = co_await executions_.find(ticket.id_);
      if (row && *row) ticket.finished_ = finished_of(**row);
      if (!ticket.finished_) ticket.next_poll_ = SteadyClock::now() + kFirstPoll;
      continue;
    }
    const auto limit = std::min(deadline, last_deadline_);
    if (SteadyClock::now() >= limit) co_return std::nullopt;
    ticket.timer_.expires_at(limit);
    co_await ticket.timer_.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  co_return std::move(ticket.finished_);
}

void CompletionWaiter::finish(const Uuid& id, const Finished& finished) {
  const auto [first, last] = tickets_.equal_range(id);
  for (auto it = first; it != last; ++it) {
    it->second->finished_ = finished;
    it->second->timer_.cancel();
  }
}

void CompletionWaiter::deliver(const std::vector<bus::Message>& messages) {
  for (const bus::Message& message : messages) {
    Result<std::vector<bus::Completion>> items = bus::decode<bus::Completion>(message.data);
    if (!items) {
      log::warn("a completion message cannot be read", {{"error", items.error().message}});
      continue;
    }
    for (bus::Completion& item : *items) {
      const auto [first, last] = tickets_.equal_range(item.execution_id);
      if (first == last) continue;
      if (item.output.empty()) {
        for (auto it = first; it != last; ++it) {
          it->second->in_row_only_ = true;
          it->second->timer_.cancel();
        }
        continue;
      }
      finish(item.execution_id,
             {std::move(item.status), std::move(item.output), std::move(item.error), item.duration_ms});
    }
  }
}

std::vector<Uuid> CompletionWaiter::due_for_poll(SteadyClock::time_point now) {
  std::vector<Uuid> ids;
  for (const auto& [id, ticket] : tickets_) {
    if (ticket->finished_ || now < ticket->next_poll_) continue;
    ticket->poll_gap_ = std::min<SteadyClock::duration>(ticket->poll_gap_ * 2, kSlowestPoll);
    ticket->next_poll_ = now + ticket->poll_gap_;
    ids.push_back(id);
    if (ids.size() == kRowsPerPoll) break;
  }
  return ids;
}

awaitable<void> CompletionWaiter::poll_rows() {
  while (true) {
    const bool slept = co_await sleep_for(kFirstPoll);
    if (!slept) co_return;
    std::vector<Uuid> ids = due_for_poll(SteadyClock::now());
    if (ids.empty()) continue;
    Result<std::vector<store::ExecutionRow>> rows = co_await executions_.ended(std::move(ids));
    if (!rows) continue;  // the store has logged it; the next round tries again
    for (const store::ExecutionRow& row : *rows) {
      if (const std::optional<Finished> finished = finished_of(row)) finish(row.id, *finished);
    }
  }
}

void CompletionWaiter::end_waits_at(SteadyClock::time_point deadline) {
  last_deadline_ = deadline;
  for (const auto& [id, ticket] : tickets_) ticket->timer_.cancel();
}

}  // namespace r8r::api
