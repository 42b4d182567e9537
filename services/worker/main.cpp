#include <cstdio>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "common/base/log.hpp"
#include "services/worker/worker.hpp"

namespace {

// Detached on purpose: it is the last thing that runs, and stops the io_context.
r8r::awaitable<void> shut_down(r8r::asio::io_context& io, r8r::worker::Worker& worker) {
  co_await worker.drain();
  io.stop();
}

}  // namespace

int main() {
  r8r::Environment env = r8r::Environment::of_process();
  r8r::configure_logging(env, "worker");
  const r8r::worker::Settings settings = r8r::worker::read_settings(env);
  for (const std::string& line : env.problems()) std::fprintf(stderr, "r8r-worker: %s\n", line.c_str());
  if (!env.problems().empty()) return 2;
  for (const std::string& line : env.unknown_names()) r8r::log::warn(line);

  r8r::asio::io_context io(1);
  r8r::worker::Worker worker(io, settings, settings.expression_env);
  r8r::on_shutdown_signal(io, [&io, &worker] { r8r::asio::co_spawn(io, shut_down(io, worker), r8r::asio::detached); });
  if (const r8r::Result<void> started = worker.start(); !started) {
    std::fprintf(stderr, "r8r-worker: %s\n", started.error().message.c_str());
    return 1;
  }
  io.run();
  return 0;
}
