#include "common/workflow/types/template.hpp"

#include "common/workflow/problem_list.hpp"
#include "common/workflow/types/types.hpp"

namespace r8r::workflow {
namespace {

void check_template(const NodeType& type, const SourceNode& config, const std::string& path, ProblemList& problems) {
  const SourceNode* text = type.given(config, "template");
  const SourceNode* fields = type.given(config, "fields");
  if (text == nullptr && fields == nullptr) {
    problems.add(path, config, "a template node needs 'template' or 'fields'",
                 "for example template: 'Hello {{ input.name }}'");
  } else if (text != nullptr && fields != nullptr) {
    problems.add(path + ".fields", *fields, "'fields' cannot stand beside 'template'", "give one of them");
  } else if (text != nullptr && !text->is_scalar()) {
    problems.add(path + ".template", *text, fmt::format("'template' must be a text, not {}", text->kind_name()),
                 "'fields' renders an object");
  }
}

std::shared_ptr<const ParsedConfig> parse_template(ConfigReader& config) {
  auto parsed = std::make_shared<TemplateConfig>();
  parsed->text = config.operand("template");
  if (const auto fields = config.find("fields")) {
    if (!fields->is_open()) fields->map();  // says so when it is none
    parsed->fields = fields->operand();
  }
  parsed->reads_input = false;
  return parsed;
}

}  // namespace

NodeType template_type() {
  return {.name = "template",
          .node_class = NodeClass::pure,
          .fields = {{.name = "template", .kind = ConfigKind::parts}, {.name = "fields", .kind = ConfigKind::parts}},
          .parse = parse_template,
          .check = check_template};
}

}  // namespace r8r::workflow
