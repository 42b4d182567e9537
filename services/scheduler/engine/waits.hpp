#pragma once
#include <optional>
#include <string>

#include "services/scheduler/engine/decision.hpp"

namespace r8r::engine {

enum class WaitKind {
  task,         ///< a segment is out with a worker, or on its way there
  retry,        ///< the next attempt
  timer,        ///< the end of a wait
  concurrency,  ///< ready; as many as settings.max_concurrency allows are out
  paused,       ///< a person
  approval,     ///< a person's decision
  child,        ///< the end of another execution
};

/// One thing that an execution waits for.
struct Wait {
  WaitKind kind;
  Unit unit{-1};                   ///< node -1: the execution as a whole
  int attempt = 1;                 ///< that is out, that failed, or that would begin
  Timestamp since{};               ///< 1970: not known
  std::optional<Timestamp> until;  ///< when it is over at the latest, as far as that is known
  std::int64_t dispatch_id = 0;    ///< task
  std::string why;                 ///< retry: the error; paused: the reason; child: the id of the execution
};

}  // namespace r8r::engine
