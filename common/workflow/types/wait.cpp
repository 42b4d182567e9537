#include "common/workflow/types/wait.hpp"

#include <cmath>

#include "common/workflow/types/types.hpp"

namespace r8r::workflow {
namespace {

constexpr double kMaxMilliseconds = static_cast<double>(kMaxWait.count());

struct Unit {
  std::string_view name;
  double milliseconds;
};
constexpr Unit kUnits[] = {{"milliseconds", 1}, {"seconds", 1e3}, {"minutes", 60e3}, {"hours", 3'600e3}};

std::shared_ptr<const ParsedConfig> parse_wait(ConfigReader& config) {
  auto wait = std::make_shared<WaitConfig>();
  double total = 0;
  std::string_view last;
  for (const Unit& unit : kUnits) {
    if (config.has(unit.name)) last = unit.name;
    total += config.number(unit.name).value_or(0) * unit.milliseconds;
  }
  if (!config.has("until") && last.empty()) {
    config.problem("a wait node needs to know how long", "give milliseconds, seconds, minutes, hours or until");
  } else if (config.has("until") && !last.empty()) {
    config.problem_at("until", "'until' cannot stand beside a length of time", "give one of them");
  } else if (total > kMaxMilliseconds) {
    config.problem_at(last, "a wait node waits at most 30 days");
  } else {
    wait->length = std::chrono::milliseconds(static_cast<std::int64_t>(std::ceil(total)));
  }
  if (const auto until = config.text("until")) {
    if (const auto time = parse_rfc3339(*until)) {
      wait->until = *time;
    } else {
      config.problem_at("until", fmt::format("'{}' is not an RFC 3339 time", *until),
                        "for example 2026-01-20T14:30:00Z");
    }
  }
  wait->passthrough = config.boolean("passthrough").value_or(true);
  wait->reads_input = wait->passthrough;
  return wait;
}

}  // namespace

NodeType wait_type() {
  return {.name = "wait",
          .node_class = NodeClass::control,
          .fields = {{.name = "milliseconds", .kind = ConfigKind::number, .high = kMaxMilliseconds},
                     {.name = "seconds", .kind = ConfigKind::number, .high = kMaxMilliseconds / 1e3},
                     {.name = "minutes", .kind = ConfigKind::number, .high = kMaxMilliseconds / 60e3},
                     {.name = "hours", .kind = ConfigKind::number, .high = kMaxMilliseconds / 3'600e3},
                     {.name = "until", .kind = ConfigKind::text},
                     {.name = "passthrough", .kind = ConfigKind::boolean}},
          .parse = parse_wait};
}

}  // namespace r8r::workflow
