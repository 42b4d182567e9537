#include "common/workflow/sections.hpp"
#include "common/workflow/trigger_compiler.hpp"

namespace r8r::workflow {

std::optional<NamedZone> read_time_zone(FieldReader& fields, std::string_view name) {
  constexpr std::size_t kLongest = 64;
  const SourceNode* source = fields.source().find(name);
  const auto text = fields.text(name, kLongest);
  if (!text) return std::nullopt;
  auto zone = expr::TimeZone::find(*text);
  if (zone) return NamedZone{*text, std::move(*zone)};
  fields.problems().add(fields.path_of(name), *source, zone.error().message,
                        "take a name of the IANA database, such as Europe/Berlin or UTC");
  return std::nullopt;
}

std::optional<CronTrigger> read_cron_trigger(FieldReader& fields, const Workflow& workflow) {
  constexpr std::size_t kLongest = 1'000;
  ProblemList& problems = fields.problems();
  const SourceNode* source = fields.source().find("schedule");
  const auto text = fields.text("schedule", kLongest);
  std::optional<CronTrigger> trigger;
  if (text) {
    auto schedule = cron::Schedule::parse(*text);
    if (schedule) {
      trigger.emplace(CronTrigger{std::move(*schedule)});
    } else {
      problems.add_inside(fields.path_of("schedule"), *source, 1, schedule.error().column,
                          std::move(schedule.error().message), std::move(schedule.error().hint));
    }
  } else if (source == nullptr || source->is_null()) {
    problems.add(fields.path_of("schedule"), fields.source(), "the field 'schedule' is missing",
                 "for example schedule: \"0 9 * * MON-FRI\"");
  }
  const auto zone = read_time_zone(fields, "timezone");
  const auto catch_up = fields.boolean("catch_up");
  std::optional<expr::ValueTemplate> input;
  if (const SourceNode* given = fields.take("input"); given != nullptr && !given->is_null()) {
    const bool whole_template = given->is_scalar() && given->scalar.find("{{") != std::string::npos;
    if (!given->is_map() && !whole_template) {
      problems.add(fields.path_of("input"), *given,
                   fmt::format("'input' of a cron trigger must be a map, not {}", given->kind_name()),
                   "its fields stand beside scheduled_at in the input of the workflow");
    } else {
      input = TriggerCompiler(workflow, problems, {"scheduled_at"}).value(*given, fields.path_of("input"));
    }
  }
  if (!trigger) return std::nullopt;
  trigger->timezone = zone ? zone->name : workflow.settings.timezone;
  // The settings' zone was found when they were read.
  trigger->zone = zone ? zone->zone : *expr::TimeZone::find(workflow.settings.timezone);
  trigger->catch_up = catch_up.value_or(false);
  trigger->input = std::move(input);
  return trigger;
}

}  // namespace r8r::workflow
