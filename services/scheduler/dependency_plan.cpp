#include "services/scheduler/dependency_plan.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace r8r::scheduler {
namespace {

using Dependencies = std::vector<workflow::WorkflowDependency>;
/// The newest ending of each upstream, in the order of the file.
using Newest = std::vector<std::optional<store::UpstreamEnding>>;

bool is_whole(const Dependencies& dependencies, const Newest& newest) {
  Timestamp latest = Timestamp::min();
  for (const auto& ending : newest) {
    if (!ending) return false;
    latest = std::max(latest, ending->ended_at);
  }
  for (std::size_t i = 0; i < newest.size(); ++i) {
    if (dependencies[i].within && latest - newest[i]->ended_at > *dependencies[i].within) return false;
  }
  return true;
}

}  // namespace

DependencyPlan plan_starts(const Dependencies& dependencies, const std::vector<store::UpstreamEnding>& endings) {
  DependencyPlan plan;
  Newest newest(dependencies.size());
  for (const store::UpstreamEnding& ending : endings) {
    const auto found = std::find_if(dependencies.begin(), dependencies.end(),
                                    [&](const auto& dependency) { return dependency.workflow == ending.upstream; });
    if (found == dependencies.end() || ending.outdated) {
      plan.dropped.push_back(ending.id);
      continue;
    }
    const auto place = static_cast<std::size_t>(found - dependencies.begin());
    if (newest[place]) plan.dropped.push_back(newest[place]->id);
    newest[place] = ending;
    if (!is_whole(dependencies, newest)) continue;
    DependencyPlan::Start& start = plan.starts.emplace_back();
    start.last = place;
    for (auto& one : newest) start.set.push_back(std::move(*std::exchange(one, std::nullopt)));
  }
  for (auto& one : newest) {
    if (one) plan.kept.push_back(std::move(*one));
  }
  return plan;
}

}  // namespace r8r::scheduler
