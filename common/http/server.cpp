#include "common/http/server.hpp"

#include <sys/resource.h>
#include <sys/socket.h>

#include <fmt/format.h>

#include "common/base/log.hpp"
#include "common/http/connection.hpp"
#include "common/http/server_state.hpp"

namespace r8r::http {
namespace {

using asio::ip::tcp;

constexpr int kBacklog = 4096;
// Descriptors for everything that is not a client: database, bus, logs, outgoing requests.
constexpr std::size_t kReservedDescriptors = 512;

/// Raises the limit of open descriptors as far as we may, and returns how many connections fit below it.
std::size_t connections_that_fit(std::size_t wanted) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return wanted;
  if (limit.rlim_cur < limit.rlim_max) {
    rlimit raised = limit;
    raised.rlim_cur = limit.rlim_max;
    if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  }
  if (limit.rlim_cur == RLIM_INFINITY) return wanted;
  const auto all = static_cast<std::size_t>(limit.rlim_cur);
  const std::size_t reserved = std::min(kReservedDescriptors, all / 2);
  return std::min(wanted, all - reserved);
}

Result<tcp::endpoint> endpoint_of(const std::string& host, unsigned short port) {
  boost::system::error_code error;
  const auto address = asio::ip::make_address(host == "localhost" ? "127.0.0.1" : host, error);
  if (error)
    return fail(ErrorCode::config_error,
                fmt::format("'{}' is not an IP address to listen on; use 127.0.0.1, 0.0.0.0 or one "
                            "of this machine's addresses",
                            host));
  return tcp::endpoint(address, port);
}

Error listen_error(const tcp::endpoint& at, const boost::system::error_code& error) {
  if (error == asio::error::address_in_use)
    return {ErrorCode::config_error,
            fmt::format("port {} is in use; stop the program that listens there or choose another port", at.port()),
            {}};
  if (error == asio::error::access_denied)
    return {ErrorCode::config_error,
            fmt::format("port {} is not allowed for this user; choose one above 1023", at.port()),
            {}};
  return {ErrorCode::config_error,
          fmt::format("cannot listen on {} port {}: {}", at.address().to_string(), at.port(), error.message()),
          {}};
}

}  // namespace

Server::Server(asio::io_context& io, ServerOptions options, const Router& router)
    : state_(std::make_shared<ServerState>(io, std::move(options), router)) {}

Server::~Server() {
  state_->closed = true;
  state_->stop_accepting();
  state_->abort_all();
  state_->sweep_timer.cancel();
}

Result<void> Server::listen() {
  ServerState& state = *state_;
  const std::size_t fit = connections_that_fit(state.options.max_connections);
  if (fit < state.options.max_connections) {
    log::warn("the limit of open files is lower than the limit of connections; raise it (ulimit -n)",
              {{"max_connections", state.options.max_connections}, {"possible", fit}});
    state.options.max_connections = fit;
  }
  const Result<tcp::endpoint> at = endpoint_of(state.options.host, state.options.port);
  if (!at) return fail(at.error());
  boost::system::error_code error;
  state.acceptor.open(at->protocol(), error);
  if (!error) state.acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) state.acceptor.non_blocking(true, error);
  if (!error) state.acceptor.bind(*at, error);
  if (!error) state.acceptor.listen(kBacklog, error);
  if (error) {
    state.stop_accepting();
    return fail(listen_error(*at, error));
  }
  ::fcntl(state.acceptor.native_handle(), F_SETFD, FD_CLOEXEC);
  state.port = state.acceptor.local_endpoint(error).port();
  // Both end when the server does: they hold the state until then.
  asio::co_spawn(state.io, state.accept(state_), asio::detached);
  asio::co_spawn(state.io, state.sweep(state_), asio::detached);
  return {};
}

unsigned short Server::port() const {
  return state_->port;
}
void Server::stop_accepting() {
  state_->stop_accepting();
}

awaitable<bool> Server::drain(SteadyClock::duration limit) {
  // The server may go while we wait.
  const std::shared_ptr<ServerState> state = state_;
  state->start_draining();
  const auto deadline = SteadyClock::now() + limit;
  while (!state->connections.empty()) {
    const auto now = SteadyClock::now();
    if (now >= deadline) {
      state->abort_all();
      co_return false;
    }
    co_await state->all_gone.wait_for(deadline - now);
  }
  co_return true;
}

std::size_t Server::connections() const {
  return state_->connections.size();
}
std::size_t Server::websockets() const {
  return state_->websockets;
}
std::size_t Server::in_flight() const {
  return state_->in_flight;
}

}  // namespace r8r::http
