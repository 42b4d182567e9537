#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "common/base/uuid.hpp"

namespace r8r::api {

/// One event as monitor clients get it: encoded once, shared by all of them.
struct MonitorEvent {
  Uuid execution_id;  ///< nil: not about an execution
  std::string workflow;
  std::string type;
  std::shared_ptr<const std::string> body;

  /// The "seq" in the body; 0 when there is none. Scans the text: for the rare case only.
  std::int64_t seq() const;
};
using MonitorEventPtr = std::shared_ptr<const MonitorEvent>;

}  // namespace r8r::api
