#include "tests/fuzz/targets.hpp"

#include <cstdio>
#include <cstdlib>

namespace r8r::fuzz {

std::span<const Target> targets() {
  static constexpr Target kTargets[] = {
      {"cron", "cron schedules and when they fire", parse_schedule},
      {"expression", "the expression compiler and evaluator", run_expression},
      {"json", "the JSON reader and writer of values", read_json_text},
      {"template", "texts with {{ }}", render_template},
      {"workflow", "workflow files: YAML or JSON, checked and compiled", load_workflow},
  };
  return kTargets;
}

const Target* find_target(std::string_view name) {
  for (const Target& target : targets()) {
    if (target.name == name) return &target;
  }
  return nullptr;
}

void promise(bool holds, std::string_view what) {
  if (holds) return;
  std::fprintf(stderr, "broken promise: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

}  // namespace r8r::fuzz
