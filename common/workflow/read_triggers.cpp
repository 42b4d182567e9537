#include "common/workflow/sections.hpp"

namespace r8r::workflow {
namespace {

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
      trigger.webhook = read_webhook_trigger(fields, workflow);
      fields.finish();
    } else if (*type == "manual") {
      fields.finish();
    } else if (*type == "cron") {
      trigger.cron = read_cron_trigger(fields, workflow);
      fields.finish();
    } else if (*type == "event") {
      trigger.event = read_event_trigger(fields, workflow);
      fields.finish();
    } else {
      problems.add(path + ".type", *type_source, fmt::format("unknown trigger type '{}'", *type),
                   nearest_hint(*type, {"manual", "webhook", "cron", "event"}));
    }
    workflow.triggers.push_back(std::move(trigger));
  }
}

}  // namespace r8r::workflow
