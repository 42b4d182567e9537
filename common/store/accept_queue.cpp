#include "common/store/accept_queue.hpp"

#include <boost/asio/async_result.hpp>
#include <map>

#include "common/store/commit_core.hpp"
#include "common/store/sqlstate.hpp"
#include "common/store/storable_text.hpp"

namespace r8r::store {
namespace {

/// API clients get their 503 within 2 s while the database is away; the rest is for noticing.
constexpr std::chrono::milliseconds kPatience{1'750};

// In the order of the keys, so that two services which take the same keys never wait for each other in a circle; of
// several with one key in a batch the first wins.
constexpr Statement kTakeKeys{
    "accept_take_keys",
    "insert into idempotency_keys (key, fingerprint, execution_id, created_at) "
    "select e.key, e.fingerprint, e.id, e.created_at from unnest($1, $2, $3, $4) with ordinality "
    "as e(key, fingerprint, id, created_at, place) order by e.key, e.place on conflict (key) do nothing"};
constexpr Statement kWinners{"accept_winners",
                             "select key, fingerprint, execution_id from idempotency_keys where key = any($1)"};

#define R8R_INSERT_LIVE                                                                                              \
  "insert into live_executions (id, partition, workflow_id, workflow_version, workflow_name, trigger_type, origin, " \
  "input, "                                                                                                          \
  "webhook, correlation_id, idempotency_key, traceparent, accepted_at, replayed_from, limit_key, event) select e.* " \
  "from "                                                                                                            \
  "unnest($1, $2, $3, $4, $5, $6, $7, "                                                                              \
  "$8, $9, $10, $11, $12, $13, $14, $15, $16) as e(id, partition, workflow_id, workflow_version, workflow_name, "    \
  "trigger_type, "                                                                                                   \
  "origin, "                                                                                                         \
  "input, webhook, correlation_id, key, traceparent, accepted_at, replayed_from, limit_key, event) "
constexpr Statement kInsert{"accept_insert", R8R_INSERT_LIVE "on conflict (id) do nothing"};
// Only those who won their keys. And an execution whose first insert was committed without our hearing of it may have
// ended by now: it must not come back to life.
constexpr Statement kInsertChecked{
    "accept_insert_checked", R8R_INSERT_LIVE
    "where (e.key is null or exists (select 1 from idempotency_keys k where k.key = e.key and k.execution_id = e.id)) "
    "and not exists (select 1 from executions x where x.id = e.id) on conflict (id) do nothing"};

// What executions begin with that do not begin at their start; only of those that were inserted, now or the first time.
constexpr Statement kPayloads{
    "accept_payloads",
    "insert into payloads (execution_id, key, data) select e.id, p.key, p.data from unnest($1, $2, $3) as "
    "e(id, source, key) join payloads p on p.execution_id = e.source and p.key = e.key join live_executions l on l.id "
    "= e.id on conflict do nothing"};
constexpr Statement kJournal{
    "accept_journal",
    "insert into journal (execution_id, run, seq, entries) select e.id, 1, 1, e.entries from unnest($1, $2) "
    "as e(id, entries) join live_executions l on l.id = e.id on conflict do nothing"};

struct AcceptItem : CommitItem {
  void settle(const Error* error) override {
    Result<Accepted> result = accepted;
    if (error != nullptr) result = fail(*error);
    // Whoever waits may go on from here, and destroy what belongs to it.
    const std::function<void(Result<Accepted>)> call = std::move(tell);
    call(std::move(result));
  }

  NewExecution execution;
  Accepted accepted;
  std::function<void(Result<Accepted>)> tell;
};

std::size_t bytes_of(const NewExecution& e) {
  return sizeof(AcceptItem) + e.workflow_name.size() + e.trigger_type.size() + e.origin.size() + e.input.size() +
         e.webhook.size() + e.event.size() + e.correlation_id.size() + e.idempotency_key.size() + e.fingerprint.size() +
         e.traceparent.size() + e.journal.size();
}

bool all_storable(const NewExecution& e) {
  return is_storable(e.input) && is_storable(e.workflow_name) && is_storable(e.trigger_type) && is_storable(e.origin) &&
         is_storable(e.webhook) && is_storable(e.event) && is_storable(e.correlation_id) &&
         is_storable(e.idempotency_key) && is_storable(e.fingerprint) && is_storable(e.traceparent) &&
         is_storable(e.journal);
}

Params rows_of(const std::vector<CommitItem*>& batch) {
  Column id(Type::uuid), partition(Type::int4), workflow_id(Type::uuid), version(Type::int4), name(Type::text),
      trigger(Type::text), origin(Type::text), input(Type::text), webhook(Type::text), correlation(Type::text),
      key(Type::text), traceparent(Type::text), accepted_at(Type::timestamptz), replayed_from(Type::uuid),
      limit_key(Type::text), event(Type::text);
  for (const CommitItem* item : batch) {
    const NewExecution& e = static_cast<const AcceptItem*>(item)->execution;
    id.add(e.id);
    partition.add(std::int32_t{e.partition});
    workflow_id.add(e.workflow_id);
    version.add(std::int32_t{e.workflow_version});
    name.add(e.workflow_name);
    trigger.add(e.trigger_type);
    origin.add(e.origin);
    input.add(e.input);
    webhook.add_text_or_null(e.webhook);
    correlation.add(e.correlation_id);
    key.add_text_or_null(e.idempotency_key);
    traceparent.add_text_or_null(e.traceparent);
    accepted_at.add(e.accepted_at);
    replayed_from.add(e.replayed_from);
    limit_key.add(e.limit_key);
    event.add_text_or_null(e.event);
  }
  Params params;
  for (Column* column : {&id, &partition, &workflow_id, &version, &name, &trigger, &origin, &input, &webhook,
                         &correlation, &key, &traceparent, &accepted_at, &replayed_from, &limit_key, &event}) {
    params.add(std::move(*column));
  }
  return params;
}

/// The statements about what executions begin with; none for most batches.
std::vector<Query> beginnings_of(const std::vector<CommitItem*>& batch) {
  Column id(Type::uuid), entries(Type::text), copy(Type::uuid), source(Type::uuid), key(Type::text);
  for (const CommitItem* item : batch) {
    const NewExecution& e = static_cast<const AcceptItem*>(item)->execution;
    if (e.journal.empty()) continue;
    id.add(e.id);
    entries.add(e.journal);
    if (!e.replayed_from) continue;
    for (const std::string& name : e.payload_keys) {
      copy.add(e.id);
      source.add(*e.replayed_from);
      key.add(name);
    }
  }
  std::vector<Query> queries;
  if (copy.size() > 0) {
    Params params;
    params.add(std::move(copy)).add(std::move(source)).add(std::move(key));
    queries.push_back({&kPayloads, std::move(params)});
  }
  if (id.size() > 0) {
    Params params;
    params.add(std::move(id)).add(std::move(entries));
    queries.push_back({&kJournal, std::move(params)});
  }
  return queries;
}

/// The statements about idempotency keys; only built when the batch has any.
struct KeyParams {
  Params take;
  Params winners;
};

KeyParams keys_of(const std::vector<CommitItem*>& batch) {
  Column key(Type::text), fingerprint(Type::text), id(Type::uuid), created_at(Type::timestamptz), asked(Type::text);
  for (const CommitItem* item : batch) {
    const NewExecution& e = static_cast<const AcceptItem*>(item)->execution;
    if (e.idempotency_key.empty()) continue;
    key.add(e.idempotency_key);
    asked.add(e.idempotency_key);
    fingerprint.add(e.fingerprint);
    id.add(e.id);
    created_at.add(e.accepted_at);
  }
  KeyParams params;
  params.take.add(std::move(key)).add(std::move(fingerprint)).add(std::move(id)).add(std::move(created_at));
  params.winners.add(std::move(asked));
  return params;
}

/// Tells each item with a key whether it won it. False: a key vanished between two statements, so nobody knows.
bool read_winners(const std::vector<CommitItem*>& batch, const ResultSet& rows) {
  std::map<std::string_view, int> row_of_key;
  for (int row = 0; row < rows.rows(); ++row) row_of_key.emplace(rows.text_view(row, 0), row);
  bool all_known = true;
  for (CommitItem* item : batch) {
    AcceptItem& accept = *static_cast<AcceptItem*>(item);
    if (accept.execution.idempotency_key.empty()) continue;
    const auto found = row_of_key.find(accept.execution.idempotency_key);
    if (found == row_of_key.end()) {
      all_known = false;
      continue;
    }
    accept.accepted.first_execution = rows.uuid(found->second, 2);
    accept.accepted.first_fingerprint = rows.text(found->second, 1);
    accept.accepted.created = accept.accepted.first_execution == accept.execution.id;
  }
  return all_known;
}

}  // namespace

struct AcceptQueue::Impl : CommitCore {
  Impl(asio::io_context& io, CommitOptions options)
      : CommitCore(io, std::move(options), {.queue = "accept", .patience = kPatience}) {}

  awaitable<Result<void>> write(Connection& connection, const std::vector<CommitItem*>& batch,
                                std::chrono::milliseconds limit) override {
    bool has_keys = false;
    bool again = false;
    for (const CommitItem* item : batch) {
      has_keys = has_keys || !static_cast<const AcceptItem*>(item)->execution.idempotency_key.empty();
      again = again || item->maybe_written;
    }
    std::vector<Query> queries;
    KeyParams keys;
    if (has_keys) {
      keys = keys_of(batch);
      queries.push_back({&kTakeKeys, std::move(keys.take)});
    }
    queries.push_back({has_keys || again ? &kInsertChecked : &kInsert, rows_of(batch)});
    for (Query& query : beginnings_of(batch)) queries.push_back(std::move(query));
    if (has_keys) queries.push_back({&kWinners, std::move(keys.winners)});

    Result<std::vector<ResultSet>> results = co_await connection.run(std::move(queries), Grouping::transaction, limit);
    if (!results) co_return fail(std::move(results.error()));
    if (has_keys && !read_winners(batch, results->back())) {
      // An expired key was deleted while we looked: once more, by the rules for lost answers.
      co_return fail(database_error("40001"));
    }
    co_return Result<void>();
  }
};

AcceptQueue::AcceptQueue(asio::io_context& io, CommitOptions options)
    : impl_(std::make_shared<Impl>(io, std::move(options))) {}

AcceptQueue::~AcceptQueue() {
  impl_->close();
}

namespace {

/// Holds the core itself: a coroutine begins when it is awaited, and the queue may be gone by then.
awaitable<Result<Accepted>> accept_in(std::shared_ptr<CommitCore> core, NewExecution execution) {
  auto item = std::make_shared<AcceptItem>();
  item->subject = execution.id;
  item->bytes = bytes_of(execution);
  if (!all_storable(execution)) {
    item->refused = Error{ErrorCode::storage_error, "the execution holds a NUL byte or text that is not UTF-8", {}};
  }
  item->execution = std::move(execution);
  // Both are moved on: the item holds this frame, so the frame must not hold the item.
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(Result<Accepted>)>(
      [](auto handler, std::shared_ptr<CommitCore> queue, std::shared_ptr<AcceptItem> waiting) {
        const auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        waiting->tell = [shared](Result<Accepted> result) { (*shared)(std::move(result)); };
        queue->submit(std::move(waiting));
      },
      asio::use_awaitable, std::move(core), std::move(item));
}

}  // namespace

awaitable<Result<Accepted>> AcceptQueue::accept(NewExecution execution) {
  return accept_in(impl_, std::move(execution));
}

std::size_t AcceptQueue::pending() const {
  return impl_->pending();
}
bool AcceptQueue::healthy() const {
  return impl_->healthy();
}

}  // namespace r8r::store
