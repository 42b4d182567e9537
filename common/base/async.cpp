#include "common/base/async.hpp"

#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/base/log.hpp"

namespace r8r {
namespace {

constexpr auto kQuiet = asio::as_tuple(asio::use_awaitable);

void wait_for_signal(std::shared_ptr<asio::signal_set> signals, std::shared_ptr<std::function<void()>> drain,
                     bool first) {
  signals->async_wait([signals, drain, first](boost::system::error_code error, int) {
    if (error) return;
    if (!first) ::_exit(130);
    (*drain)();
    wait_for_signal(signals, drain, false);
  });
}

}  // namespace

awaitable<bool> sleep_for(SteadyClock::duration duration) {
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor, duration);
  const auto [error] = co_await timer.async_wait(kQuiet);
  co_return !error;
}

awaitable<bool> Notifier::wait_for(SteadyClock::duration limit) {
  using namespace asio::experimental::awaitable_operators;
  asio::steady_timer deadline(timer_.get_executor(), limit);
  const auto woken = co_await (timer_.async_wait(kQuiet) || deadline.async_wait(kQuiet));
  const auto state = co_await asio::this_coro::cancellation_state;
  co_return woken.index() == 0 && state.cancelled() == asio::cancellation_type::none;
}

awaitable<void> Notifier::wait() {
  co_await timer_.async_wait(kQuiet);
}

void TaskGroup::spawn(const char* name, awaitable<void> body) {
  const std::uint64_t id = next_++;
  auto signal = std::make_shared<asio::cancellation_signal>();
  running_.emplace(id, signal);
  asio::co_spawn(io_, std::move(body),
                 asio::bind_cancellation_slot(signal->slot(), [this, id, name, signal](std::exception_ptr failure) {
                   if (failure) {
                     try {
                       std::rethrow_exception(failure);
                     } catch (const boost::system::system_error& error) {
                       if (error.code() != asio::error::operation_aborted)
                         log::error("a task ended with an error", {{"task", name}, {"error", error.what()}});
                     } catch (const std::exception& error) {
                       log::error("a task ended with an error", {{"task", name}, {"error", error.what()}});
                     }
                   }
                   running_.erase(id);
                   if (running_.empty()) idle_.notify_all();
                 }));
}

void TaskGroup::cancel() {
  // A cancelled coroutine may end, and leave the map, while we walk it.
  std::vector<std::shared_ptr<asio::cancellation_signal>> signals;
  signals.reserve(running_.size());
  for (const auto& [id, signal] : running_) signals.push_back(signal);
  for (const auto& signal : signals) signal->emit(asio::cancellation_type::terminal);
}

awaitable<void> TaskGroup::close() {
  while (!running_.empty()) {
    cancel();
    const bool ended = co_await wait(std::chrono::seconds(5));
    if (!ended) log::warn("tasks take long to stop", {{"running", running_.size()}});
  }
}

awaitable<bool> TaskGroup::wait(SteadyClock::duration limit) {
  const auto deadline = SteadyClock::now() + limit;
  while (!running_.empty()) {
    const auto now = SteadyClock::now();
    if (now >= deadline) co_return false;
    co_await idle_.wait_for(deadline - now);
  }
  co_return true;
}

void on_shutdown_signal(asio::io_context& io, std::function<void()> drain) {
  auto signals = std::make_shared<asio::signal_set>(io, SIGTERM, SIGINT);
  wait_for_signal(std::move(signals), std::make_shared<std::function<void()>>(std::move(drain)), true);
}

}  // namespace r8r
