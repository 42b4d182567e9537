#pragma once
#include <vector>

#include "common/workflow/workflow.hpp"

namespace r8r::workflow {

/// What a decision of a node that routes leads away from: the nodes named by branches that were not taken and by none
/// that was. `taken`: indexes into Node::branches.
std::vector<int> routed_away(const Node& node, const std::vector<int>& taken);

/// Which nodes of one execution are skipped by routing. The one place for the rule, used by segments and by the engine,
/// so that the answer does not depend on how nodes were fused.
class Routing {
 public:
  /// A decision led away from this node, or it is known to be skipped by routing.
  void skip(int node);
  /// Whether routing skips a node whose dependencies are all done: a decision led away from it, or every one of its
  /// dependencies was skipped by routing.
  bool skips(const Node& node) const;
  /// Whether anything is skipped at all.
  bool any() const { return !skipped_.empty(); }
  bool skipped(int node) const {
    return static_cast<std::size_t>(node) < skipped_.size() && skipped_[static_cast<std::size_t>(node)] != 0;
  }

 private:
  std::vector<char> skipped_;  // by node, as long as need be: most executions skip nothing
};

}  // namespace r8r::workflow
