#include "cli/server/server_command.hpp"

#include "cli/server/stack.hpp"
#include "common/base/environment.hpp"

extern char** environ;  // NOLINT: POSIX

namespace r8r::cli {

int run_server(Console& console, const ServerFlags& flags) {
  Environment environment = Environment::of_process();
  configure_logging(environment, "server");
  server::ServerOptions options;
  options.host = environment.text_or("R8R_SERVER_HOST", options.host);
  options.port = static_cast<int>(environment.integer("R8R_SERVER_PORT", options.port, 0, 65535));
  options.own_database = !environment.text("R8R_DATABASE_URL") && !environment.text("DATABASE_URL");
  options.own_bus = !environment.text("R8R_NATS_URL");
  options.api_key = environment.text_or("R8R_API_KEY", "");
  if (!environment.problems().empty()) {
    for (const std::string& problem : environment.problems())
      console.fail({"CONFIG_ERROR", problem, exit_code::kUsage, {}, {}, {}, {}, {}});
    return exit_code::kUsage;
  }
  if (!flags.host.empty()) options.host = flags.host;
  if (flags.port) options.port = *flags.port;
  options.data_dir = flags.data_dir;
  options.workers = flags.workers;
  options.schedulers = flags.schedulers;
  options.workflow_folders = flags.workflow_folders;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (const auto equals = text.find('='); equals != std::string::npos)
      options.environment[text.substr(0, equals)] = text.substr(equals + 1);
  }
  const auto code = server::run_stack(options);
  return code ? *code : console.fail(failure_of(code.error()));
}

}  // namespace r8r::cli
