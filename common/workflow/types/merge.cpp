#include "common/workflow/types/lists.hpp"
#include "common/workflow/types/types.hpp"

namespace r8r::workflow {
namespace {

using Mode = MergeConfig::Mode;

std::shared_ptr<const ParsedConfig> parse_merge(ConfigReader& config) {
  auto merge = std::make_shared<MergeConfig>();
  const std::string mode = config.text("mode").value_or("object");
  merge->mode = mode == "combine"                     ? Mode::combine
                : mode == "zip"                       ? Mode::zip
                : mode == "array" || mode == "append" ? Mode::array
                                                      : Mode::object;
  return merge;
}

}  // namespace

NodeType merge_type() {
  return {.name = "merge",
          .node_class = NodeClass::pure,
          .fields = {{.name = "mode",
                      .kind = ConfigKind::word,
                      .aliases = {"strategy"},
                      .words = {"object", "array", "append", "combine", "zip"}},
                     // A node always waits for what it depends on.
                     {.name = "wait_for"}},
          .parse = parse_merge};
}

}  // namespace r8r::workflow
