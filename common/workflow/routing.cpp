#include "common/workflow/routing.hpp"

#include <algorithm>

namespace r8r::workflow {

std::vector<int> routed_away(const Node& node, const std::vector<int>& taken) {
  std::vector<int> away;
  std::vector<int> reached;
  for (std::size_t i = 0; i < node.branches.size(); ++i) {
    const bool chosen = std::find(taken.begin(), taken.end(), static_cast<int>(i)) != taken.end();
    std::vector<int>& named = chosen ? reached : away;
    named.insert(named.end(), node.branches[i].nodes.begin(), node.branches[i].nodes.end());
  }
  std::sort(away.begin(), away.end());
  away.erase(std::unique(away.begin(), away.end()), away.end());
  std::erase_if(away, [&](int index) { return std::find(reached.begin(), reached.end(), index) != reached.end(); });
  return away;
}

void Routing::skip(int node) {
  const auto at = static_cast<std::size_t>(node);
  if (skipped_.size() <= at) skipped_.resize(at + 1, 0);
  skipped_[at] = 1;
}

bool Routing::skips(const Node& node) const {
  if (skipped_.empty()) return false;
  if (skipped(node.index)) return true;
  return !node.depends_on.empty() &&
         std::all_of(node.depends_on.begin(), node.depends_on.end(), [this](int index) { return skipped(index); });
}

}  // namespace r8r::workflow
