#include "common/workflow/types/types.hpp"

namespace r8r::workflow {

NodeType transform_type() {
  return {.name = "transform",
          .node_class = NodeClass::pure,
          .fields = {{.name = "expression", .kind = ConfigKind::expression, .required = true}}};
}

}  // namespace r8r::workflow
