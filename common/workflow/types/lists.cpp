#include "common/workflow/types/lists.hpp"

namespace r8r::workflow {

ConfigFieldType path_field(std::vector<std::string_view> aliases) {
  return {.name = "path", .kind = ConfigKind::path, .aliases = std::move(aliases)};
}

void read_path(ConfigReader& config, ListConfig& list) {
  list.path = config.program("path");
  list.reads_input = !config.has("path");
}

void read_path(ConfigReader& config, ListConfig& list, std::string_view other) {
  read_path(config, list);
  if (!config.has(other)) return;
  if (config.has("path")) {
    config.problem_at(other, fmt::format("'path' and '{}' are two names of one field here", other), "give one of them");
    return;
  }
  list.path = config.data_path(other);
  list.reads_input = false;
}

}  // namespace r8r::workflow
