#pragma once
#include <gmock/gmock.h>

#include <exception>
#include <optional>
#include <string>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "common/expr/json.hpp"
#include "services/worker/http_node.hpp"
#include "tests/unit/worker/scripted_server.hpp"

namespace r8r::worker {

/// Runs http nodes on an io_context of its own. Loopback is opened for 127.0.0.1 only, so that 127.0.0.2 is an internal
/// address that nobody allowed.
class HttpNodeFixture : public testing::Test {
 protected:
  HttpNodeFixture() : guard_(*AddressGuard::with_exceptions("127.0.0.1")), node_(io_, guard_), cancellation_(io_) {}

  /// `config`: JSON text.
  EffectOutcome run(const std::string& config, std::optional<std::chrono::milliseconds> node_timeout = {}) {
    return run_on(node_, config, node_timeout);
  }

  EffectOutcome run_on(HttpNode& node, const std::string& config,
                       std::optional<std::chrono::milliseconds> node_timeout = {}) {
    EffectContext context;
    context.idempotency_key = "e-1:call:2";
    context.timeout = node_timeout;
    Result<expr::Value> value = expr::parse_json(config);
    EXPECT_TRUE(value) << config;
    std::optional<EffectOutcome> outcome;
    asio::co_spawn(io_, node.run(std::move(context), std::move(*value), cancellation_),
                   [&outcome](std::exception_ptr failure, EffectOutcome result) {
                     EXPECT_FALSE(failure);
                     outcome = std::move(result);
                   });
    EXPECT_TRUE(run_until([&] { return outcome.has_value(); })) << "no outcome in time";
    return outcome ? std::move(*outcome)
                   : EffectOutcome{.output = fail(ErrorCode::timeout, "the test ran out of time")};
  }

  template <class Condition>
  bool run_until(Condition condition, std::chrono::milliseconds limit = std::chrono::seconds(20)) {
    const auto end = SteadyClock::now() + limit;
    io_.restart();
    while (!condition() && SteadyClock::now() < end) {
      io_.run_one_for(std::chrono::milliseconds(20));
      if (io_.stopped()) io_.restart();
    }
    return condition();
  }

  static std::string json(const EffectOutcome& outcome, const char* field) {
    if (!outcome.output) return "failed: " + outcome.output.error().message;
    const expr::Value* value = outcome.output->as_map().find(field);
    return value == nullptr ? "(none)" : expr::to_json(*value);
  }
  static std::string error(const EffectOutcome& outcome) {
    return outcome.output ? "no error: " + expr::to_json(*outcome.output).substr(0, 500)
                          : outcome.output.error().message;
  }

  asio::io_context io_;
  AddressGuard guard_;
  HttpNode node_;
  Cancellation cancellation_;
};

}  // namespace r8r::worker
