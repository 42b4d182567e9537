#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "common/base/async.hpp"
#include "common/base/log.hpp"
#include "services/api/service.hpp"

int main() {
  using namespace r8r;
  Environment env = Environment::of_process();
  configure_logging(env, "api");
  const api::Settings settings = api::read_settings(env);
  if (!env.problems().empty()) {
    for (const std::string& problem : env.problems()) std::fprintf(stderr, "r8r-api: %s\n", problem.c_str());
    return 2;
  }
  for (const std::string& line : env.unknown_names()) log::warn(line);
  std::signal(SIGPIPE, SIG_IGN);

  asio::io_context io(1);
  api::Service service(io, settings);
  if (const Result<void> listening = service.listen(); !listening) {
    std::fprintf(stderr, "r8r-api: %s\n", listening.error().message.c_str());
    return 1;
  }
  on_shutdown_signal(io, [&service] { service.begin_drain(); });
  int code = 1;
  asio::co_spawn(io, service.run(), [&](const std::exception_ptr& failure, int result) {
    if (!failure) code = result;
    io.stop();
  });
  try {
    io.run();
  } catch (const std::exception& error) {
    log::error("the service ends with an error", {{"error", error.what()}});
    return 1;
  }
  // Requests that were cut off still refer to the service; the process's end takes both at once.
  if (!service.ended_cleanly()) std::_Exit(code);
  return code;
}
