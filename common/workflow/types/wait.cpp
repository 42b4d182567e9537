#include "common/base/time.hpp"
#include "common/workflow/problem_list.hpp"
#include "common/workflow/types/types.hpp"

namespace r8r::workflow {
namespace {

constexpr double kMaxWaitSeconds = 30 * 86'400.0;

void check_wait(const NodeType& type, const SourceNode& config, const std::string& path, ProblemList& problems) {
  struct Unit {
    std::string_view name;
    double seconds;
  };
  constexpr Unit kUnits[] = {{"milliseconds", 0.001}, {"seconds", 1}, {"minutes", 60}, {"hours", 3'600}};
  const SourceNode* until = type.given(config, "until");
  const SourceNode* length = nullptr;
  double total = 0;
  for (const Unit& unit : kUnits) {
    const SourceNode* part = type.given(config, unit.name);
    if (part == nullptr) continue;
    length = part;
    const expr::Value value = part->is_scalar() ? scalar_value(*part) : expr::Value::null();
    if (value.is_number()) total += value.as_number() * unit.seconds;
  }
  if (until == nullptr && length == nullptr) {
    problems.add(path, config, "a wait node needs to know how long",
                 "give milliseconds, seconds, minutes, hours or until");
  } else if (until != nullptr && length != nullptr) {
    problems.add(path + ".until", *until, "'until' cannot stand beside a length of time", "give one of them");
  } else if (total > kMaxWaitSeconds) {
    problems.add(path, *length, "a wait node waits at most 30 days");
  }
  if (until != nullptr && until->is_scalar() && !holds_template(*until) && !parse_rfc3339(until->scalar)) {
    problems.add(path + ".until", *until, fmt::format("'{}' is not an RFC 3339 time", until->scalar),
                 "for example 2026-01-20T14:30:00Z");
  }
}

}  // namespace

NodeType wait_type() {
  return {.name = "wait",
          .node_class = NodeClass::control,
          .fields = {{.name = "milliseconds", .kind = ConfigKind::number, .high = kMaxWaitSeconds * 1'000},
                     {.name = "seconds", .kind = ConfigKind::number, .high = kMaxWaitSeconds},
                     {.name = "minutes", .kind = ConfigKind::number, .high = kMaxWaitSeconds / 60},
                     {.name = "hours", .kind = ConfigKind::number, .high = kMaxWaitSeconds / 3'600},
                     {.name = "until", .kind = ConfigKind::text},
                     {.name = "passthrough", .kind = ConfigKind::boolean}},
          .reads_input = true,
          .check = check_wait};
}

}  // namespace r8r::workflow
