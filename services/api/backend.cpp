#include "services/api/backend.hpp"

#include "common/base/log.hpp"
#include "common/bus/subjects.hpp"

namespace r8r::api {
namespace {

store::CommitOptions commit_options(const Settings& settings, const char* queue, const std::string& instance) {
  store::CommitOptions options;
  options.url = settings.common.database_url;
  options.application_name = std::string("r8r-") + queue + "-" + instance.substr(0, 8);
  return options;
}

}  // namespace

Backend::Backend(asio::io_context& io, const Settings& settings, const Lifecycle& lifecycle, store::Pool& pool,
                 std::unique_ptr<bus::Connection> connection, int partitions, const std::string& instance)
    : done_subject(bus::done_subject(instance)),
      bus(std::move(connection)),
      accept_queue(io, commit_options(settings, "accept", instance)),
      debounce_queue(io, commit_options(settings, "debounce", instance)),
      catalog(io, pool),
      directory(io, pool, catalog),
      waiter(io, pool),
      publisher(io, *bus, partitions),
      backlog(pool, settings.max_backlog),
      starter(*bus, accept_queue, publisher, backlog, waiter, done_subject),
      debouncer({*bus, debounce_queue, publisher, backlog, settings.expression_env}),
      subscribers(io, pool, catalog, directory),
      event_publisher({io, *bus, pool, directory, subscribers, publisher, backlog, settings.expression_env}),
      owner(*bus, publisher),
      preparation(directory, catalog),
      execute({starter, preparation, waiter, pool, lifecycle}, {settings.max_wait, settings.trust_request_id},
              settings.failed_status),
      replay({starter, preparation, waiter, pool, lifecycle}, settings.max_wait, settings.failed_status),
      workflows(pool, *bus, directory),
      executions(pool, catalog, lifecycle),
      lists(pool, directory),
      control({owner, waiter, pool, lifecycle}, done_subject, settings.max_wait),
      why(owner, pool),
      events(event_publisher, lifecycle, settings.trust_request_id),
      event_inbox(io, *bus, events),
      database(pool, {.days = settings.common.retention_days, .idempotency_ttl = settings.common.idempotency_ttl}),
      dead_letters(pool, owner, lifecycle),
      approvals({owner, waiter, pool, lifecycle}, done_subject, settings.max_wait),
      webhooks({starter, debouncer, directory, waiter, lifecycle},
               {settings.webhook_envelope, settings.trust_request_id}),
      monitor(io, *bus, pool, {settings.monitor_buffer, settings.monitor_max_clients}) {}

Result<void> Backend::subscribe() {
  Result<bus::Subscription> completions =
      bus->subscribe(done_subject, [this](std::vector<bus::Message> messages) { waiter.deliver(messages); });
  if (!completions) return fail(std::move(completions.error()));
  completions_ = std::move(*completions);
  Result<bus::Subscription> changes =
      bus->subscribe(std::string(bus::kWorkflowChanged),
                     [this](std::vector<bus::Message> messages) { on_workflow_changed(messages); });
  if (!changes) return fail(std::move(changes.error()));
  changes_ = std::move(*changes);
  return event_inbox.subscribe();
}

void Backend::on_workflow_changed(const std::vector<bus::Message>& messages) {
  for (const bus::Message& message : messages) {
    Result<std::vector<bus::WorkflowChanged>> items = bus::decode<bus::WorkflowChanged>(message.data);
    if (!items) {
      log::warn("a notice of a changed workflow cannot be read", {{"error", items.error().message}});
      continue;
    }
    for (const bus::WorkflowChanged& item : *items) {
      directory.invalidate(item.name);
      monitor.relay_workflow_changed(item);
    }
  }
}

}  // namespace r8r::api
