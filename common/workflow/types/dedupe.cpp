#include "common/workflow/types/lists.hpp"
#include "common/workflow/types/types.hpp"

namespace r8r::workflow {
namespace {

using Keep = DedupeConfig::Keep;

std::shared_ptr<const ParsedConfig> parse_dedupe(ConfigReader& config) {
  auto dedupe = std::make_shared<DedupeConfig>();
  read_path(config, *dedupe);
  if (config.has("field") && config.has("fields"))
    config.problem_at("fields", "'field' and 'fields' cannot stand beside each other", "give one of them");
  if (const auto field = config.text("field")) dedupe->fields.push_back(FieldPath::parse(*field));
  if (const auto fields = config.find("fields")) {
    const auto names = fields->texts();
    if (names && names->empty()) fields->problem("'fields' names no field");
    if (names) {
      for (const std::string& name : *names) dedupe->fields.push_back(FieldPath::parse(name));
    }
  }
  const std::string mode = config.text("mode").value_or("keep_first");
  dedupe->keep = mode == "keep_last" ? Keep::last : mode == "remove_all" ? Keep::none : Keep::first;
  dedupe->case_insensitive = config.boolean("case_insensitive").value_or(false);
  dedupe->output_field = config.text("output_field").value_or("");
  return dedupe;
}

}  // namespace

NodeType dedupe_type() {
  return {.name = "dedupe",
          .node_class = NodeClass::pure,
          .fields = {path_field({"input_field"}),
                     {.name = "field", .kind = ConfigKind::text},
                     {.name = "fields"},
                     {.name = "mode", .kind = ConfigKind::word, .words = {"keep_first", "keep_last", "remove_all"}},
                     {.name = "case_insensitive", .kind = ConfigKind::boolean},
                     {.name = "output_field", .kind = ConfigKind::text}},
          .parse = parse_dedupe};
}

}  // namespace r8r::workflow
