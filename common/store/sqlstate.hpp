#pragma once
#include <string>
#include <string_view>

#include "common/base/result.hpp"

namespace r8r::store {

/// What to do about a failure of the database.
enum class FailureKind {
  link,     ///< the connection or the server is not usable now: throw the connection away, come back later
  crowded,  ///< too much at once (timeout, deadlock, serialization, memory): less at a time, then again
  fenced,   ///< this incarnation may not write any more
  refused,  ///< what was asked is at fault: asking again gives the same answer
};

/// `sqlstate` is empty when the link broke without an answer.
FailureKind kind_of_sqlstate(std::string_view sqlstate);

/// An Error for callers: a short message without SQL or addresses, {"sqlstate": "..."} in details.
/// link → service_unavailable, fenced → fenced, a journal row that is there and says something else → conflict_error,
/// others → storage_error.
Error database_error(std::string_view sqlstate);

/// The SQLSTATE of an Error that database_error made; empty when there is none.
std::string_view sqlstate_of(const Error& error);
/// What to do about an Error of a Connection.
FailureKind kind_of(const Error& error);

}  // namespace r8r::store
