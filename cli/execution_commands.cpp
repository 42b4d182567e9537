#include "cli/execution_commands.hpp"

#include <unistd.h>

#include <iostream>

namespace r8r::cli {
namespace {

constexpr int kMostListed = 100'000;

std::string above_zero(const std::string& text) {
  return std::atof(text.c_str()) > 0 ? "" : fmt::format("'{}' is not a number of seconds above 0", text);
}

void add_wait_options(CLI::App* command, RunWait& options) {
  command->add_flag("-w,--wait{true},!--no-wait", options.wait, "wait for the end (default); --wait=false does not");
  command
      ->add_option("--timeout", options.timeout_seconds,
                   "seconds to wait at most (300); the execution goes on after that")
      ->check(above_zero);
  command->add_flag("--allow-failed", options.allow_failed, "exit 0 also when the execution failed");
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
      parent, "resume", "let a paused, failed or cancelled execution go on, and wait for its end", [this] {
        return tree_.with_server([this](Context& context) { return resume_execution(context, id_, resume_); });
      });
  resume->add_option("id", id_, "the execution's id")->required();
  add_wait_options(resume, resume_);
  resume->footer("Nodes that have completed keep their outputs; all others run again. The execution keeps its id.");
}

void ExecutionCommands::add_replay(CLI::App* parent) {
  CLI::App* replay = tree_.command(parent, "replay", "run it again, as a new execution, and wait for its end", [this] {
    return tree_.with_server([this](Context& context) { return replay_execution(context, replay_); });
  });
  replay->add_option("id", replay_.id, "the execution's id")->required();
  replay->add_option("-i,--input", replay_.input, "another input: JSON, @file, or - for standard input");
  replay->add_option("--version", replay_.version, "another version of the workflow")->check(CLI::PositiveNumber);
  replay->add_option(
      "--from-node", replay_.from_node,
      "run this node, all that follow from it, and what has no output; every other node keeps its output");
  add_wait_options(replay, replay_);
}

void ExecutionCommands::add_search(CLI::App* parent, const char* name, const char* help) {
  CLI::App* search = tree_.command(parent, name, help, [this] {
    return tree_.with_server(
        [this](Context& context) { return list_executions(context, list_, ListColumns::with_workflow); });
  });
  search->add_option("--workflow", list_.workflow, "only those of this workflow");
  search->add_option("--status", list_.status, "only those in this state, or in several with commas between");
  search->add_option("--trigger", list_.trigger, "only those started this way: api, webhook, cron, event, …");
  search->add_option("--search", list_.search,
                     "text in input, output or error; with --workflow, --started-after or --started-before");
  search->add_option("--correlation-id", list_.correlation_id, "only those with this id of yours");
  search->add_option("--started-after", list_.started_after, "RFC 3339, as 2026-01-20T14:30:00Z");
  search->add_option("--started-before", list_.started_before, "RFC 3339");
  search->add_option("-l,--limit,-n", list_.limit, "how many (20)")->check(CLI::Range(1, kMostListed));
  search->add_option("--offset", list_.offset, "how many to leave out (0)")->check(CLI::Range(0, 10'000));
}

void ExecutionCommands::add_run() {
  CLI::App* run =
      tree_.command(&tree_.root(), "run", "run a workflow; on a terminal you see first what it does", [this] {
        const bool ask = !yes_ && !tree_.console().json && ::isatty(STDIN_FILENO) != 0 && run_.input != "-";
        return tree_.with_server(
            [this, ask](Context& context) { return review_and_run(context, run_, ask ? &std::cin : nullptr); });
      });
  run->add_option("name", run_.name, "the workflow")->required();
  run->add_option("-i,--input", run_.input, "the input: JSON, @file, or - for standard input");
  run->add_option("-p,--param", run_.parameters, "one input as key=value, wins over --input; repeatable")
      ->allow_extra_args(false);
  run->add_flag("-y,--yes", yes_, "run it without asking");
  add_wait_options(run, run_);
}

void ExecutionCommands::add_runs() {
  CLI::App* runs = tree_.command(&tree_.root(), "runs", "what ran lately", [this] {
    return tree_.with_server(
        [this](Context& context) { return list_executions(context, list_, ListColumns::with_workflow); });
  });
  runs->require_subcommand(0, 1);
  runs->add_option("workflow", list_.workflow, "only those of this workflow");
  runs->add_option("-n,--limit,-l", list_.limit, "how many (20)")->check(CLI::Range(1, kMostListed));
  runs->add_option("--status", list_.status, "only those in this state, or in several with commas between");
  CLI::App* show = tree_.command(runs, "show", "one execution: status, input, output", [this] {
    return tree_.with_server([this](Context& context) { return show_run(context, id_, with_trace_); });
  });
  show->add_option("id", id_, "the execution's id")->required();
  show->add_flag("--trace", with_trace_, "and its nodes");
  CLI::App* write = tree_.command(runs, "export", "one execution with its nodes, as data", [this] {
    return tree_.with_server([this](Context& context) { return export_run(context, export_); });
  });
  write->add_option("id", export_.id, "the execution's id")->required();
  write->add_option("--format", export_.format, "jsonl (default) or json")->check(CLI::IsMember({"jsonl", "json"}));
  write->add_option("-o,--output", export_.file, "the file to write; without it standard output");
}

void ExecutionCommands::add() {
  CLI::App* executions = tree_.group("executions", "look at what runs and ran, and steer it");
  add_search(executions, "list", "executions, newest first");
  about_one(executions, "show", "one execution: status, input, output", show_execution);
  about_one(executions, "trace", "its nodes: status, time, errors", trace_execution);
  about_one(executions, "why", "what it waits for and since when, or how it ended", explain_execution);
  about_one(executions, "watch", "what its nodes do, as it happens, until it has ended", watch_execution);
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
  add_replay(executions);
  add_run();
  add_runs();
}

void ExecutionCommands::add_below_workflows(CLI::App* workflows) {
  add_resume(workflows);
  add_replay(workflows);
  CLI::App* logs = tree_.command(workflows, "logs", "the latest executions of a workflow", [this] {
    return tree_.with_server([this](Context& context) { return workflow_logs(context, workflow_, log_lines_); });
  });
  logs->add_option("name", workflow_, "the workflow")->required();
  logs->add_option("-l,--limit,-n", log_lines_, "how many (10)")->check(CLI::Range(1, kMostListed));
  add_search(workflows, "search", "executions of any workflow");
}

}  // namespace r8r::cli
