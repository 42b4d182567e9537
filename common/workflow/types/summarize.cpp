#include "common/workflow/types/lists.hpp"
#include "common/workflow/types/types.hpp"

namespace r8r::workflow {
namespace {

std::shared_ptr<const ParsedConfig> parse_summarize(ConfigReader& config) {
  auto summarize = std::make_shared<SummarizeConfig>();
  read_path(config, *summarize);
  const auto fields = config.find("fields");
  if (!fields) return summarize;
  const auto names = fields->texts();
  if (names && names->empty()) fields->problem("'fields' names no field");
  if (names) {
    for (const std::string& name : *names) summarize->fields.emplace_back(name, FieldPath::parse(name));
  }
  return summarize;
}

}  // namespace

NodeType summarize_type() {
  return {.name = "summarize",
          .node_class = NodeClass::pure,
          .fields = {path_field(), {.name = "fields", .required = true}},
          .unavailable = {"text", "text_field", "style", "custom_prompt", "max_length", "language", "provider", "model",
                          "credential"},
          .parse = parse_summarize};
}

}  // namespace r8r::workflow
