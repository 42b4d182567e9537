#include "common/store/debounce_queue.hpp"

#include <boost/asio/async_result.hpp>
#include <functional>
#include <map>
#include <tuple>

#include "common/store/commit_core.hpp"
#include "common/store/storable_text.hpp"

namespace r8r::store {
namespace {

/// As of the queue for other executions: clients get their 503 within 2 s while the database is away.
constexpr std::chrono::milliseconds kPatience{1'750};

// In the order of the keys, so that two services with calls of the same keys never wait for each other in a circle. A
// row that another transaction is deleting is waited for, and then it is no conflict any more. An execution that no
// limit holds is at home in any partition; one with a limit must be where the others of its limit are.
constexpr Statement kRecord{
    "debounce_record",
    "insert into delayed_starts as d (execution_id, partition, run_at, workflow_id, workflow_version, workflow_name, "
    "trigger_type, input, correlation_id, traceparent, limit_key, webhook, debounce_trigger, debounce_key, "
    "first_call_at, latest_start) "
    "select id, partition, run_at, workflow_id, version, name, trigger_type, input, coalesce(correlation_id, "
    "id::text), traceparent, limit_key, webhook, trigger, key, called_at, latest_start from unnest($1, $2, $3, $4, $5, "
    "$6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) as e(id, partition, run_at, workflow_id, version, name, "
    "trigger_type, input, correlation_id, traceparent, limit_key, webhook, trigger, key, called_at, latest_start) "
    "order by workflow_id, trigger, key "
    "on conflict (workflow_id, debounce_trigger, debounce_key) where debounce_key is not null do update set "
    "partition = case when excluded.limit_key is null then d.partition else excluded.partition end, "
    "run_at = least(excluded.run_at, d.latest_start), workflow_version = excluded.workflow_version, "
    "workflow_name = excluded.workflow_name, trigger_type = excluded.trigger_type, input = excluded.input, "
    "correlation_id = case when excluded.correlation_id = excluded.execution_id::text then d.execution_id::text else "
    "excluded.correlation_id end, traceparent = excluded.traceparent, limit_key = excluded.limit_key, "
    "webhook = excluded.webhook "
    "returning workflow_id, debounce_trigger, debounce_key, execution_id, run_at"};

struct DebounceItem : CommitItem {
  void settle(const Error* error) override {
    Result<Debounced> result = debounced;
    if (error != nullptr) result = fail(*error);
    // Whoever waits may go on from here, and destroy what belongs to it.
    const std::function<void(Result<Debounced>)> to = std::move(tell);
    to(std::move(result));
  }

  DebouncedCall call;
  Debounced debounced;
  std::function<void(Result<Debounced>)> tell;
};

DebounceItem& debounce_item(CommitItem* item) {
  return *static_cast<DebounceItem*>(item);
}

/// What calls must have in common to become one execution. Views into the item.
using Place = std::tuple<Uuid, std::string_view, std::string_view>;

Place place_of(const DebouncedCall& call) {
  return {call.execution.workflow_id, call.trigger, call.key};
}

std::size_t bytes_of(const DebouncedCall& call) {
  const EventExecution& e = call.execution;
  return sizeof(DebounceItem) + e.workflow_name.size() + e.trigger_type.size() + e.input.size() + e.webhook.size() +
         e.correlation_id.size() + e.traceparent.size() + call.trigger.size() + call.key.size();
}

bool all_storable(const DebouncedCall& call) {
  const EventExecution& e = call.execution;
  return is_storable(e.input) && is_storable(e.workflow_name) && is_storable(e.webhook) &&
         is_storable(e.correlation_id) && is_storable(e.traceparent) && is_storable(call.trigger) &&
         is_storable(call.key);
}

Params rows_of(const std::map<Place, DebounceItem*>& last) {
  Column id(Type::uuid), partition(Type::int4), run_at(Type::timestamptz), workflow_id(Type::uuid), version(Type::int4),
      name(Type::text), trigger_type(Type::text), input(Type::text), correlation(Type::text), traceparent(Type::text),
      limit_key(Type::text), webhook(Type::text), trigger(Type::text), key(Type::text), called_at(Type::timestamptz),
      latest_start(Type::timestamptz);
  for (const auto& [place, item] : last) {
    const DebouncedCall& call = item->call;
    const EventExecution& e = call.execution;
    id.add(e.id);
    partition.add(std::int32_t{e.partition});
    run_at.add(e.time);
    workflow_id.add(e.workflow_id);
    version.add(std::int32_t{e.workflow_version});
    name.add(e.workflow_name);
    trigger_type.add(e.trigger_type);
    input.add(e.input);
    correlation.add_text_or_null(e.correlation_id);
    traceparent.add_text_or_null(e.traceparent);
    limit_key.add(e.limit_key);
    webhook.add_text_or_null(e.webhook);
    trigger.add(call.trigger);
    key.add(call.key);
    called_at.add(call.called_at);
    latest_start.add(call.latest_start);
  }
  Params params;
  for (Column* column : {&id, &partition, &run_at, &workflow_id, &version, &name, &trigger_type, &input, &correlation,
                         &traceparent, &limit_key, &webhook, &trigger, &key, &called_at, &latest_start}) {
    params.add(std::move(*column));
  }
  return params;
}

}  // namespace

struct DebounceQueue::Impl : CommitCore {
  Impl(asio::io_context& io, CommitOptions options)
      : CommitCore(io, std::move(options), {.queue = "debounce", .patience = kPatience}) {}

  awaitable<Result<void>> write(Connection& connection, const std::vector<CommitItem*>& batch,
                                std::chrono::milliseconds limit) override {
    std::map<Place, DebounceItem*> last;
    for (CommitItem* each : batch) {
      DebounceItem& item = debounce_item(each);
      // Its row may be committed, and an execution by now, whose id must not start a second time.
      if (item.maybe_written) item.call.execution.id = Uuid::v7();
      last[place_of(item.call)] = &item;
    }
    std::vector<Query> queries;
    queries.push_back({&kRecord, rows_of(last)});
    Result<std::vector<ResultSet>> results = co_await connection.run(std::move(queries), Grouping::transaction, limit);
    if (!results) co_return fail(std::move(results.error()));

    const ResultSet& rows = results->front();
    std::map<Place, int> row_of;
    for (int row = 0; row < rows.rows(); ++row)
      row_of.emplace(Place(rows.uuid(row, 0), rows.text_view(row, 1), rows.text_view(row, 2)), row);
    for (CommitItem* each : batch) {
      DebounceItem& item = debounce_item(each);
      const Place place = place_of(item.call);
      const int row = row_of.at(place);
      item.debounced.id = rows.uuid(row, 3);
      item.debounced.run_at = rows.time(row, 4);
      item.debounced.first = item.debounced.id == item.call.execution.id;
    }
    co_return Result<void>();
  }
};

DebounceQueue::DebounceQueue(asio::io_context& io, CommitOptions options)
    : impl_(std::make_shared<Impl>(io, std::move(options))) {}

DebounceQueue::~DebounceQueue() {
  impl_->close();
}

namespace {

/// Holds the core itself: a coroutine begins when it is awaited, and the queue may be gone by then.
awaitable<Result<Debounced>> accept_in(std::shared_ptr<CommitCore> core, DebouncedCall call) {
  auto item = std::make_shared<DebounceItem>();
  item->subject = call.execution.id;
  item->bytes = bytes_of(call);
  if (!all_storable(call))
    item->refused = Error{ErrorCode::storage_error, "the call holds a NUL byte or text that is not UTF-8", {}};
  item->call = std::move(call);
  // Both are moved on: the item holds this frame, so the frame must not hold the item.
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(Result<Debounced>)>(
      [](auto handler, std::shared_ptr<CommitCore> queue, std::shared_ptr<DebounceItem> waiting) {
        const auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        waiting->tell = [shared](Result<Debounced> result) { (*shared)(std::move(result)); };
        queue->submit(std::move(waiting));
      },
      asio::use_awaitable, std::move(core), std::move(item));
}

}  // namespace

awaitable<Result<Debounced>> DebounceQueue::accept(DebouncedCall call) {
  return accept_in(impl_, std::move(call));
}

}  // namespace r8r::store
