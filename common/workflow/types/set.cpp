#include "common/workflow/field_reader.hpp"
#include "common/workflow/types/types.hpp"

namespace r8r::workflow {
namespace {

void check_set(const NodeType& type, const SourceNode& config, const std::string& path, ProblemList& problems) {
  const SourceNode* fields = type.given(config, "fields");
  const SourceNode* values = type.given(config, "values");
  if (fields == nullptr && values == nullptr) {
    problems.add(path, config, "a set node needs 'fields' or 'values'", "for example values: {name: value}");
  }
  if (fields == nullptr || !fields->is_sequence()) return;
  for (std::size_t i = 0; i < fields->children.size(); ++i) {
    const SourceNode& entry = fields->children[i];
    const std::string entry_path = fmt::format("{}.fields[{}]", path, i);
    if (holds_template(entry)) continue;
    if (!entry.is_map()) {
      problems.add(entry_path, entry,
                   fmt::format("a field must be a map with 'name' and 'value', not {}", entry.kind_name()));
      continue;
    }
    FieldReader reader(entry, entry_path, problems);
    const SourceNode* name_source = entry.find("name");
    const auto name = reader.text("name", 1'000);
    if (name_source == nullptr || name_source->is_null() || (name && name->empty())) {
      problems.add(entry_path + ".name", entry, "the field 'name' is missing");
    }
    if (reader.take("value") == nullptr) problems.add(entry_path + ".value", entry, "the field 'value' is missing");
    reader.finish();
  }
}

}  // namespace

NodeType set_type() {
  return {.name = "set",
          .node_class = NodeClass::pure,
          .fields = {{.name = "fields", .kind = ConfigKind::list},
                     {.name = "values", .kind = ConfigKind::map},
                     {.name = "keep_input", .kind = ConfigKind::boolean}},
          .reads_input = true,
          .check = check_set};
}

}  // namespace r8r::workflow
