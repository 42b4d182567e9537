#include "common/workflow/types/approval.hpp"

#include <cmath>

#include "common/workflow/types/types.hpp"

namespace r8r::workflow {
namespace {

constexpr std::size_t kMaxTitle = 1'000;
constexpr std::size_t kMaxText = 64 * 1024;
constexpr std::size_t kMaxGroups = 100;

std::string text_of(ConfigReader& config, std::string_view name, std::size_t most) {
  std::string text = config.text(name).value_or("");
  if (text.size() > most)
    config.problem_at(name, fmt::format("'{}' has {} bytes; at most {}", name, text.size(), most));
  if (text.find('\0') != std::string::npos) config.problem_at(name, fmt::format("'{}' holds a NUL character", name));
  return text;
}

std::shared_ptr<const ParsedConfig> parse_approval(ConfigReader& config) {
  auto approval = std::make_shared<ApprovalConfig>();
  approval->title = text_of(config, "title", kMaxTitle);
  approval->description = text_of(config, "description", kMaxText);
  approval->assignee = text_of(config, "assignee", kMaxTitle);
  approval->default_action = config.text("default_action").value_or("");
  if (const auto seconds = config.number("timeout_seconds"))
    approval->timeout = std::chrono::milliseconds(static_cast<std::int64_t>(std::ceil(*seconds * 1'000)));
  if (config.has("timeout_seconds") != config.has("default_action")) {
    const bool timed = config.has("timeout_seconds");
    config.problem_at(timed ? "timeout_seconds" : "default_action",
                      fmt::format("'{}' needs '{}'", timed ? "timeout_seconds" : "default_action",
                                  timed ? "default_action" : "timeout_seconds"),
                      timed ? "say what happens then: default_action: approve, or reject" : "say when it happens");
  }
  if (const auto groups = config.find("groups")) {
    if (auto texts = groups->texts()) approval->groups = std::move(*texts);
    if (approval->groups.size() > kMaxGroups) groups->problem(fmt::format("at most {} groups", kMaxGroups));
  }
  return approval;
}

}  // namespace

NodeType approval_type() {
  return {.name = "approval",
          .node_class = NodeClass::control,
          .fields = {{.name = "title", .kind = ConfigKind::text, .required = true},
                     {.name = "description", .kind = ConfigKind::text},
                     {.name = "timeout_seconds", .kind = ConfigKind::number, .low = 0.001, .high = 31'536'000},
                     {.name = "default_action", .kind = ConfigKind::word, .words = {"approve", "reject"}},
                     {.name = "assignee", .kind = ConfigKind::text, .aliases = {"assign_to"}},
                     {.name = "groups", .aliases = {"assign_groups"}},
                     {.name = "on_reject"}},
          .unavailable = {"notify"},
          .reads_input = true,
          .parse = parse_approval};
}

}  // namespace r8r::workflow
