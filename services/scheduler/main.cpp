#include <cstdio>

#include <boost/asio/co_spawn.hpp>

#include "common/base/async.hpp"
#include "common/base/environment.hpp"
#include "common/base/log.hpp"
#include "common/http/probe.hpp"
#include "services/scheduler/scheduler.hpp"

int main() {
  r8r::Environment env = r8r::Environment::of_process();
  const r8r::scheduler::Settings settings = r8r::scheduler::read_settings(env);
  r8r::configure_logging(env, "r8r-scheduler");
  if (!env.problems().empty()) {
    for (const std::string& problem : env.problems()) std::fprintf(stderr, "r8r-scheduler: %s\n", problem.c_str());
    return 2;
  }
  for (const std::string& line : env.unknown_names()) r8r::log::warn(line);

  r8r::asio::io_context io(1);
  r8r::scheduler::Scheduler scheduler(io, settings);
  r8r::http::ServiceProbe probe(io, settings.metrics_host, settings.metrics_port,
                                [&] { return scheduler.why_not_ready(); });
  if (const r8r::Result<void> listening = probe.listen(); !listening) {
    std::fprintf(stderr, "r8r-scheduler: %s\n", listening.error().message.c_str());
    return 1;
  }
  r8r::on_shutdown_signal(io, [&] { scheduler.stop(); });
  int exit_code = 0;
  boost::asio::co_spawn(io, scheduler.run(), [&](std::exception_ptr failure) {
    if (failure) {
      r8r::log::error("the scheduler stopped on an unexpected error");
      exit_code = 1;
    }
    io.stop();
  });
  io.run();
  return exit_code;
}
