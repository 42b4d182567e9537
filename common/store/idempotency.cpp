#include "common/store/idempotency.hpp"

#include "common/store/pool_lease.hpp"
#include "common/store/storable_text.hpp"

namespace r8r::store {
namespace {

constexpr Statement kFind{"idempotency_find", "select execution_id, fingerprint from idempotency_keys where key = $1"};

}  // namespace

awaitable<Result<std::optional<IdempotencyKey>>> IdempotencyKeys::find(std::string key) {
  std::optional<IdempotencyKey> found;
  if (!is_storable(key)) co_return found;
  Params params;
  params.add(std::move(key));
  Result<ResultSet> rows = co_await run_on(pool_, kFind, std::move(params));
  if (!rows) co_return fail(std::move(rows.error()));
  if (!rows->empty()) found = IdempotencyKey{rows->uuid(0, 0), rows->text(0, 1)};
  co_return found;
}

}  // namespace r8r::store
