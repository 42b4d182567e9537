#include "services/worker/settings.hpp"

#include <gmock/gmock.h>

namespace r8r::worker {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::map<std::string, std::string> with(std::map<std::string, std::string> more) {
  more.emplace("R8R_DATABASE_URL", "postgres://x");
  more.emplace("R8R_NATS_URL", "nats://x");
  return more;
}

TEST(WorkerSettings, DefaultsNeedOnlyTheTwoAddresses) {
  Environment env(with({}));
  const Settings settings = read_settings(env);
  EXPECT_THAT(env.problems(), ElementsAre());
  EXPECT_THAT(settings.pools, ElementsAre("default"));
  EXPECT_EQ(settings.concurrency, 256u);
  EXPECT_EQ(settings.metrics_port, 9103);
  EXPECT_EQ(settings.metrics_host, "127.0.0.1");
  EXPECT_FALSE(settings.guard.allows("x", boost::asio::ip::make_address("127.0.0.1")));
  EXPECT_FALSE(settings.name.empty());
}

TEST(WorkerSettings, EverythingIsRead) {
  Environment env(with({{"R8R_WORKER_POOLS", "gpu, default,gpu"},
                        {"R8R_WORKER_CONCURRENCY", "8"},
                        {"R8R_METRICS_PORT", "0"},
                        {"R8R_ALLOWED_INTERNAL", "10.0.0.0/8"}}));
  const Settings settings = read_settings(env);
  EXPECT_THAT(env.problems(), ElementsAre());
  EXPECT_THAT(settings.pools, ElementsAre("default", "gpu"));
  EXPECT_EQ(settings.concurrency, 8u);
  EXPECT_TRUE(settings.guard.allows("x", boost::asio::ip::make_address("10.1.1.1")));
}

TEST(WorkerSettings, EveryMistakeIsReported) {
  Environment env(with({{"R8R_WORKER_POOLS", "a.b"},
                        {"R8R_WORKER_CONCURRENCY", "0"},
                        {"R8R_ALLOWED_INTERNAL", "10.0.0.0/99"},
                        {"R8R_ALLOW_INTERNAL_URLS", "perhaps"}}));
  read_settings(env);
  const std::string all = testing::PrintToString(env.problems());
  for (const char* name :
       {"R8R_WORKER_POOLS", "R8R_WORKER_CONCURRENCY", "R8R_ALLOWED_INTERNAL", "R8R_ALLOW_INTERNAL_URLS"})
    EXPECT_THAT(all, HasSubstr(name));
}

}  // namespace
}  // namespace r8r::worker
