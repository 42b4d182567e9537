#include "common/workflow/types/approval.hpp"

#include "common/expr/json.hpp"
#include "common/nodes/body.hpp"

namespace r8r::nodes {
namespace {

// What a person is shown of the data; more than this nobody reads.
constexpr std::size_t kMaxShownInput = 256 * 1024;

}  // namespace

BodyResult run_approval(Call& call) {
  const auto& config = call.config_as<workflow::ApprovalConfig>();
  std::string input = expr::to_json(call.input);
  if (input.size() > kMaxShownInput) input = "null";
  call.approval = ApprovalRequest{.title = config.title,
                                  .description = config.description,
                                  .assignee = config.assignee,
                                  .groups = config.groups,
                                  .default_action = config.default_action,
                                  .timeout = config.timeout,
                                  .input = std::move(input)};
  return expr::Value();
}

}  // namespace r8r::nodes
