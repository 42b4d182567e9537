#include "cli/application.hpp"

#include <unistd.h>
#include <CLI/CLI.hpp>

#include <cstdlib>
#include <iostream>

#include "cli/client/client_version.hpp"
#include "cli/commands/executions.hpp"
#include "cli/commands/test.hpp"
#include "cli/commands/version.hpp"
#include "cli/commands/workflows.hpp"
#include "cli/console/console.hpp"
#include "cli/console/near_names.hpp"
#include "cli/server/server_command.hpp"
#include "common/base/environment.hpp"

namespace r8r::cli {
namespace {

constexpr const char* kDefaultUrl = "http://127.0.0.1:8080";

/// A command of the reference that this version does not have: named, so that nobody takes it for a misspelling.
struct Unbuilt {
  const char* name;
  std::vector<const char*> aliases = {};
};
const std::vector<Unbuilt>& unbuilt_commands() {
  static const std::vector<Unbuilt> all = {{"dev"},
                                           {"db"},
                                           {"doctor"},
                                           {"run"},
                                           {"runs"},
                                           {"approve"},
                                           {"deny"},
                                           {"approvals"},
                                           {"events"},
                                           {"dlq"},
                                           {"monitor", {"watch"}},
                                           {"lint"},
                                           {"schema"},
                                           {"credentials", {"secrets"}},
                                           {"keys"},
                                           {"policy"},
                                           {"init"},
                                           {"templates"},
                                           {"completions"},
                                           {"create", {"generate"}},
                                           {"refine"},
                                           {"prompt"},
                                           {"chat"},
                                           {"integrations"},
                                           {"migrate"},
                                           {"mcp"}};
  return all;
}
const std::vector<Unbuilt>& unbuilt_workflows_commands() {
  static const std::vector<Unbuilt> all = {{"logs"},     {"search"},     {"replay"}, {"resume"}, {"history"},
                                           {"rollback"}, {"trace"},      {"delete"}, {"enable"}, {"disable"},
                                           {"export"},   {"export-all"}, {"dag"}};
  return all;
}
const std::vector<Unbuilt>& unbuilt_executions_commands() {
  static const std::vector<Unbuilt> all = {{"list"}, {"why"}, {"cancel"}, {"pause"}, {"resume"}, {"replay"}, {"watch"}};
  return all;
}

/// The command tree. Parsing chooses an action; the action runs afterwards.
class Application {
 public:
  Application();
  int run(int argc, char** argv);

 private:
  using Action = std::function<int()>;
  CLI::App* command(CLI::App* parent, const std::string& name, const std::string& help, Action action);
  void add_unbuilt(CLI::App* parent, const std::string& prefix, const std::vector<Unbuilt>& commands);
  void add_server();
  void add_workflows();
  void add_executions();
  void add_test();
  int usage_error(const CLI::ParseError& error, const std::vector<std::string>& arguments);
  /// For commands that speak to a server.
  int with_server(const std::function<int(Context&)>& body);

  CLI::App app_{"r8r: workflows that survive. A client of the server's HTTP API, and the server itself.", "r8r"};
  Console console_{std::cout, std::cerr};
  Action action_;

  std::string url_;
  std::string api_key_;
  ServerFlags server_;
  ListWorkflows list_;
  bool only_enabled_ = false;
  bool only_disabled_ = false;
  std::vector<std::string> files_;
  ShowWorkflow show_;
  RunWorkflow run_;
  std::string execution_id_;
  TestFlags test_;
};

CLI::App* Application::command(CLI::App* parent, const std::string& name, const std::string& help, Action action) {
  CLI::App* sub = parent->add_subcommand(name, help);
  sub->fallthrough();
  if (action) sub->final_callback([this, action = std::move(action)] { action_ = action; });
  return sub;
}

void Application::add_unbuilt(CLI::App* parent, const std::string& prefix, const std::vector<Unbuilt>& commands) {
  for (const Unbuilt& entry : commands) {
    const std::string name = prefix + entry.name;
    CLI::App* sub = parent->add_subcommand(entry.name, "not built yet");
    // Whatever its flags will be: they are not the reason why it does not work.
    sub->allow_extras()->fallthrough(false);
    sub->group("");  // not in the help
    sub->final_callback([this, name, sub] {
      const std::vector<std::string> rest = sub->remaining();
      if (std::find(rest.begin(), rest.end(), "--json") != rest.end()) console_.json = true;
      action_ = [this, name] {
        return console_.fail(
            {"NOT_BUILT", fmt::format("'r8r {}' is not built yet", name), exit_code::kError, {}, {}, {}, {}, {}});
      };
    });
    for (const char* alias : entry.aliases) sub->alias(alias);
  }
}

void Application::add_server() {
  CLI::App* server = command(&app_, "server", "run the whole stack on this machine until Ctrl-C",
                             [this] { return run_server(console_, server_); });
  server->alias("serve");
  server->add_option("-p,--port", server_.port, "port of the HTTP API (8080; 0: any free one)")
      ->check(CLI::Range(0, 65535));
  server->add_option("--host", server_.host, "address to listen on (127.0.0.1)");
  server->add_option("--data-dir", server_.data_dir,
                     "where the data is kept (R8R_DATA_DIR, /var/lib/r8r as root, else ~/.local/share/r8r)");
  server->add_option("--workers", server_.workers, "how many workers (1)")->check(CLI::Range(1, 64));
  server->add_option("--schedulers", server_.schedulers, "how many schedulers (1)")->check(CLI::Range(1, 64));
  server
      ->add_option("--workflows", server_.workflow_folders,
                   "load the workflow files of this folder, now and when they change; repeatable")
      ->allow_extra_args(false);
  server->add_flag("--no-ui", server_.no_ui, "accepted; there is no dashboard yet");
  server->footer(
      "Starts a private PostgreSQL and nats-server unless R8R_DATABASE_URL and R8R_NATS_URL name others, then the "
      "services,\n"
      "and prints one line with the address when all are ready. Settings are R8R_ variables: see "
      "docs/configuration.md.");
}

void Application::add_workflows() {
  CLI::App* workflows = command(&app_, "workflows", "create, look at and run workflows", nullptr);
  workflows->require_subcommand(1);

  CLI::App* list = command(workflows, "list", "all workflows", [this] {
    if (only_enabled_ || only_disabled_) list_.enabled = only_enabled_;
    return with_server([this](Context& context) { return list_workflows(context, list_); });
  });
  list->add_option("--search", list_.search, "only those with this text in name or description");
  CLI::Option* enabled = list->add_flag("--enabled", only_enabled_, "only enabled ones");
  list->add_flag("--disabled", only_disabled_, "only disabled ones")->excludes(enabled);

  CLI::App* create =
      command(workflows, "create", "check and store workflow files; an existing one gets a new version",
              [this] { return with_server([this](Context& context) { return create_workflows(context, files_); }); });
  create->add_option("files", files_, "YAML or JSON files; - is standard input")->required();

  CLI::App* show = command(workflows, "show", "one workflow: inputs, nodes, triggers", [this] {
    return with_server([this](Context& context) { return show_workflow(context, show_); });
  });
  show->add_option("name", show_.name, "the workflow")->required();
  show->add_flag("--yaml", show_.yaml, "print the file as it was written");

  CLI::App* run = command(workflows, "run", "run a workflow and print its output", [this] {
    return with_server([this](Context& context) { return run_workflow(context, run_); });
  });
  run->add_option("name", run_.name, "the workflow")->required();
  run->add_option("-i,--input", run_.input, "the input: JSON, @file, or - for standard input");
  run->add_option("-p,--param", run_.parameters, "one input as key=value, wins over --input; repeatable")
      ->allow_extra_args(false);
  run->add_flag("-w,--wait{true},!--no-wait", run_.wait, "wait for the end (default); --wait=false does not");
  run->add_option("--timeout", run_.timeout_seconds, "seconds to wait at most (300); the execution goes on after that")
      ->check([](const std::string& text) {
        return std::atof(text.c_str()) > 0 ? "" : fmt::format("'{}' is not a number of seconds above 0", text);
      });
  run->add_option("--idempotency-key", run_.idempotency_key, "runs once, however often this is repeated");
  run->add_option("--correlation-id", run_.correlation_id, "an id of yours, kept with the execution");
  run->add_flag("--allow-failed", run_.allow_failed, "exit 0 also when the execution failed");

  CLI::App* validate = command(workflows, "validate", "check workflow files without a server",
                               [this] { return validate_workflows(console_, files_); });
  validate->add_option("files", files_, "YAML or JSON files; - is standard input")->required();

  add_unbuilt(workflows, "workflows ", unbuilt_workflows_commands());
}

void Application::add_executions() {
  CLI::App* executions = command(&app_, "executions", "look at what ran", nullptr);
  executions->require_subcommand(1);
  CLI::App* show = command(executions, "show", "one execution: status, input, output", [this] {
    return with_server([this](Context& context) { return show_execution(context, execution_id_); });
  });
  CLI::App* trace = command(executions, "trace", "its nodes: status, time, errors", [this] {
    return with_server([this](Context& context) { return trace_execution(context, execution_id_); });
  });
  for (CLI::App* sub : {show, trace}) sub->add_option("id", execution_id_, "the execution's id")->required();
  add_unbuilt(executions, "executions ", unbuilt_executions_commands());
}

void Application::add_test() {
  CLI::App* test = command(&app_, "test", "run the tests of workflow files in this process",
                           [this] { return test_workflows(console_, test_); });
  test->add_option("files", test_.paths, "files with tests, or folders of NAME.test.yaml (r8r-tests.yaml)");
  test->add_option("-k,--filter", test_.filter, "only tests with this text in their name");
  test->add_option("--junit-xml,--junit", test_.junit_file, "write the results to this file, as JUnit does");
  test->add_flag("--tap", test_.tap, "print the results in the Test Anything Protocol");
  test->add_flag("--update-snapshots", test_.update_snapshots,
                 "write the outputs that came into the files, where others or none were expected");
  test->footer(
      "A test gives an input and what must come of it; the engine and nodes are those of the services. Waits take no\n"
      "time; nodes that reach outside need an output under 'mocks'. See docs/testing-workflows.md.");
}

Application::Application() {
  app_.set_version_flag("-V,--version", fmt::format("r8r {} ({})", client_version(), client_commit()));
  app_.add_flag("--json", console_.json, "machine output: JSON on standard output, errors as JSON on standard error");
  app_.add_option("--url", url_, "the server (R8R_URL, else http://127.0.0.1:8080)");
  app_.add_option("--api-key", api_key_, "the server's key (R8R_API_KEY)");
  app_.add_flag("--utc", console_.utc, "times in UTC instead of local time");
  app_.require_subcommand(0, 1);
  app_.footer(
      "Exit codes: 0 success, 1 error, 2 wrong usage, 3 not found, 4 no server, 5 not authorised, 124 wait ran out.");
  add_server();
  add_workflows();
  add_executions();
  add_test();
  command(&app_, "version", "of this program and of the server",
          [this] { return with_server([](Context& context) { return show_version(context); }); });
  add_unbuilt(&app_, "", unbuilt_commands());
  const char* no_colour = std::getenv("NO_COLOR");
  console_.colour = ::isatty(STDERR_FILENO) != 0 && (no_colour == nullptr || *no_colour == '\0');
}

int Application::with_server(const std::function<int(Context&)>& body) {
  Environment environment = Environment::of_process();
  for (const char* name : {"R8R_URL", "R8R_SERVER_URL", "R8R_BASE_URL"})
    if (url_.empty()) url_ = environment.text_or(name, "");
  if (url_.empty()) url_ = kDefaultUrl;
  if (api_key_.empty()) api_key_ = environment.text_or("R8R_API_KEY", "");
  for (const std::string& problem : environment.problems())
    return console_.fail({"CONFIG_ERROR", problem, exit_code::kUsage, {}, {}, {}, {}, {}});
  const auto url = checked_url(url_);
  if (!url) return console_.fail(url.error());
  ApiClient api(*url, api_key_);
  Context context{console_, api};
  return body(context);
}

// What CLI11 says, in our form; a word that is no command gets the commands that are near.
int Application::usage_error(const CLI::ParseError& error, const std::vector<std::string>& arguments) {
  Failure failure{"USAGE_ERROR", error.what(), exit_code::kUsage, {}, {}, {}, {}, {}};
  const CLI::App* at = &app_;
  std::string path = "r8r";
  for (const std::string& argument : arguments) {
    if (argument.starts_with("-")) continue;
    const auto subs = at->get_subcommands([](const CLI::App*) { return true; });
    const auto found =
        std::find_if(subs.begin(), subs.end(), [&](const CLI::App* sub) { return sub->check_name(argument); });
    if (found != subs.end()) {
      at = *found;
      path += " " + argument;
      continue;
    }
    // Options of the root take a value that is no command; only a group's own words are judged here.
    if (subs.empty() || argument == url_ || argument == api_key_) break;
    std::vector<std::string> names;
    for (const CLI::App* sub : subs)
      if (!sub->get_group().empty()) names.push_back(sub->get_name());
    failure.message = fmt::format("there is no command '{} {}'", path, argument);
    failure.suggestions = near_names(argument, names);
    break;
  }
  failure.hints.push_back(fmt::format("see: {} --help", path));
  return console_.fail(failure);
}

int Application::run(int argc, char** argv) {
  try {
    app_.parse(argc, argv);
  } catch (const CLI::Success& asked_for_words) {  // --help, --version
    return app_.exit(asked_for_words);
  } catch (const CLI::ParseError& error) {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    // The flag may stand behind what could not be parsed.
    if (std::find(arguments.begin(), arguments.end(), "--json") != arguments.end()) console_.json = true;
    return usage_error(error, arguments);
  }
  if (!action_) {
    std::cout << app_.help();
    return exit_code::kSuccess;
  }
  return action_();
}

}  // namespace

int run_application(int argc, char** argv) {
  try {
    Application application;
    return application.run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "error[INTERNAL_ERROR]: " << error.what() << '\n';
    return exit_code::kError;
  }
}

}  // namespace r8r::cli
