#include <cmath>

#include "common/nodes/body.hpp"

namespace r8r::nodes {
namespace {

constexpr std::chrono::milliseconds kMaxWait = std::chrono::hours(24 * 30);

tl::expected<std::chrono::milliseconds, Failure> wait_of(const Call& call) {
  if (const expr::Value* until = call.field("until")) {
    const auto time = parse_rfc3339(until->as_string());
    if (!time) return failure(kInvalidConfig, fmt::format("until: '{}' is not an RFC 3339 time", until->as_string()));
    // Rounded up: never early.
    return std::max(std::chrono::ceil<std::chrono::milliseconds>(*time - call.context.now),
                    std::chrono::milliseconds(0));
  }
  struct Unit {
    std::string_view name;
    double milliseconds;
  };
  constexpr Unit kUnits[] = {{"milliseconds", 1}, {"seconds", 1e3}, {"minutes", 60e3}, {"hours", 3'600e3}};
  double total = 0;
  for (const Unit& unit : kUnits) {
    if (const expr::Value* value = call.field(unit.name)) total += value->as_number() * unit.milliseconds;
  }
  return std::chrono::milliseconds(static_cast<std::int64_t>(std::ceil(total)));
}

}  // namespace

BodyResult run_wait(Call& call) {
  const auto wait = wait_of(call);
  if (!wait) return tl::make_unexpected(wait.error());
  if (*wait > kMaxWait) return failure(kInvalidConfig, "a wait node waits at most 30 days");
  call.wait = *wait;
  expr::Map output;
  output.set("waited_ms", expr::Value::integer(wait->count()));
  if (call.flag("passthrough", true)) output.set("input", call.input);
  return expr::Value::map(std::move(output));
}

}  // namespace r8r::nodes
