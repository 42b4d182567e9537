#pragma once
#include <memory>
#include <string>

#include "common/bus/connection.hpp"
#include "common/catalog/catalog.hpp"
#include "common/store/accept_queue.hpp"
#include "services/api/approvals_endpoints.hpp"
#include "services/api/backlog.hpp"
#include "services/api/completion_waiter.hpp"
#include "services/api/control_endpoints.hpp"
#include "services/api/database_endpoints.hpp"
#include "services/api/dead_letter_endpoints.hpp"
#include "services/api/debounce.hpp"
#include "services/api/event_inbox.hpp"
#include "services/api/event_publisher.hpp"
#include "services/api/event_subscribers.hpp"
#include "services/api/events_endpoint.hpp"
#include "services/api/exec_publisher.hpp"
#include "services/api/execute_endpoint.hpp"
#include "services/api/execution_lists.hpp"
#include "services/api/execution_starter.hpp"
#include "services/api/executions_endpoints.hpp"
#include "services/api/monitor.hpp"
#include "services/api/replay_endpoint.hpp"
#include "services/api/settings.hpp"
#include "services/api/webhooks.hpp"
#include "services/api/why_endpoint.hpp"
#include "services/api/workflow_directory.hpp"
#include "services/api/workflows_endpoints.hpp"

namespace r8r::api {

/// The parts that need the bus and a database with its schema: made when both were reached once, in the order in which
/// they use each other.
struct Backend {
  Backend(asio::io_context& io, const Settings& settings, const Lifecycle& lifecycle, store::Pool& pool,
          std::unique_ptr<bus::Connection> connection, int partitions, const std::string& instance);

  /// Listens to completions, changed workflows and events. Errors: as bus::Connection::subscribe.
  Result<void> subscribe();

  std::string done_subject;
  std::unique_ptr<bus::Connection> bus;
  store::AcceptQueue accept_queue;
  store::DebounceQueue debounce_queue;
  Catalog catalog;
  WorkflowDirectory directory;
  CompletionWaiter waiter;
  ExecPublisher publisher;
  Backlog backlog;
  ExecutionStarter starter;
  Debouncer debouncer;
  EventSubscribers subscribers;
  EventPublisher event_publisher;
  ExecutionOwner owner;
  RunPreparation preparation;
  ExecuteEndpoint execute;
  ReplayEndpoint replay;
  WorkflowsEndpoints workflows;
  ExecutionsEndpoints executions;
  ExecutionLists lists;
  ControlEndpoints control;
  WhyEndpoint why;
  EventsEndpoint events;
  EventInbox event_inbox;
  DatabaseEndpoints database;
  DeadLetterEndpoints dead_letters;
  ApprovalsEndpoints approvals;
  Webhooks webhooks;
  Monitor monitor;

 private:
  void on_workflow_changed(const std::vector<bus::Message>& messages);

  bus::Subscription completions_;
  bus::Subscription changes_;
};

}  // namespace r8r::api
