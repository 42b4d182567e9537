#pragma once
#include <memory>
#include <string>

#include "common/bus/connection.hpp"
#include "common/store/accept_queue.hpp"
#include "services/api/backlog.hpp"
#include "services/api/completion_waiter.hpp"
#include "services/api/exec_publisher.hpp"
#include "services/api/workflow_directory.hpp"

namespace r8r::api {

/// A run that somebody asked for; the input is checked already.
struct NewRun {
  Uuid workflow_id;
  int workflow_version = 0;
  std::string workflow_name;
  std::shared_ptr<const workflow::Workflow> workflow;  ///< that version, for its limits
  std::string input;                                   ///< raw JSON
  std::string trigger_type;                            ///< api, webhook, replay
  std::string webhook;                                 ///< raw `execution.webhook`, or empty
  std::string event;                                   ///< raw `execution.event`, or empty
  std::string correlation_id;                          ///< empty: the execution's id
  std::string idempotency_key;                         ///< empty: none
  std::string fingerprint;                             ///< with a key
  std::string traceparent;
  std::optional<Uuid> replayed_from;
  std::string journal;                    ///< raw array of entries that it begins with, or empty
  std::vector<std::string> payload_keys;  ///< of the stored payloads of `replayed_from` that these name
  bool wanted = false;                    ///< somebody waits for the end
};

struct StartedRun {
  Uuid id;
  store::Accepted accepted;
  std::unique_ptr<CompletionWaiter::Ticket> ticket;  ///< with `wanted`, when it was created
};

/// Makes executions durable and tells the schedulers: the one way in for everything that starts executions.
class ExecutionStarter {
 public:
  ExecutionStarter(bus::Connection& bus, store::AcceptQueue& queue, ExecPublisher& publisher, Backlog& backlog,
                   CompletionWaiter& waiter, std::string reply_subject);

  /// Returns after the commit. Errors: service_unavailable, queue_full, rate_limited, storage_error.
  awaitable<Result<StartedRun>> start(NewRun run);

 private:
  bus::Connection& bus_;
  store::AcceptQueue& queue_;
  ExecPublisher& publisher_;
  Backlog& backlog_;
  CompletionWaiter& waiter_;
  std::string reply_subject_;
};

}  // namespace r8r::api
