#include "common/workflow/types/debug.hpp"

#include "common/workflow/types/types.hpp"

namespace r8r::workflow {
namespace {

std::shared_ptr<const ParsedConfig> parse_debug(ConfigReader& config) {
  auto debug = std::make_shared<DebugConfig>();
  debug->level = config.text("level").value_or("info");
  debug->label = config.text("label");
  debug->message = config.operand("message");
  debug->fields = config.operand("fields");
  debug->custom_data = config.operand("custom_data");
  debug->log_input = config.boolean("log_input");
  return debug;
}

}  // namespace

NodeType debug_type() {
  return {.name = "debug",
          .node_class = NodeClass::pure,
          .fields = {{.name = "message", .kind = ConfigKind::parts},
                     {.name = "level", .kind = ConfigKind::word, .words = {"debug", "info", "warn", "error"}},
                     {.name = "label", .kind = ConfigKind::text},
                     {.name = "log_input", .kind = ConfigKind::boolean},
                     {.name = "fields", .kind = ConfigKind::parts},
                     {.name = "custom_data", .kind = ConfigKind::parts}},
          .parse = parse_debug};
}

}  // namespace r8r::workflow
