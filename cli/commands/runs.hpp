#pragma once
#include <iosfwd>
#include <string>

#include "cli/commands/workflows.hpp"

/// r8r run and r8r runs …: each function is one command and returns its exit code.
namespace r8r::cli {

/// Runs a workflow. With `answers` a person sees first what will happen, and says yes or no there.
int review_and_run(Context& context, const RunWorkflow& options, std::istream* answers);

/// One execution, and its nodes when asked for.
int show_run(Context& context, const std::string& id, bool with_trace);

struct ExportRun {
  std::string id;
  std::string format = "jsonl";
  std::string file;  ///< empty: standard output
};
int export_run(Context& context, const ExportRun& options);

/// Says what nodes do while the execution runs, until it has ended.
int watch_execution(Context& context, const std::string& id);

}  // namespace r8r::cli
