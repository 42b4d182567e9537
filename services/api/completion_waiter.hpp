#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "common/base/async.hpp"
#include "common/base/uuid.hpp"
#include "common/bus/connection.hpp"
#include "common/store/executions.hpp"

namespace r8r::api {

/// How an execution ended, or where it stopped for a person.
struct Finished {
  std::string status;
  std::string output;  ///< raw JSON, "null" when there is none
  std::string error;   ///< empty when there is none
  std::int64_t duration_ms = 0;
};

/// Requests that wait for executions. The bus tells of an end at once; rows are read now and then for those whose
/// message was lost. Several may wait for one execution.
class CompletionWaiter {
 public:
  CompletionWaiter(asio::io_context& io, store::Pool& pool) : io_(io), executions_(pool) {}
  CompletionWaiter(const CompletionWaiter&) = delete;
  CompletionWaiter& operator=(const CompletionWaiter&) = delete;

  /// One who waits; made before the execution is published, so that no end can be missed. Must not outlive its waiter.
  class Ticket {
   public:
    Ticket(CompletionWaiter& owner, Uuid id);
    ~Ticket();
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;

   private:
    friend class CompletionWaiter;
    CompletionWaiter& owner_;
    Uuid id_;
    asio::steady_timer timer_;
    std::optional<Finished> finished_;
    bool in_row_only_ = false;  // it ended, with an output too large for a message
    SteadyClock::time_point next_poll_;
    SteadyClock::duration poll_gap_;
  };

  std::unique_ptr<Ticket> expect(Uuid id) { return std::make_unique<Ticket>(*this, id); }
  /// Nullopt when `deadline` (or the end of all waits) came first.
  awaitable<std::optional<Finished>> wait(Ticket& ticket, SteadyClock::time_point deadline);

  /// Handler of this instance's completion subject.
  void deliver(const std::vector<bus::Message>& messages);
  /// The safety net; runs until cancelled.
  awaitable<void> poll_rows();
  /// From now on no wait lasts longer than this: the service is stopping.
  void end_waits_at(SteadyClock::time_point deadline);
  std::size_t waiting() const { return tickets_.size(); }

 private:
  void finish(const Uuid& id, const Finished& finished);
  std::vector<Uuid> due_for_poll(SteadyClock::time_point now);

  asio::io_context& io_;
  store::Executions executions_;
  std::unordered_multimap<Uuid, Ticket*> tickets_;
  SteadyClock::time_point last_deadline_ = SteadyClock::time_point::max();
};

/// What a row says, if the execution has ended.
std::optional<Finished> finished_of(const store::ExecutionRow& row);

}  // namespace r8r::api
