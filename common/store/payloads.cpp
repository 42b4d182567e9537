#include "common/store/payloads.hpp"

#include <fmt/format.h>
#include <openssl/sha.h>

#include "common/base/byte_text.hpp"
#include "common/store/pool_lease.hpp"

namespace r8r::store {
namespace {

constexpr Statement kPut{"payload_put",
                         "insert into payloads (execution_id, key, data) values ($1, $2, $3) on conflict do nothing"};
constexpr Statement kPart{
    "payload_part", "select substr(data, $3::int4 + 1, $4::int4) from payloads where execution_id = $1 and key = $2"};

}  // namespace

std::string payload_key(std::string_view data) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(data.data()), data.size(), digest);
  return to_hex({reinterpret_cast<const char*>(digest), sizeof digest});
}

awaitable<Result<void>> Payloads::put(Uuid execution_id, std::vector<StoredPayload> payloads) {
  for (StoredPayload& payload : payloads) {
    Params params;
    params.add(execution_id).add(std::move(payload.key)).add_bytes(std::move(payload.data));
    Result<ResultSet> done = co_await run_on(pool_, kPut, std::move(params));
    if (!done) co_return fail(std::move(done.error()));
  }
  co_return Result<void>();
}

awaitable<Result<std::vector<std::string>>> Payloads::whole(Uuid execution_id, std::vector<std::string> payloads) {
  for (std::string& text : payloads) {
    if (!payload::is_reference(text)) continue;
    Result<std::vector<payload::Piece>> pieces = payload::pieces(text);
    if (!pieces) co_return fail(std::move(pieces.error()));
    std::string whole;
    whole.reserve(payload::bytes(text));
    for (const payload::Piece& piece : *pieces) {
      if (piece.key.empty()) {
        whole += piece.text;
        continue;
      }
      Params params;
      params.add(execution_id)
          .add(piece.key)
          .add(static_cast<std::int32_t>(piece.at))
          .add(static_cast<std::int32_t>(piece.size));
      Result<ResultSet> rows = co_await run_on(pool_, kPart, std::move(params));
      if (!rows) co_return fail(std::move(rows.error()));
      if (rows->empty() || rows->bytes_view(0, 0).size() != piece.size) {
        co_return fail(ErrorCode::invalid_state,
                       fmt::format("a stored output of {} bytes of execution {} is not there any more", piece.size,
                                   execution_id.to_string()));
      }
      whole += rows->bytes_view(0, 0);
    }
    text = std::move(whole);
  }
  co_return payloads;
}

}  // namespace r8r::store
