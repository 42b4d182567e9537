#pragma once
#include <unordered_set>
#include <vector>

#include "common/nodes/body.hpp"
#include "common/workflow/types/conditions.hpp"

namespace r8r::nodes {

struct ValueHash {
  std::size_t operator()(const expr::Value& value) const { return static_cast<std::size_t>(value.hash()); }
};

/// The conditions of one node in one run: what does not depend on the item is evaluated once.
class ConditionTest {
 public:
  /// `conditions` and `context` must outlive the test.
  static tl::expected<ConditionTest, Failure> prepare(const workflow::Conditions& conditions,
                                                      expr::EvalContext& context);
  /// Whether `subject` passes: the input, or an item that `context` has in its scope.
  tl::expected<bool, Failure> holds(const expr::Value& subject, expr::EvalContext& context) const;

 private:
  struct Prepared {
    const workflow::Condition* condition;
    workflow::Comparison comparison;
    expr::Value value;
    bool per_item = false;  ///< the value has to be evaluated for each item
    std::optional<expr::Pattern> pattern;
    std::unordered_set<expr::Value, ValueHash> members;  ///< of a long list for `in`
  };
  static tl::expected<Prepared, Failure> prepare_one(const workflow::Condition& condition, expr::EvalContext& context);
  static tl::expected<bool, Failure> compare(const Prepared& prepared, const expr::Value* subject,
                                             expr::EvalContext& context);

  explicit ConditionTest(const workflow::Conditions& conditions) : conditions_(&conditions) {}

  const workflow::Conditions* conditions_;
  std::vector<Prepared> prepared_;
};

}  // namespace r8r::nodes
