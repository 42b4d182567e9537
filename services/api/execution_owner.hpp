#pragma once
#include "common/base/async.hpp"
#include "common/bus/connection.hpp"
#include "common/bus/messages.hpp"
#include "services/api/exec_publisher.hpp"

namespace r8r::api {

/// What the scheduler that owns an execution said.
struct OwnerAnswer {
  bus::ControlReply reply;
  /// A question before this one got no answer: what it asked for may have been done already.
  bool unsure = false;
};

/// The line to whoever owns an execution. Partitions change hands, and for a moment nobody has them: it asks again
/// until somebody answers.
class ExecutionOwner {
 public:
  ExecutionOwner(bus::Connection& bus, const ExecPublisher& publisher) : bus_(bus), publisher_(publisher) {}

  /// `partition`: where the execution's row says that it lives; nothing for one that has ended. Errors:
  /// service_unavailable when nobody could answer until `deadline`.
  awaitable<Result<OwnerAnswer>> ask(bus::ControlRequest request, std::optional<int> partition,
                                     SteadyClock::time_point deadline);

 private:
  bus::Connection& bus_;
  const ExecPublisher& publisher_;
};

}  // namespace r8r::api
