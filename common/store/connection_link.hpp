#pragma once
#include <libpq-fe.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/store/connection.hpp"

namespace r8r::store {

inline constexpr auto kQuiet = asio::as_tuple(asio::use_awaitable);

/// The libpq handle, its socket as Asio sees it, and the deadline of what is under way. Apart from the Connection so
/// that a deadline that fires late finds nothing instead of a dead object.
struct Connection::Link {
  explicit Link(asio::io_context& io) : socket(io), deadline(io) {}
  ~Link() { close(); }

  /// The socket belongs to libpq: Asio lets go of it first.
  void close() {
    deadline.cancel();
    if (socket.is_open()) socket.release();
    if (handle != nullptr) PQfinish(handle);
    handle = nullptr;
  }

  PGconn* handle = nullptr;
  asio::posix::stream_descriptor socket;
  asio::steady_timer deadline;
  std::uint64_t generation = 0;  ///< of the deadline: an old one that fires late is ignored
  bool timed_out = false;
};

}  // namespace r8r::store
