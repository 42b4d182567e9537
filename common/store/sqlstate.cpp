#include "common/store/sqlstate.hpp"

#include <fmt/format.h>

namespace r8r::store {
namespace {

constexpr std::string_view kDetailsBegin = "{\"sqlstate\":\"";
constexpr std::string_view kFenced = "R8R01";
constexpr std::string_view kOtherEntries = "R8R02";

bool is_one_of(std::string_view state, std::initializer_list<std::string_view> all) {
  for (const std::string_view one : all) {
    if (state == one) return true;
  }
  return false;
}

}  // namespace

FailureKind kind_of_sqlstate(std::string_view state) {
  if (state.size() != 5) return FailureKind::link;
  if (state == kFenced) return FailureKind::fenced;
  // query_canceled (statement_timeout), lock_not_available, serialization_failure, deadlock_detected, out_of_memory
  if (is_one_of(state, {"57014", "55P03", "40001", "40P01", "53200"})) return FailureKind::crowded;
  const std::string_view cls = state.substr(0, 2);
  // 08 connection, 53 resources (disk full, too many connections), 57 operator intervention, 58 system error;
  // read_only_sql_transaction: we talk to a standby; 25P03: our own idle_in_transaction_session_timeout.
  if (is_one_of(cls, {"08", "53", "57", "58"}) || is_one_of(state, {"25006", "25P03"})) return FailureKind::link;
  return FailureKind::refused;
}

Error database_error(std::string_view state) {
  const std::string details = state.empty() ? std::string() : fmt::format("{}{}\"}}", kDetailsBegin, state);
  switch (kind_of_sqlstate(state)) {
    case FailureKind::link:
      return {ErrorCode::service_unavailable, "the database is not available; try again shortly", details};
    case FailureKind::fenced:
      return {ErrorCode::fenced, "another scheduler has taken over; this one may not write any more", details};
    case FailureKind::crowded:
      return {ErrorCode::storage_error,
              fmt::format("the database did not finish in time (SQLSTATE {}); try again", state), details};
    case FailureKind::refused:
      if (state != kOtherEntries) break;
      return {ErrorCode::conflict_error, "the execution had begun already", details};
  }
  return {ErrorCode::storage_error, fmt::format("the database refused the operation (SQLSTATE {})", state), details};
}

std::string_view sqlstate_of(const Error& error) {
  const std::string_view details = error.details;
  if (!details.starts_with(kDetailsBegin) || details.size() < kDetailsBegin.size() + 5) return {};
  return details.substr(kDetailsBegin.size(), 5);
}

FailureKind kind_of(const Error& error) {
  if (error.code == ErrorCode::fenced) return FailureKind::fenced;
  if (error.code == ErrorCode::storage_error || error.code == ErrorCode::conflict_error) {
    const std::string_view state = sqlstate_of(error);
    return state.empty() ? FailureKind::refused : kind_of_sqlstate(state);
  }
  return FailureKind::link;
}

}  // namespace r8r::store
