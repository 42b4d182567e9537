#include "common/expr/json.hpp"
#include "common/nodes/body.hpp"

namespace r8r::nodes {

// The templates themselves were evaluated with the config.
BodyResult run_template(Call& call) {
  if (const expr::Value* fields = call.field("fields")) return *fields;
  std::string text;
  if (const expr::Value* value = call.field("template")) expr::append_rendered(text, *value);
  expr::Map output;
  output.set("text", expr::Value::string(std::move(text)));
  return expr::Value::map(std::move(output));
}

}  // namespace r8r::nodes
