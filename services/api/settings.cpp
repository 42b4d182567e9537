#include "services/api/settings.hpp"

#include "common/workflow/expression_env.hpp"

namespace r8r::api {

bool Settings::listens_on_loopback() const {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

Settings read_settings(Environment& env) {
  Settings s;
  s.common = read_common_settings(env);
  s.host = env.text_or("R8R_SERVER_HOST", s.host);
  s.port = static_cast<unsigned short>(env.integer("R8R_SERVER_PORT", s.port, 0, 65'535));
  s.max_connections = static_cast<std::size_t>(env.integer("R8R_MAX_CONNECTIONS", 10'000, 1, 1'000'000));
  s.max_body_bytes = static_cast<std::size_t>(env.integer("R8R_MAX_REQUEST_BODY_BYTES", 1024 * 1024, 1, 1LL << 30));
  s.max_concurrent_requests = static_cast<std::size_t>(env.integer("R8R_MAX_CONCURRENT_REQUESTS", 1'000, 1, 1'000'000));
  s.max_backlog = env.integer("R8R_MAX_BACKLOG", s.max_backlog, 0, 1'000'000'000);
  s.max_wait = std::chrono::seconds(env.integer("R8R_MAX_WAIT_SECONDS", 3'600, 1, 86'400));
  s.shutdown_delay = std::chrono::seconds(env.integer("R8R_SHUTDOWN_DELAY_SECONDS", 0, 0, 3'600));
  s.trust_request_id = env.flag("R8R_TRUST_REQUEST_ID", false);
  s.access_log = env.flag("R8R_ACCESS_LOG", true);
  s.failed_status = env.word("R8R_FAILED_STATUS", {"200", "500"}) == "500" ? 500 : 200;
  s.webhook_envelope = env.word("R8R_WEBHOOK_INPUT", {"body", "envelope"}) == "envelope";
  s.api_key = env.text_or("R8R_API_KEY", "");
  s.health_api_key = env.text_or("R8R_HEALTH_API_KEY", "");
  s.monitor_token = env.text_or("R8R_MONITOR_TOKEN", "");
  s.monitor_public = env.flag("R8R_MONITOR_PUBLIC", false);
  s.monitor_buffer = static_cast<std::size_t>(env.integer("R8R_MONITOR_BUFFER", 1'024, 1, 1'000'000));
  s.monitor_max_clients = static_cast<std::size_t>(env.integer("R8R_MONITOR_MAX_CLIENTS", 10'000, 0, 1'000'000));
  s.expression_env = workflow::read_expression_env(env);
  s.cors_origins = env.text_or("R8R_CORS_ORIGINS", "http://localhost:3000");
  s.cors_allow_all = env.flag("R8R_CORS_ALLOW_ALL", false);
  return s;
}

}  // namespace r8r::api
