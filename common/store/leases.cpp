#include "common/store/leases.hpp"

#include "common/base/log.hpp"
#include "common/store/pool_lease.hpp"
#include "common/store/sqlstate.hpp"

namespace r8r::store {
namespace {

constexpr Statement kForgetOld{"lease_forget_old",
                               "delete from schedulers s where s.fenced and s.lease_until < now() - interval '1 hour' "
                               "and not exists (select 1 from partitions p where p.owner = s.incarnation)"};
constexpr Statement kBegin{
    "lease_begin",
    "insert into schedulers (name, lease_until) values ($1, now() + $2::float8 * interval '1 millisecond') "
    "returning incarnation"};
constexpr Statement kRenew{"lease_renew",
                           "update schedulers set lease_until = now() + $2::float8 * interval '1 millisecond' "
                           "where incarnation = $1 and not fenced"};
constexpr Statement kPeers{
    "lease_peers",
    "select s.incarnation, s.name, (extract(epoch from s.lease_until - now()) * 1000)::int8, s.fenced from schedulers "
    "s "
    "where not s.fenced or exists (select 1 from partitions p where p.owner = s.incarnation) order by s.incarnation"};
constexpr Statement kPartitions{"lease_partitions", "select id, owner from partitions order by id"};
constexpr Statement kState{"lease_state", "select fenced, lease_until < now() from schedulers where incarnation = $1"};
constexpr Statement kLockTimeout{"lease_lock_timeout", "select set_config('lock_timeout', '1000', true)"};
// Waits for every transaction in which the incarnation writes now; later ones wait for us, and then see that it is
// fenced.
constexpr Statement kLockOut{"lease_lock_out", "select pg_advisory_xact_lock($1)"};
constexpr Statement kFence{
    "lease_fence", "update schedulers set fenced = true where incarnation = $1 and not fenced and lease_until < now()"};
// Incarnations are numbered per database, so a session of another database may bear the same name.
constexpr Statement kEndSessions{
    "lease_end_sessions",
    "select pg_terminate_backend(a.pid) from pg_stat_activity a join schedulers s on s.incarnation = $1 "
    "where s.lease_until < now() and a.datname = current_database() and a.application_name = $2 and a.pid <> "
    "pg_backend_pid()"};
constexpr Statement kClaim{
    "lease_claim",
    "update partitions set owner = $1 where id in (select p.id from partitions p where p.owner is null or not exists "
    "(select 1 from schedulers s where s.incarnation = p.owner and not s.fenced) order by p.id limit $2 for update of "
    "p skip locked) "
    "and exists (select 1 from schedulers s where s.incarnation = $1 and not s.fenced) returning id"};
constexpr Statement kRelease{"lease_release", "update partitions set owner = null where owner = $1 and id = any($2)"};
constexpr Statement kReleaseAll{"lease_release_all", "update partitions set owner = null where owner = $1"};
constexpr Statement kEnd{"lease_end", "update schedulers set fenced = true where incarnation = $1"};

Params of(std::int64_t incarnation) {
  Params params;
  params.add(incarnation);
  return params;
}

Params of(std::int64_t incarnation, std::chrono::milliseconds lease) {
  Params params = of(incarnation);
  params.add(std::int64_t{lease.count()});
  return params;
}

/// Gives the lock to us for one transaction in which `last` runs.
std::vector<Query> locked_out(std::int64_t incarnation, const Statement& last) {
  std::vector<Query> queries;
  queries.push_back({&kLockTimeout, {}});
  queries.push_back({&kLockOut, of(incarnation)});
  queries.push_back({&last, of(incarnation)});
  return queries;
}

bool lock_was_busy(const Error& error) {
  return sqlstate_of(error) == "55P03";
}

}  // namespace

awaitable<Result<std::int64_t>> Leases::begin_incarnation(std::string name, std::chrono::milliseconds lease) {
  Params params;
  params.add(std::move(name)).add(std::int64_t{lease.count()});
  std::vector<Query> queries;
  queries.push_back({&kForgetOld, {}});
  queries.push_back({&kBegin, std::move(params)});
  Result<std::vector<ResultSet>> results = co_await run_on(pool_, std::move(queries), Grouping::separate);
  if (!results) co_return fail(std::move(results.error()));
  co_return results->back().int8(0, 0);
}

awaitable<Result<bool>> Leases::renew(std::int64_t incarnation, std::chrono::milliseconds lease) {
  Result<ResultSet> result = co_await run_on(pool_, kRenew, of(incarnation, lease));
  if (!result) co_return fail(std::move(result.error()));
  co_return result->affected() == 1;
}

awaitable<Result<std::vector<Peer>>> Leases::peers() {
  Result<ResultSet> rows = co_await run_on(pool_, kPeers);
  if (!rows) co_return fail(std::move(rows.error()));
  std::vector<Peer> peers;
  for (int row = 0; row < rows->rows(); ++row) {
    Peer& peer = peers.emplace_back();
    peer.incarnation = rows->int8(row, 0);
    peer.name = rows->text(row, 1);
    peer.lease_left = std::chrono::milliseconds(rows->int8(row, 2));
    peer.fenced = rows->boolean(row, 3);
  }
  co_return peers;
}

awaitable<Result<std::vector<PartitionOwner>>> Leases::partitions() {
  Result<ResultSet> rows = co_await run_on(pool_, kPartitions);
  if (!rows) co_return fail(std::move(rows.error()));
  std::vector<PartitionOwner> owners;
  for (int row = 0; row < rows->rows(); ++row) {
    PartitionOwner& partition = owners.emplace_back();
    partition.partition = rows->int4(row, 0);
    if (!rows->is_null(row, 1)) partition.owner = rows->int8(row, 1);
  }
  co_return owners;
}

awaitable<Result<bool>> Leases::fence(std::int64_t expired) {
  // Two rounds: what holds the lock after the first is a transaction that does not move, and its session is ended.
  for (int round = 0; round < 2; ++round) {
    Result<ResultSet> state = co_await run_on(pool_, kState, of(expired));
    if (!state) co_return fail(std::move(state.error()));
    // A row that is gone was fenced an hour ago. Whoever fenced it held the lock, so nothing of it is under way.
    if (state->empty() || state->boolean(0, 0)) co_return true;
    if (!state->boolean(0, 1)) co_return false;

    Result<std::vector<ResultSet>> fenced = co_await run_on(pool_, locked_out(expired, kFence), Grouping::transaction);
    // Not touched: renewed while we waited, or fenced by another taker.
    if (fenced && fenced->back().affected() == 1) co_return true;
    if (fenced) continue;
    if (!lock_was_busy(fenced.error()) || round == 1) co_return fail(std::move(fenced.error()));

    Params who = of(expired);
    who.add(writer_name(expired));
    Result<ResultSet> ended = co_await run_on(pool_, kEndSessions, std::move(who));
    if (!ended) co_return fail(std::move(ended.error()));
    log::warn("ended the sessions of a scheduler that does not answer",
              {{"incarnation", expired}, {"sessions", ended->rows()}});
  }
  Result<ResultSet> state = co_await run_on(pool_, kState, of(expired));
  if (!state) co_return fail(std::move(state.error()));
  co_return state->empty() || state->boolean(0, 0);
}

awaitable<Result<std::vector<int>>> Leases::claim(std::int64_t incarnation, int max) {
  Params params = of(incarnation);
  params.add(std::int64_t{max});
  Result<ResultSet> rows = co_await run_on(pool_, kClaim, std::move(params));
  if (!rows) co_return fail(std::move(rows.error()));
  std::vector<int> taken;
  for (int row = 0; row < rows->rows(); ++row) taken.push_back(rows->int4(row, 0));
  std::sort(taken.begin(), taken.end());
  co_return taken;
}

awaitable<Result<void>> Leases::release(std::int64_t incarnation, std::vector<int> partitions) {
  Params params = of(incarnation);
  params.add(std::span<const int>(partitions));
  Result<ResultSet> done = co_await run_on(pool_, kRelease, std::move(params));
  if (!done) co_return fail(std::move(done.error()));
  co_return Result<void>();
}

awaitable<Result<void>> Leases::end_incarnation(std::int64_t incarnation) {
  // Under the lock like every fence, should a commit of ours be under way against the rules.
  std::vector<Query> queries = locked_out(incarnation, kEnd);
  queries.push_back({&kReleaseAll, of(incarnation)});
  Result<std::vector<ResultSet>> done = co_await run_on(pool_, std::move(queries), Grouping::transaction);
  if (!done) co_return fail(std::move(done.error()));
  co_return Result<void>();
}

}  // namespace r8r::store
