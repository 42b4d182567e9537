#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.hpp"
#include "services/api/monitor_filter.hpp"

namespace r8r::api {

/// What a monitor client sent: {"action": "subscribe" | "unsubscribe" | "ping", …}.
struct MonitorAction {
  enum class Kind { subscribe, unsubscribe, ping };

  Kind kind = Kind::ping;
  MonitorSelection selection;
  bool selects_nothing = true;        ///< no field of the selection was given
  std::optional<std::int64_t> since;  ///< replay only events after this one
  std::string id;                     ///< raw JSON to echo, or empty
};

/// Errors: invalid_request.
Result<MonitorAction> parse_action(std::string_view text);

// Frames to the client.
std::string connected_frame(std::string_view connection_id, std::string_view version);
std::string heartbeat_frame();
std::string action_frame(const MonitorAction& action);
/// Events `from` to `to` of an execution did not reach the client.
std::string gap_frame(const Uuid& execution, std::int64_t from, std::int64_t to);
/// `id` raw or empty.
std::string error_frame(std::string_view code, std::string_view message, std::string_view id = {});

}  // namespace r8r::api
