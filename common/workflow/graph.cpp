#include "common/workflow/graph.hpp"

#include <bit>

namespace r8r::workflow {

Graph::Graph(std::vector<Node>& nodes) : words_((nodes.size() + 63) / 64), upstream_(nodes.size() * words_) {
  for (Node& node : nodes) node.dependents.clear();
  for (const Node& node : nodes) {
    for (const int dependency : node.depends_on)
      nodes[static_cast<std::size_t>(dependency)].dependents.push_back(node.index);
  }
  sort(nodes);
  if (order_.size() < nodes.size()) find_cycles(nodes);
}

void Graph::sort(std::vector<Node>& nodes) {
  std::vector<std::size_t> open(nodes.size());  // dependencies that are not in order_ yet
  for (const Node& node : nodes) {
    open[static_cast<std::size_t>(node.index)] = node.depends_on.size();
    if (node.depends_on.empty()) order_.push_back(node.index);
  }
  for (std::size_t next = 0; next < order_.size(); ++next) {
    Node& node = nodes[static_cast<std::size_t>(order_[next])];
    std::uint64_t* row = &upstream_[static_cast<std::size_t>(node.index) * words_];
    node.level = 0;
    for (const int index : node.depends_on) {
      const auto dependency = static_cast<std::size_t>(index);
      node.level = std::max(node.level, nodes[dependency].level + 1);
      const std::uint64_t* other = &upstream_[dependency * words_];
      for (std::size_t word = 0; word < words_; ++word) row[word] |= other[word];
      row[dependency / 64] |= std::uint64_t{1} << (dependency % 64);
    }
    for (const int dependent : node.dependents) {
      if (--open[static_cast<std::size_t>(dependent)] == 0) order_.push_back(dependent);
    }
  }
  std::sort(order_.begin(), order_.end(), [&](int a, int b) {
    const int level_a = nodes[static_cast<std::size_t>(a)].level;
    const int level_b = nodes[static_cast<std::size_t>(b)].level;
    return level_a != level_b ? level_a < level_b : a < b;
  });
}

// Depth first along dependents, without recursion: a node met again while it is on the way closes a cycle.
void Graph::find_cycles(const std::vector<Node>& nodes) {
  enum class State : std::uint8_t { unseen, on_way, done };
  std::vector<State> state(nodes.size(), State::unseen);
  struct Step {
    int node;
    std::size_t next = 0;
  };
  for (const Node& start : nodes) {
    if (state[static_cast<std::size_t>(start.index)] != State::unseen) continue;
    std::vector<Step> way{{start.index}};
    state[static_cast<std::size_t>(start.index)] = State::on_way;
    while (!way.empty()) {
      Step& step = way.back();
      const std::vector<int>& dependents = nodes[static_cast<std::size_t>(step.node)].dependents;
      if (step.next == dependents.size()) {
        state[static_cast<std::size_t>(step.node)] = State::done;
        way.pop_back();
        continue;
      }
      const int dependent = dependents[step.next++];
      State& seen = state[static_cast<std::size_t>(dependent)];
      if (seen == State::unseen) {
        seen = State::on_way;
        way.push_back({dependent});
      } else if (seen == State::on_way) {
        auto from = std::find_if(way.begin(), way.end(), [&](const Step& s) { return s.node == dependent; });
        std::vector<int> cycle;
        for (; from != way.end(); ++from) cycle.push_back(from->node);
        cycles_.push_back(std::move(cycle));
      }
    }
  }
}

bool Graph::is_upstream(int other, int node) const {
  const auto bit = static_cast<std::size_t>(other);
  return (upstream_[static_cast<std::size_t>(node) * words_ + bit / 64] >> (bit % 64) & 1) != 0;
}

std::vector<int> Graph::upstream(int node) const {
  std::vector<int> all;
  for (std::size_t word = 0; word < words_; ++word) {
    for (std::uint64_t bits = upstream_[static_cast<std::size_t>(node) * words_ + word]; bits != 0; bits &= bits - 1) {
      all.push_back(static_cast<int>(word * 64) + std::countr_zero(bits));
    }
  }
  return all;
}

}  // namespace r8r::workflow
