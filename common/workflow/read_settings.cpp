#include "common/workflow/sections.hpp"

namespace r8r::workflow {

void read_settings(FieldReader& top, Workflow& workflow) {
  const SourceNode* map = top.map("settings");
  if (map == nullptr) return;
  Settings& settings = workflow.settings;
  FieldReader fields(*map, "settings", top.problems());
  if (auto seconds = fields.number("timeout_seconds", 1, 31'536'000)) {
    settings.timeout = std::chrono::milliseconds(static_cast<std::int64_t>(*seconds * 1'000));
  }
  if (auto count = fields.integer("max_concurrency", 1, 1'000)) settings.max_concurrency = static_cast<int>(*count);
  if (auto keep = fields.boolean("store_traces")) settings.store_traces = *keep;
  if (auto debug = fields.boolean("debug")) settings.debug = *debug;
  if (const auto zone = read_time_zone(fields, "timezone")) settings.timezone = zone->name;
  // These have nothing to act on yet; a file may already say them.
  fields.integer("max_for_each_items", 1, 1'000'000);
  fields.integer("chunk_size", 0, 1'000'000);
  fields.integer("retention_days", 0, 100'000);
  fields.boolean("enable_checkpoints");
  for (const std::string_view name : {"error_workflow", "max_concurrent_executions", "rate_limit"})
    fields.unavailable(name);
  fields.finish();
}

}  // namespace r8r::workflow
