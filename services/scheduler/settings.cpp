#include "services/scheduler/settings.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include "common/workflow/expression_env.hpp"

namespace r8r::scheduler {

Settings read_settings(Environment& env) {
  Settings settings;
  settings.common = read_common_settings(env);
  settings.metrics_host = env.text_or("R8R_METRICS_HOST", "127.0.0.1");
  settings.metrics_port = static_cast<unsigned short>(env.integer("R8R_METRICS_PORT", 9102, 0, 65535));
  settings.lease = std::chrono::seconds(env.integer("R8R_LEASE_SECONDS", 10, 3, 300));
  char host[256] = "localhost";
  gethostname(host, sizeof host - 1);
  settings.expression_env = workflow::read_expression_env(env);
  settings.name = fmt::format("{}-{}", host, getpid());
  return settings;
}

}  // namespace r8r::scheduler
