#include "common/nodes/body.hpp"

namespace r8r::nodes {

BodyResult run_transform(Call& call) {
  return call.evaluate("expression");
}

}  // namespace r8r::nodes
