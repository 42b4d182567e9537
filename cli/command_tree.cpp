#include "cli/command_tree.hpp"

#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "cli/client/client_version.hpp"
#include "cli/console/near_names.hpp"
#include "common/base/environment.hpp"

namespace r8r::cli {
namespace {

constexpr const char* kDefaultUrl = "http://127.0.0.1:8080";

}  // namespace

CommandTree::CommandTree() : console_(std::cout, std::cerr) {
  app_.set_version_flag("-V,--version", fmt::format("r8r {} ({})", client_version(), client_commit()));
  app_.add_flag("--json", console_.json, "machine output: JSON on standard output, errors as JSON on standard error");
  app_.add_option("--url", url_, "the server (R8R_URL, else http://127.0.0.1:8080)");
  app_.add_option("--api-key", api_key_, "the server's key (R8R_API_KEY)");
  app_.add_flag("--utc", console_.utc, "times in UTC instead of local time");
  app_.require_subcommand(0, 1);
  app_.footer(
      "Exit codes: 0 success, 1 error, 2 wrong usage, 3 not found, 4 no server, 5 not authorised, 42 waits for an "
      "approval, 124 wait ran out.");
  const char* no_colour = std::getenv("NO_COLOR");
  console_.colour = ::isatty(STDERR_FILENO) != 0 && (no_colour == nullptr || *no_colour == '\0');
}

CLI::App* CommandTree::command(CLI::App* parent, const std::string& name, const std::string& help, Action action) {
  CLI::App* sub = parent->add_subcommand(name, help);
  sub->fallthrough();
  if (!action) return sub;
  sub->final_callback([this, sub, action = std::move(action)] {
    // A word below it has its own.
    if (sub->get_subcommands().empty()) action_ = action;
  });
  return sub;
}

CLI::App* CommandTree::group(const std::string& name, const std::string& help) {
  CLI::App* sub = command(&app_, name, help, nullptr);
  sub->require_subcommand(1);
  return sub;
}

void CommandTree::add_unbuilt(CLI::App* parent, const std::string& prefix, const std::vector<Unbuilt>& commands) {
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

int CommandTree::with_server(const std::function<int(Context&)>& body) {
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
int CommandTree::usage_error(const CLI::ParseError& error, const std::vector<std::string>& arguments) {
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

int CommandTree::run(int argc, char** argv) {
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

}  // namespace r8r::cli
