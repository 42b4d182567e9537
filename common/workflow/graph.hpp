#pragma once
#include <cstdint>
#include <vector>

#include "common/workflow/workflow.hpp"

namespace r8r::workflow {

/// What follows from the dependencies of a workflow's nodes. `Node::depends_on` must be filled with valid indexes.
class Graph {
 public:
  /// Fills dependents and levels of the nodes and works out who is upstream of whom. Nodes on a cycle keep level 0 and
  /// have no upstream nodes.
  explicit Graph(std::vector<Node>& nodes);

  /// Each cycle as indexes, the first not repeated at the end; cycles that share a node may show as one.
  const std::vector<std::vector<int>>& cycles() const { return cycles_; }
  /// Indexes by level, then by position in the file.
  const std::vector<int>& order() const { return order_; }
  /// Whether `node` can run only after `other` is done.
  bool is_upstream(int other, int node) const;
  /// All nodes upstream of `node`, sorted.
  std::vector<int> upstream(int node) const;

 private:
  void find_cycles(const std::vector<Node>& nodes);
  void sort(std::vector<Node>& nodes);

  std::vector<std::vector<int>> cycles_;
  std::vector<int> order_;
  std::size_t words_ = 0;                // 64-bit words in a row
  std::vector<std::uint64_t> upstream_;  // a row of bits for each node
};

}  // namespace r8r::workflow
