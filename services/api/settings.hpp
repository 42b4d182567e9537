#pragma once
#include <chrono>
#include <cstddef>
#include <string>

#include "common/base/environment.hpp"
#include "common/expr/value.hpp"

namespace r8r::api {

/// What the environment says about this service; docs/configuration.md has the meanings.
struct Settings {
  CommonSettings common;

  std::string host = "127.0.0.1";
  unsigned short port = 8080;
  std::size_t max_connections = 10'000;
  std::size_t max_body_bytes = 1024 * 1024;
  std::size_t max_concurrent_requests = 1'000;
  std::int64_t max_backlog = 100'000;  ///< accepted executions that have not begun; 0: no bound
  std::chrono::seconds max_wait{3'600};
  std::chrono::seconds shutdown_delay{0};
  bool trust_request_id = false;
  bool access_log = true;
  int failed_status = 200;        ///< what `execute` answers when the workflow failed: 200 or 500
  bool webhook_envelope = false;  ///< webhook input is {method, headers, body, path, query} for every workflow

  std::string api_key;         ///< empty: the API is open
  std::string health_api_key;  ///< empty: health and metrics are open
  std::string monitor_token;
  bool monitor_public = false;
  std::size_t monitor_buffer = 1'024;  ///< events per client
  std::size_t monitor_max_clients = 10'000;

  expr::Value expression_env;  ///< what the expressions of triggers see as `env`

  std::string cors_origins;
  bool cors_allow_all = false;

  /// Whether only programs on this machine can reach the listen address.
  bool listens_on_loopback() const;
};

Settings read_settings(Environment& env);

}  // namespace r8r::api
