#include "services/api/workflow_json.hpp"

#include <fmt/format.h>

#include <iterator>

#include "common/base/json_text.hpp"
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
