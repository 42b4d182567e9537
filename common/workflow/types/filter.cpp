#include "common/workflow/types/lists.hpp"
#include "common/workflow/types/types.hpp"

namespace r8r::workflow {
namespace {

std::shared_ptr<const ParsedConfig> parse_filter(ConfigReader& config) {
  auto filter = std::make_shared<FilterConfig>();
  read_path(config, *filter);
  filter->conditions = read_conditions(config, true);
  return filter;
}

}  // namespace

NodeType filter_type() {
  std::vector<ConfigFieldType> fields = condition_fields(true);
  fields.insert(fields.begin(), path_field({"field", "input_field"}));
  return {.name = "filter", .node_class = NodeClass::pure, .fields = std::move(fields), .parse = parse_filter};
}

}  // namespace r8r::workflow
