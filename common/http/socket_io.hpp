#pragma once
#include <string_view>

#include <sys/types.h>

namespace r8r::http {

/// Writes to a socket without waiting: the bytes taken, 0 when the kernel has no room now, -1 when the connection is
/// broken.
ssize_t send_now(int socket, std::string_view first, std::string_view second);

/// Reads without waiting: the bytes read, 0 at the end of the stream or when it is broken, -1 when there are none now.
ssize_t receive_now(int socket, char* into, std::size_t size);

}  // namespace r8r::http
