#pragma once
#include <CLI/CLI.hpp>

#include <functional>
#include <string>
#include <vector>

#include "cli/commands/command.hpp"

namespace r8r::cli {

/// A command of the reference that this version does not have: named, so that nobody takes it for a misspelling.
struct Unbuilt {
  const char* name;
  std::vector<const char*> aliases = {};
};

/// The words of the command line: names, flags, help, wrong usage. Parsing chooses an action; the action runs
/// afterwards.
class CommandTree {
 public:
  using Action = std::function<int()>;

  CommandTree();
  int run(int argc, char** argv);

  CLI::App& root() { return app_; }
  Console& console() { return console_; }
  CLI::App* command(CLI::App* parent, const std::string& name, const std::string& help, Action action);
  /// A word that only holds others.
  CLI::App* group(const std::string& name, const std::string& help);
  void add_unbuilt(CLI::App* parent, const std::string& prefix, const std::vector<Unbuilt>& commands);
  /// For commands that speak to a server.
  int with_server(const std::function<int(Context&)>& body);

 private:
  int usage_error(const CLI::ParseError& error, const std::vector<std::string>& arguments);

  CLI::App app_{"r8r: workflows that survive. A client of the server's HTTP API, and the server itself.", "r8r"};
  Console console_;
  Action action_;
  std::string url_;
  std::string api_key_;
};

}  // namespace r8r::cli
