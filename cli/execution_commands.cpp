#include "cli/execution_commands.hpp"

namespace r8r::cli {
namespace {

const std::vector<Unbuilt>& unbuilt_executions_commands() {
  static const std::vector<Unbuilt> all = {{"list"}, {"why"}, {"replay"}, {"watch"}};
  return all;
}

std::string above_zero(const std::string& text) {
  return std::atof(text.c_str()) > 0 ? "" : fmt::format("'{}' is not a number of seconds above 0", text);
}

}  // namespace

CLI::App* ExecutionCommands::about_one(CLI::App* parent, const char* name, const char* help, Body body) {
  CLI::App* sub = tree_.command(parent, name, help, [this, body] {
    return tree_.with_server([this, body](Context& context) { return body(context, id_); });
  });
  sub->add_option("id", id_, "the execution's id")->required();
  return sub;
}

void ExecutionCommands::add_resume(CLI::App* parent) {
  CLI::App* resume = tree_.command(
      parent, "resume", "let a paused, failed or cancelled execution go on, and wait for its end",
      [this] { return tree_.with_server([this](Context& context) { return resume_execution(context, resume_); }); });
  resume->add_option("id", resume_.id, "the execution's id")->required();
  resume->add_flag("-w,--wait{true},!--no-wait", resume_.wait, "wait for the end (default); --wait=false does not");
  resume
      ->add_option("--timeout", resume_.timeout_seconds,
                   "seconds to wait at most (300); the execution goes on after that")
      ->check(above_zero);
  resume->add_flag("--allow-failed", resume_.allow_failed, "exit 0 also when the execution failed");
  resume->footer("Nodes that have completed keep their outputs; all others run again. The execution keeps its id.");
}

void ExecutionCommands::add() {
  CLI::App* executions = tree_.group("executions", "look at what runs and ran, and steer it");
  about_one(executions, "show", "one execution: status, input, output", show_execution);
  about_one(executions, "trace", "its nodes: status, time, errors", trace_execution);
  CLI::App* pause = tree_.command(executions, "pause", "let what runs finish, start nothing new", [this] {
    return tree_.with_server([this](Context& context) { return pause_execution(context, id_, reason_); });
  });
  CLI::App* cancel = tree_.command(executions, "cancel", "end an execution where it is", [this] {
    return tree_.with_server([this](Context& context) { return cancel_execution(context, id_, reason_); });
  });
  for (CLI::App* sub : {pause, cancel}) {
    sub->add_option("id", id_, "the execution's id")->required();
    sub->add_option("--reason", reason_, "why, for whoever looks at it later");
  }
  add_resume(executions);
  tree_.add_unbuilt(executions, "executions ", unbuilt_executions_commands());
}

void ExecutionCommands::add_below_workflows(CLI::App* workflows) {
  add_resume(workflows);
}

}  // namespace r8r::cli
