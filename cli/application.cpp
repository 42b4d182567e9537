#include "cli/application.hpp"

#include <iostream>

#include "cli/approval_commands.hpp"
#include "cli/command_tree.hpp"
#include "cli/commands/events.hpp"
#include "cli/commands/test.hpp"
#include "cli/commands/version.hpp"
#include "cli/commands/workflows.hpp"
#include "cli/execution_commands.hpp"
#include "cli/operations_commands.hpp"
#include "cli/server/server_command.hpp"

namespace r8r::cli {
namespace {

const std::vector<Unbuilt>& unbuilt_commands() {
  static const std::vector<Unbuilt> all = {{"dev"},          {"doctor"},      {"monitor", {"watch"}},
                                           {"lint"},         {"schema"},      {"credentials", {"secrets"}},
                                           {"keys"},         {"policy"},      {"init"},
                                           {"templates"},    {"completions"}, {"create", {"generate"}},
                                           {"refine"},       {"prompt"},      {"chat"},
                                           {"integrations"}, {"migrate"},     {"mcp"}};
  return all;
}
const std::vector<Unbuilt>& unbuilt_workflows_commands() {
  static const std::vector<Unbuilt> all = {{"history"}, {"rollback"}, {"trace"},      {"delete"}, {"enable"},
                                           {"disable"}, {"export"},   {"export-all"}, {"dag"}};
  return all;
}

class Application : public CommandTree {
 public:
  Application();

 private:
  void add_server();
  void add_workflows();
  void add_events();
  void add_test();

  ServerFlags server_;
  PublishEvent event_;
  ListWorkflows list_;
  bool only_enabled_ = false;
  bool only_disabled_ = false;
  std::vector<std::string> files_;
  ShowWorkflow show_;
  RunWorkflow run_;
  ExecutionCommands executions_;
  OperationsCommands operations_;
  ApprovalCommands approvals_;
  TestFlags test_;
};

void Application::add_server() {
  CLI::App* server = command(&root(), "server", "run the whole stack on this machine until Ctrl-C",
                             [this] { return run_server(console(), server_); });
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
  CLI::App* workflows = group("workflows", "create, look at and run workflows");

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
                               [this] { return validate_workflows(console(), files_); });
  validate->add_option("files", files_, "YAML or JSON files; - is standard input")->required();

  executions_.add_below_workflows(workflows);
  add_unbuilt(workflows, "workflows ", unbuilt_workflows_commands());
}

void Application::add_events() {
  CLI::App* events = group("events", "tell workflows that something happened");
  CLI::App* publish = command(events, "publish", "start the workflows that listen to an event", [this] {
    return with_server([this](Context& context) { return publish_event(context, event_); });
  });
  publish->add_option("name", event_.name, "the event's name, as order.created")->required();
  publish->add_option("-d,--data", event_.data, "JSON, @FILE, or - for standard input (default: null)");
  publish->add_option("-s,--source", event_.source, "who says so");
  publish->add_option("--correlation-id", event_.correlation_id,
                      "of the executions that it starts (default: the event's id)");
  publish->add_option("--idempotency-key", event_.idempotency_key, "publishing again with this key starts nothing new");
}

void Application::add_test() {
  CLI::App* test = command(&root(), "test", "run the tests of workflow files in this process",
                           [this] { return test_workflows(console(), test_); });
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

Application::Application() : executions_(*this), operations_(*this), approvals_(*this) {
  add_server();
  add_workflows();
  executions_.add();
  add_events();
  operations_.add();
  approvals_.add();
  approvals_.add_below_runs(root().get_subcommand("runs"));
  add_test();
  command(&root(), "version", "of this program and of the server",
          [this] { return with_server([](Context& context) { return show_version(context); }); });
  add_unbuilt(&root(), "", unbuilt_commands());
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
