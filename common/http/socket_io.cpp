#include "common/http/socket_io.hpp"

#include <cerrno>

#include <sys/socket.h>
#include <sys/uio.h>

namespace r8r::http {

ssize_t send_now(int socket, std::string_view first, std::string_view second) {
  iovec parts[2] = {{const_cast<char*>(first.data()), first.size()}, {const_cast<char*>(second.data()), second.size()}};
  msghdr message{};
  message.msg_iov = first.empty() ? parts + 1 : parts;
  message.msg_iovlen = (first.empty() ? 0 : 1) + (second.empty() ? 0 : 1);
  while (true) {
    const ssize_t sent = ::sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0) return sent;
    if (errno == EINTR) continue;
    return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
  }
}

ssize_t receive_now(int socket, char* into, std::size_t size) {
  while (true) {
    const ssize_t got = ::recv(socket, into, size, MSG_DONTWAIT);
    if (got >= 0) return got;
    if (errno == EINTR) continue;
    return errno == EAGAIN || errno == EWOULDBLOCK ? -1 : 0;
  }
}

}  // namespace r8r::http
