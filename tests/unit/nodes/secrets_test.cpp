#include <gtest/gtest.h>

#include "common/expr/json.hpp"
#include "common/nodes/body.hpp"

namespace r8r::nodes {
namespace {

/// What the body of a workflow's only node gives, with the real secrets or for a trace.
std::string run_body(std::string_view node, std::string_view input, bool mask) {
  const auto loaded = workflow::load(fmt::format("name: t\nnodes:\n  - {{id: n, {}}}\n", node));
  if (!loaded.workflow) return loaded.problems.empty() ? "no workflow" : loaded.problems.front().message;
  expr::Scope scope;
  scope.set_input(*expr::parse_json(input));
  scope.set_credentials(*expr::parse_json(R"({"api":"s3cr3t"})"));
  expr::EvalContext context{scope};
  context.mask_secrets = mask;
  const workflow::Node& only = loaded.workflow->nodes[0];
  Call call{*loaded.workflow, only, scope.input(), only.parsed.get(), context};
  const BodyResult result = find_body(only.type)(call);
  return result ? expr::to_json(*result) : result.error().message;
}

TEST(NodeSecrets, AFilterForATraceComparesWithTheMask) {
  constexpr std::string_view kFilter = "type: filter, config: {condition: 'item == credentials.api'}";
  EXPECT_EQ(run_body(kFilter, R"(["s3cr3t","***"])", false), R"(["s3cr3t"])");
  EXPECT_EQ(run_body(kFilter, R"(["s3cr3t","***"])", true), R"(["***"])");
}

TEST(NodeSecrets, ASwitchForATraceComparesWithTheMask) {
  constexpr std::string_view kSwitch =
      "type: switch, config: {expression: input, cases: {'value == credentials.api': hit}}";
  EXPECT_NE(run_body(kSwitch, R"("s3cr3t")", false).find(R"("matched":true)"), std::string::npos);
  EXPECT_NE(run_body(kSwitch, R"("s3cr3t")", true).find(R"("matched":false)"), std::string::npos);
  EXPECT_NE(run_body(kSwitch, R"("***")", true).find(R"("matched":true)"), std::string::npos);
}

}  // namespace
}  // namespace r8r::nodes
