#pragma once
#include <span>
#include <string_view>

/// What is fed with bytes from outside. One list for both users: the fuzzers (`./dev fuzz`) and the test that replays
/// the corpus.
namespace r8r::fuzz {

/// Takes any bytes. A broken promise ends the process (see `promise`), as a crash does.
using Entry = void (*)(std::string_view input);

struct Target {
  std::string_view name;   ///< also the folder of its corpus
  std::string_view about;  ///< one line for people
  Entry run;
};

std::span<const Target> targets();
const Target* find_target(std::string_view name);

/// Ends the process when a property does not hold, with the property's name on stderr.
void promise(bool holds, std::string_view what);

void read_json_text(std::string_view input);
void run_expression(std::string_view input);
void render_template(std::string_view input);
void load_workflow(std::string_view input);
void parse_schedule(std::string_view input);

}  // namespace r8r::fuzz
