#include "common/workflow/types/lists.hpp"
#include "common/workflow/types/types.hpp"

namespace r8r::workflow {
namespace {

constexpr double kMaxCount = 1'000'000'000;

std::shared_ptr<const ParsedConfig> parse_limit(ConfigReader& config) {
  auto limit = std::make_shared<LimitConfig>();
  read_path(config, *limit);
  limit->count = config.integer("count").value_or(0);
  limit->offset = config.integer("offset").value_or(0);
  return limit;
}

}  // namespace

NodeType limit_type() {
  return {.name = "limit",
          .node_class = NodeClass::pure,
          .fields = {path_field({"field"}),
                     {.name = "count",
                      .kind = ConfigKind::integer,
                      .aliases = {"limit"},
                      .required = true,
                      .low = 0,
                      .high = kMaxCount},
                     {.name = "offset", .kind = ConfigKind::integer, .low = 0, .high = kMaxCount}},
          .parse = parse_limit};
}

}  // namespace r8r::workflow
