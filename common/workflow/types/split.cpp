#include "common/workflow/types/lists.hpp"
#include "common/workflow/types/types.hpp"

namespace r8r::workflow {
namespace {

constexpr double kMaxCount = 1'000'000'000;

std::shared_ptr<const ParsedConfig> parse_split(ConfigReader& config) {
  auto split = std::make_shared<SplitConfig>();
  read_path(config, *split);
  split->batch_size = config.integer("batch_size").value_or(0);
  return split;
}

}  // namespace

NodeType split_type() {
  return {
      .name = "split",
      .node_class = NodeClass::pure,
      .fields =
          {path_field({"field"}),
           {.name = "batch_size", .kind = ConfigKind::integer, .aliases = {"chunk_size"}, .low = 1, .high = kMaxCount}},
      .parse = parse_split};
}

}  // namespace r8r::workflow
