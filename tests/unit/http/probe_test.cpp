#include "common/http/probe.hpp"

#include <thread>

#include <gtest/gtest.h>

#include "common/base/metrics.hpp"
#include "tests/unit/http/raw_client.hpp"

namespace r8r::http {
namespace {

TEST(ServiceProbe, ServesMetricsLifeAndReadiness) {
  asio::io_context io{1};
  metrics::counter("r8r_probe_test_total", "Counted by a test").add(3);
  std::optional<std::string> reason = "the \"database\" is away";
  auto probe = std::make_unique<ServiceProbe>(io, "127.0.0.1", 0, [&reason] { return reason; });
  ASSERT_TRUE(probe->listen());
  const unsigned short port = probe->port();
  std::thread thread([&io] { io.run(); });

  {
    RawClient client(port);
    const auto shown = client.ask(get("/metrics"));
    EXPECT_EQ(shown->header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    EXPECT_NE(shown->body.find("r8r_probe_test_total 3"), std::string::npos);
    EXPECT_EQ(client.ask(get("/healthz"))->status, 200);
    const auto unready = client.ask(get("/readyz"));
    EXPECT_EQ(unready->status, 503);
    EXPECT_EQ(unready->body, "{\"status\":\"unavailable\",\"reason\":\"the \\\"database\\\" is away\"}\n");
    asio::post(io, [&reason] { reason.reset(); });
    EXPECT_EQ(client.ask(get("/readyz"))->status, 200);
    EXPECT_EQ(client.ask(get("/other"))->status, 404);
  }
  asio::post(io, [&probe] { probe.reset(); });
  thread.join();  // with the probe gone nothing keeps the loop busy
}

}  // namespace
}  // namespace r8r::http
