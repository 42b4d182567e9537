#pragma once
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "common/bus/connection.hpp"

namespace r8r::bus::test {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

/// An io_context that a test turns by hand.
class Loop {
 public:
  asio::io_context io;

  /// Turns the loop until `condition` holds (true) or `limit` has passed (false).
  template <class Condition>
  bool until(Condition condition, std::chrono::milliseconds limit = 20s) {
    const auto give_up = Clock::now() + limit;
    while (!condition()) {
      if (Clock::now() >= give_up) return false;
      io.run_one_for(10ms);
    }
    return true;
  }

  /// Turns the loop for as long as nothing may happen.
  void quiet_for(std::chrono::milliseconds time) { io.run_for(time); }

  template <class T>
  T run(asio::awaitable<T> body) {
    std::optional<T> answer;
    std::exception_ptr failure;
    bool done = false;
    asio::co_spawn(io, std::move(body), [&](std::exception_ptr error, T value) {
      failure = error;
      answer.emplace(std::move(value));
      done = true;
    });
    if (!until([&] { return done; }, 60s)) throw std::runtime_error("the coroutine did not end in time");
    if (failure) std::rethrow_exception(failure);
    return std::move(*answer);
  }

  std::unique_ptr<Connection> connect(const std::string& url) {
    auto made = run(Connection::connect(io, {.url = url, .name = "bus-test"}, 10s));
    if (!made) throw std::runtime_error("cannot connect: " + made.error().message);
    return std::move(*made);
  }

 private:
  asio::executor_work_guard<asio::io_context::executor_type> work_{io.get_executor()};
};

}  // namespace r8r::bus::test
