#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "common/base/result.hpp"
#include "common/base/time.hpp"
#include "common/base/uuid.hpp"
#include "common/store/events.hpp"

namespace r8r::store {

class Pool;

/// An execution of an upstream workflow has ended, and nothing has come of it yet.
struct UpstreamEnding {
  std::int64_t id = 0;  ///< in the order in which they ended
  std::string upstream;
  Uuid execution_id;
  int run = 1;
  Timestamp ended_at;
  /// The workflow that waits for it has begun since, for another reason than an ending.
  bool outdated = false;
};

/// A workflow with endings that wait.
struct WaitingWorkflow {
  Uuid id;
  std::string name;  ///< empty: it is not there any more
  int version = 0;
  bool enabled = false;
  std::int64_t last = 0;  ///< the newest of its endings
  std::int64_t count = 0;
};

/// What an execution of an upstream workflow passes on.
struct UpstreamOutput {
  std::int64_t bytes = 0;             ///< of all outputs that were asked for together
  std::optional<std::string> output;  ///< raw JSON; nothing: it had none, or all together are too large
  std::string correlation_id;         ///< empty: the execution is not there any more
  std::string traceparent;            ///< or empty
};

/// An execution that follows from endings.
struct DependencyStart {
  std::vector<std::int64_t> endings;
  EventExecution execution;
};

enum class StartOutcome {
  started,
  not_enabled,  ///< the workflow is disabled or gone: the endings are used up and nothing starts
  taken,        ///< somebody else has used one of the endings: nothing was changed
};

/// Workflows that start when others have ended. Whoever ends an execution notes it for them (progress_batch.cpp).
class Dependencies {
 public:
  explicit Dependencies(Pool& pool) : pool_(pool) {}

  /// The workflows whose endings start enabled others.
  boost::asio::awaitable<Result<std::vector<std::string>>> upstream_names();
  /// Who waits in these partitions.
  boost::asio::awaitable<Result<std::vector<WaitingWorkflow>>> waiting(std::vector<int> partitions);
  /// The first endings that a workflow waits with, in order; none when it has another version now. With `joined` it is
  /// found out which are outdated.
  boost::asio::awaitable<Result<std::vector<UpstreamEnding>>> endings(WaitingWorkflow workflow, bool joined, int limit);
  /// In the order of the endings. Together no more than `max_bytes`, else none.
  boost::asio::awaitable<Result<std::vector<UpstreamOutput>>> outputs(std::vector<UpstreamEnding> endings,
                                                                      std::int64_t max_bytes);
  /// Starts executions and drops endings that are of no use, in one transaction: each ending is used once, whoever
  /// asks. Errors: fenced, and those of the database.
  boost::asio::awaitable<Result<std::vector<StartOutcome>>> start(std::int64_t incarnation,
                                                                  std::vector<DependencyStart> starts,
                                                                  std::vector<std::int64_t> dropped);
  /// Drops what waits for workflows that are disabled or gone. The answer: how many endings. Errors as start().
  boost::asio::awaitable<Result<std::int64_t>> drop_idle(std::int64_t incarnation, std::vector<int> partitions);

 private:
  Pool& pool_;
};

}  // namespace r8r::store
