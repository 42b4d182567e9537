#include "services/api/workflow_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "common/base/json_text.hpp"
#include "common/workflow/run_trigger.hpp"
#include "services/api/webhook_table.hpp"

namespace r8r::api {
namespace {

std::string base_url(const http::Request& request) {
  const auto host = request.header("host");
  if (!host || host->empty()) return {};
  const auto forwarded = request.header("x-forwarded-proto");
  return std::string(forwarded == std::optional<std::string_view>("https") ? "https://" : "http://") +
         std::string(*host);
}

}  // namespace

std::string workflow_fields(const store::WorkflowRow& row) {
  std::string out = fmt::format(R"({{"id":"{}","name":)", row.id.to_string());
  append_json_string(out, row.name);
  fmt::format_to(std::back_inserter(out),
                 R"(,"enabled":{},"created_at":"{}","updated_at":"{}","node_count":{},"trigger_count":{},"version":{})",
                 row.enabled, to_rfc3339(row.created_at), to_rfc3339(row.updated_at), row.node_count, row.trigger_count,
                 row.version);
  out += ",\"description\":";
  append_json_string(out, row.description);
  return out;
}

std::string webhooks_json(const workflow::Workflow& workflow, const http::Request& request) {
  const std::string base = base_url(request);
  std::string out = "[";
  const auto add = [&](std::string_view method, std::string_view path) {
    if (out.size() > 1) out += ',';
    fmt::format_to(std::back_inserter(out), R"({{"method":"{}","path":)", method);
    append_json_string(out, path);
    out += ",\"url\":";
    append_json_string(out, base + std::string(path));
    out += '}';
  };
  bool named = false;
  for (const workflow::Trigger& trigger : workflow.triggers) {
    if (!trigger.webhook) continue;
    if (!std::exchange(named, true)) add("POST", "/webhooks/" + workflow.name);
    for (const std::string& address : webhook_addresses(trigger.webhook->path)) {
      if (trigger.webhook->methods.empty()) add("ANY", address);
      for (const std::string& method : trigger.webhook->methods) add(method, address);
    }
  }
  out += ']';
  return out;
}

std::string next_runs_json(const workflow::Workflow& workflow, Timestamp now) {
  constexpr std::size_t kShown = 3;
  std::set<Timestamp> times;
  for (const workflow::Trigger& trigger : workflow.triggers) {
    if (!trigger.cron) continue;
    Timestamp after = now;
    for (std::size_t i = 0; i < kShown; ++i) {
      const auto next = trigger.cron->schedule.next_after(after, *trigger.cron->zone);
      if (!next) break;
      times.insert(*next);
      after = *next;
    }
  }
  std::string out = "[";
  std::size_t count = 0;
  for (const Timestamp time : times) {
    if (count == kShown) break;
    out += fmt::format("{}\"{}\"", count++ > 0 ? "," : "", to_rfc3339(time));
  }
  return out + "]";
}

std::string schedules_json(const workflow::Workflow& workflow, bool enabled,
                           const std::vector<store::ScheduleRow>& states, Timestamp now) {
  std::string out = "[";
  const auto time_or_null = [](const std::optional<Timestamp>& time) {
    return time ? fmt::format("\"{}\"", to_rfc3339(*time)) : std::string("null");
  };
  for (const auto& [place, key] : workflow::cron_triggers(workflow)) {
    const workflow::CronTrigger& cron = *workflow.triggers[place].cron;
    const auto state = std::find_if(states.begin(), states.end(),
                                    [&key = key](const store::ScheduleRow& row) { return row.trigger == key; });
    const bool known = state != states.end();
    if (out.size() > 1) out += ',';
    out += "{\"schedule\":";
    append_json_string(out, cron.schedule.text());
    out += ",\"timezone\":";
    append_json_string(out, cron.timezone);
    const auto next = enabled ? cron.schedule.next_after(now, *cron.zone) : std::nullopt;
    out += fmt::format(R"(,"catch_up":{},"next_run_at":{},"last_scheduled_at":{},"last_fired_at":{})", cron.catch_up,
                       time_or_null(next), time_or_null(known ? std::optional(state->last_scheduled_at) : std::nullopt),
                       time_or_null(known ? std::optional(state->last_fired_at) : std::nullopt));
    out += ",\"last_execution_id\":";
    out += known && state->last_execution_id ? fmt::format("\"{}\"", state->last_execution_id->to_string()) : "null";
    out += ",\"last_error\":";
    if (known && state->last_error) {
      append_json_string(out, *state->last_error);
    } else {
      out += "null";
    }
    out += fmt::format(R"(,"fired":{},"failed":{},"missed":{}}})", known ? state->fired : 0, known ? state->failed : 0,
                       known ? state->missed : 0);
  }
  return out + "]";
}

std::string validation_json(const workflow::LoadResult& loaded) {
  std::string out = fmt::format(R"({{"valid":{},"errors":{},"warnings":{},"nodes":[)", loaded.workflow != nullptr,
                                workflow::problems_json(loaded.problems), workflow::problems_json(loaded.warnings));
  if (loaded.workflow) {
    const workflow::Workflow& workflow = *loaded.workflow;
    for (const workflow::Node& node : workflow.nodes) {
      if (node.index > 0) out += ',';
      out += "{\"id\":";
      append_json_string(out, node.id);
      out += ",\"type\":";
      append_json_string(out, node.type);
      fmt::format_to(std::back_inserter(out), ",\"level\":{}}}", node.level);
    }
    out += "],\"order\":[";
    bool first = true;
    for (const int index : workflow.order) {
      if (!std::exchange(first, false)) out += ',';
      append_json_string(out, workflow.nodes[static_cast<std::size_t>(index)].id);
    }
  } else {
    out += "],\"order\":[";
  }
  out += "]}";
  return out;
}

std::string workflow_tag(const store::WorkflowRow& row) {
  return fmt::format("\"v{}-{}\"", row.version, row.enabled);
}

}  // namespace r8r::api
