#pragma once
#include <chrono>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "common/expr/evaluate.hpp"
#include "common/nodes/segment.hpp"
#include "common/workflow/config.hpp"
#include "common/workflow/workflow.hpp"

/// What the node types of this folder implement; internal to it.
namespace r8r::nodes {

/// Why a body gave no output. All failures of pure nodes are permanent: the same inputs fail again.
struct Failure {
  std::string_view code;  ///< EXPRESSION_ERROR, INVALID_CONFIG, INVALID_INPUT
  std::string message;
};
using BodyResult = tl::expected<expr::Value, Failure>;

inline constexpr std::string_view kExpressionError = "EXPRESSION_ERROR";
inline constexpr std::string_view kInvalidConfig = "INVALID_CONFIG";
inline constexpr std::string_view kInvalidInput = "INVALID_INPUT";

inline tl::unexpected<Failure> failure(std::string_view code, std::string message) {
  return tl::make_unexpected(Failure{code, std::move(message)});
}

/// One run of a body.
struct Call {
  const workflow::Workflow& workflow;
  const workflow::Node& node;
  const expr::Value& input;
  /// The config as the node's type reads it; null for types whose config is a mere expression.
  const workflow::ParsedConfig* parsed;
  expr::EvalContext& context;
  /// Set by control nodes: how long the execution waits before the output holds.
  std::chrono::milliseconds wait{0};
  /// Set by nodes that ask a person.
  std::optional<ApprovalRequest> approval = std::nullopt;
  /// Set by nodes that route: the branches that they take, indexes into Node::branches.
  std::optional<std::vector<int>> taken = std::nullopt;

  /// The parsed config; `Config` is what the type's `parse` makes.
  template <class Config>
  const Config& config_as() const {
    return static_cast<const Config&>(*parsed);
  }
  /// Evaluates an expression field that the node type requires.
  BodyResult evaluate(std::string_view name) const;
  /// Evaluates a piece of the config; `place` is for the message.
  BodyResult evaluate(const workflow::Operand& operand, std::string_view place) const;
  BodyResult evaluate(const expr::Program& program, std::string_view place) const;
  /// The same for what may be left out: null then, as when a template gives nothing.
  BodyResult evaluate(const std::optional<workflow::Operand>& operand, std::string_view place) const;
};

using Body = BodyResult (*)(Call&);

/// nullptr for types that do not run in a segment.
Body find_body(std::string_view type);

BodyResult run_transform(Call& call);
BodyResult run_set(Call& call);
BodyResult run_filter(Call& call);
BodyResult run_sort(Call& call);
BodyResult run_limit(Call& call);
BodyResult run_dedupe(Call& call);
BodyResult run_aggregate(Call& call);
BodyResult run_summarize(Call& call);
BodyResult run_split(Call& call);
BodyResult run_merge(Call& call);
BodyResult run_debug(Call& call);
BodyResult run_template(Call& call);
BodyResult run_wait(Call& call);
BodyResult run_approval(Call& call);
BodyResult run_crypto(Call& call);
BodyResult run_datetime(Call& call);
BodyResult run_if(Call& call);
BodyResult run_switch(Call& call);
BodyResult run_variables(Call& call);

/// What the variables are after a `variables` node that saw `saw` and came to `output`. Changes of other branches that
/// are in `variables` stay, unless this node changed the same name.
void apply_variables(const workflow::Node& node, const expr::Value& saw, const expr::Value& output,
                     expr::Value& variables);

}  // namespace r8r::nodes
