#pragma once
#include <cstdint>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "common/base/result.hpp"

namespace r8r::store {

class Pool;

/// What should not be there. All counts are 0 in a sound database.
struct Integrity {
  std::int64_t orphaned_executions = 0;         ///< live ones whose workflow version does not exist
  std::int64_t orphaned_node_executions = 0;    ///< executions that have a journal and no row
  std::int64_t orphaned_workflow_versions = 0;  ///< versions without their workflow
  std::int64_t orphaned_timers = 0;             ///< timers of executions that are not live
  std::int64_t broken_workflows = 0;            ///< workflows whose current version does not exist
  std::int64_t ended_and_live = 0;              ///< runs that are live and in history

  bool sound() const { return first_problem() == "ok"; }
  /// For people: "ok", or the first thing that is wrong.
  std::string first_problem() const;
};

/// Counts them. Of journals only those of the newest `executions` are looked at, so that the cost does not grow with
/// history.
boost::asio::awaitable<Result<Integrity>> check_integrity(Pool& pool, std::int64_t executions);

}  // namespace r8r::store
