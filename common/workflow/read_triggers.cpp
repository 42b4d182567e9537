#include "common/base/environment.hpp"
#include "common/workflow/sections.hpp"

namespace r8r::workflow {
namespace {

// Places that the api serves itself: a webhook there is only reachable below /webhooks.
constexpr std::string_view kReservedPaths[] = {"/api", "/assets", "/editor", "/mcp", "/healthz", "/readyz", "/metrics"};

bool is_reserved(std::string_view path) {
  if (path == "/") return true;
  return std::any_of(std::begin(kReservedPaths), std::end(kReservedPaths), [&](std::string_view reserved) {
    return path.starts_with(reserved) && (path.size() == reserved.size() || path[reserved.size()] == '/');
  });
}

// The fields of a trigger and of its `config` as one map.
SourceNode with_config(const SourceNode& trigger, const std::string& path, ProblemList& problems) {
  const SourceNode* config = trigger.find("config");
  if (config == nullptr || config->is_null()) return trigger;
  SourceNode merged = trigger;
  if (!config->is_map()) {
    problems.add(path + ".config", *config, fmt::format("'config' must be a map, not {}", config->kind_name()));
    return merged;
  }
  for (std::size_t i = 0; i < config->keys.size(); ++i) {
    const SourceNode::Key& key = config->keys[i];
    if (trigger.find(key.text) != nullptr) {
      problems.add(path + ".config." + key.text, key,
                   fmt::format("'{}' is given in the trigger and in its config", key.text), "remove one");
      continue;
    }
    merged.keys.push_back(key);
    merged.children.push_back(config->children[i]);
  }
  return merged;
}

void read_path(FieldReader& fields, WebhookTrigger& webhook) {
  const SourceNode* source = fields.source().find("path");
  auto path = fields.text("path", 256);
  if (!path || path->empty()) return;
  if (path->front() != '/') path->insert(0, "/");
  if (path->find_first_of(" \t\r\n?#\\\"<>") != std::string::npos || path->find("//") != std::string::npos) {
    fields.problems().add(fields.path_of("path"), *source, fmt::format("'{}' cannot be a path", *path),
                          "write it as in a URL: /orders/new, without blanks, '?' and '#'");
    return;
  }
  if (is_reserved(*path)) {
    fields.problems().warn(
        fields.path_of("path"), *source,
        fmt::format("the path {} belongs to the server; this webhook is reachable as /webhooks{}", *path, *path));
  }
  webhook.path = std::move(*path);
}

void read_methods(FieldReader& fields, WebhookTrigger& webhook) {
  webhook.methods = {"POST"};
  const SourceNode* source = fields.take("method");
  if (source == nullptr || source->is_null()) return;
  std::vector<const SourceNode*> words;
  if (source->is_sequence()) {
    for (const SourceNode& child : source->children) words.push_back(&child);
  } else {
    words.push_back(source);
  }
  webhook.methods.clear();
  bool any = false;
  for (const SourceNode* word : words) {
    if (!word->is_scalar()) {
      fields.problems().add(fields.path_of("method"), *word, "'method' must be a method or a list of methods");
      return;
    }
    std::string name = word->scalar;
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    static constexpr std::string_view kKnown[] = {"POST", "GET", "PUT", "PATCH", "DELETE"};
    // Whatever else is written there means any method.
    if (std::find(std::begin(kKnown), std::end(kKnown), name) == std::end(kKnown)) {
      any = true;
    } else if (std::find(webhook.methods.begin(), webhook.methods.end(), name) == webhook.methods.end()) {
      webhook.methods.push_back(std::move(name));
    }
  }
  if (any) webhook.methods.clear();
}

WebhookTrigger read_webhook(FieldReader& fields) {
  WebhookTrigger webhook;
  read_path(fields, webhook);
  read_methods(fields, webhook);
  if (auto mode = fields.word("response_mode", {"full", "output", "wait_for_result", "async"})) {
    webhook.response_mode = *mode == "wait_for_result" ? "output" : *mode;
  }
  if (auto seconds = fields.number("timeout_seconds", 1, 300)) {
    webhook.timeout = std::chrono::milliseconds(static_cast<std::int64_t>(*seconds * 1'000));
  }
  if (auto mode = fields.word("input_mode", {"body", "envelope"})) webhook.envelope = *mode == "envelope";
  for (const std::string_view name : {"debounce", "header_filter", "signature", "dedupe"}) fields.unavailable(name);
  return webhook;
}

// Trigger types that load but that nothing fires yet: the one place that says so. A type leaves this list when it
// fires.
void note_not_run(std::string_view type, const SourceNode& type_source, const std::string& path,
                  ProblemList& problems) {
  static constexpr std::string_view kNotFired[] = {"cron", "event"};
  if (std::find(std::begin(kNotFired), std::end(kNotFired), type) == std::end(kNotFired)) return;
  problems.note_not_run(path + ".type", type_source,
                        fmt::format("trigger type '{}' is not available in this version", type),
                        "use a webhook, or start the workflow over the API");
}

}  // namespace

void read_triggers(FieldReader& top, Workflow& workflow) {
  const SourceNode* list = top.list("triggers");
  if (list == nullptr) return;
  ProblemList& problems = top.problems();
  for (std::size_t i = 0; i < list->children.size(); ++i) {
    const std::string path = fmt::format("triggers[{}]", i);
    const SourceNode& source = list->children[i];
    if (!source.is_map()) {
      problems.add(path, source, fmt::format("a trigger must be a map with 'type', not {}", source.kind_name()));
      continue;
    }
    const SourceNode merged = with_config(source, path, problems);
    FieldReader fields(merged, path, problems);
    fields.take("config");
    const SourceNode* type_source = merged.find("type");
    const auto type = fields.text("type", 10'000);
    if (!type) {
      if (type_source == nullptr || type_source->is_null())
        problems.add(path + ".type", source, "the field 'type' is missing", "known: manual, webhook, cron, event");
      continue;
    }
    Trigger trigger;
    trigger.type = *type;
    if (*type == "webhook") {
      trigger.webhook = read_webhook(fields);
      fields.finish();
    } else if (*type == "manual") {
      fields.finish();
    } else if (*type == "cron") {
      trigger.cron = read_cron_trigger(fields, workflow);
      fields.finish();
      note_not_run(*type, *type_source, path, problems);
    } else if (*type == "event") {
      trigger.event = read_event_trigger(fields, workflow);
      fields.finish();
      note_not_run(*type, *type_source, path, problems);
    } else {
      problems.add(path + ".type", *type_source, fmt::format("unknown trigger type '{}'", *type),
                   nearest_hint(*type, {"manual", "webhook", "cron", "event"}));
    }
    workflow.triggers.push_back(std::move(trigger));
  }
}

}  // namespace r8r::workflow
