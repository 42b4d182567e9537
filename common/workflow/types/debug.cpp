#include "common/workflow/types/types.hpp"

namespace r8r::workflow {

NodeType debug_type() {
  return {.name = "debug",
          .node_class = NodeClass::pure,
          .fields = {{.name = "message"},
                     {.name = "level", .kind = ConfigKind::word, .words = {"debug", "info", "warn", "error"}},
                     {.name = "label", .kind = ConfigKind::text},
                     {.name = "log_input", .kind = ConfigKind::boolean},
                     {.name = "fields"},
                     {.name = "custom_data"}},
          .reads_input = true};
}

}  // namespace r8r::workflow
