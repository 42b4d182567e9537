#include "common/http/server_state.hpp"

#include <sys/socket.h>
#include <cerrno>
#include <cstring>

#include "common/base/json_text.hpp"
#include "common/base/log.hpp"
#include "common/http/connection.hpp"

namespace r8r::http {
namespace {

constexpr auto kQuiet = asio::as_tuple(asio::deferred);
// Connections beyond the limit that may wait to be told so.
constexpr std::size_t kRefusals = 256;
constexpr int kAcceptsPerTurn = 64;
constexpr auto kDescriptorPause = std::chrono::milliseconds(100);

void serve(std::unique_ptr<Connection> connection, asio::io_context& io,
           awaitable<void> (*how)(std::unique_ptr<Connection>)) {
  asio::co_spawn(io, how(std::move(connection)), [](std::exception_ptr failure) {
    if (!failure) return;
    try {
      std::rethrow_exception(failure);
    } catch (const std::exception& error) {
      log::error("an HTTP connection ended with an error", {{"error", error.what()}});
    }
  });
}

/// An IPv4 client of a dual-stack listener is named by its IPv4 address.
std::string address_text(const asio::ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
  return address.to_string();
}

}  // namespace

ServerState::ServerState(asio::io_context& io_context, ServerOptions server_options, const Router& route_table)
    : io(io_context),
      options(std::move(server_options)),
      router(route_table),
      acceptor(io),
      sweep_timer(io),
      all_gone(io) {}

void ServerState::join(Connection& connection) {
  connection.place = connections.size();
  connections.push_back(&connection);
  if (connections.size() == 1) sweep_timer.cancel();
}

void ServerState::leave(Connection& connection) {
  Connection* last = connections.back();
  last->place = connection.place;
  connections[connection.place] = last;
  connections.pop_back();
  if (connections.empty()) all_gone.notify_all();
}

SteadyClock::duration ServerState::tick() const {
  const auto shortest = std::min({options.header_timeout, options.body_timeout, options.idle_timeout,
                                  options.write_timeout, options.websocket_timeout / 2});
  return std::clamp<std::chrono::milliseconds>(shortest / 8, std::chrono::milliseconds(5),
                                               std::chrono::milliseconds(1000));
}

awaitable<void> ServerState::sweep(std::shared_ptr<ServerState> self) {
  while (!self->closed) {
    const bool idle = self->connections.empty();
    self->sweep_timer.expires_at(idle ? SteadyClock::time_point::max() : SteadyClock::now() + self->tick());
    co_await self->sweep_timer.async_wait(kQuiet);
    const auto now = SteadyClock::now();
    // Nothing that a deadline does ends a connection right here; it only wakes its coroutine.
    for (std::size_t i = 0; i < self->connections.size(); ++i) self->connections[i]->check_deadline(now);
  }
}

bool ServerState::accept_one() {
  sockaddr_storage address{};
  socklen_t length = sizeof(address);
  const int descriptor =
      ::accept4(acceptor.native_handle(), reinterpret_cast<sockaddr*>(&address), &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (descriptor < 0) {
    if (errno == EINTR || errno == ECONNABORTED) return true;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return false;
    if (!out_of_descriptors_)
      log::warn("cannot take new connections for now",
                {{"error", std::strerror(errno)}, {"connections", connections.size()}});
    out_of_descriptors_ = true;
    return false;
  }
  out_of_descriptors_ = false;
  asio::ip::tcp::endpoint peer;
  std::memcpy(peer.data(), &address, std::min<std::size_t>(length, peer.capacity()));
  Socket socket(io.get_executor());
  boost::system::error_code error;
  socket.assign(peer.protocol(), descriptor, error);
  if (error) {
    ::close(descriptor);
    return true;
  }
  socket.set_option(asio::ip::tcp::no_delay(true), error);
  const bool refused = is_full();
  if (refused && connections.size() >= options.max_connections + kRefusals) return true;
  auto connection = std::make_unique<Connection>(shared_from_this(), std::move(socket), address_text(peer.address()));
  serve(std::move(connection), io, refused ? &Connection::refuse : &Connection::run);
  return true;
}

awaitable<void> ServerState::accept(std::shared_ptr<ServerState> self) {
  asio::steady_timer pause(self->io);
  while (self->acceptor.is_open()) {
    const auto [error] = co_await self->acceptor.async_wait(asio::ip::tcp::acceptor::wait_read, kQuiet);
    if (!self->acceptor.is_open()) co_return;
    int taken = 0;
    while (!error && taken < kAcceptsPerTurn && self->accept_one()) ++taken;
    if (error || self->out_of_descriptors_) {
      pause.expires_after(kDescriptorPause);
      co_await pause.async_wait(kQuiet);
    }
  }
}

void ServerState::stop_accepting() {
  boost::system::error_code ignored;
  acceptor.close(ignored);
}

void ServerState::start_draining() {
  stop_accepting();
  if (draining) return;
  draining = true;
  for (std::size_t i = 0; i < connections.size(); ++i) connections[i]->start_draining();
}

void ServerState::abort_all() {
  for (std::size_t i = 0; i < connections.size(); ++i) connections[i]->abort();
}

Response ServerState::error(const Request& request, int status, ErrorCode code, const std::string& message) const {
  Response response;
  if (options.error_response) {
    response = options.error_response(request, status, code, message);
  } else {
    std::string body = "{\"error\": {\"code\": " + json_string(error_code_name(code)) + ", \"message\": ";
    append_json_string(body, message);
    body += ", \"request_id\": " + json_string(request.request_id) + "}}\n";
    response = Response::json(status, std::move(body));
  }
  if (response.status == 503 && !response.header("retry-after")) response.headers.emplace_back("Retry-After", "1");
  return response;
}

}  // namespace r8r::http
