#pragma once
#include <set>
#include <string>
#include <vector>

namespace r8r::expr {

/// What the text of a program or template names outside itself, known without running it.
struct References {
  /// A name and where it stands in the source.
  struct Place {
    std::string name;
    int line = 1;
    int column = 1;
    /// For unknown names: the nearest known one, or empty.
    std::string nearest;
    auto operator<=>(const Place&) const = default;
  };

  /// Node ids: nodes.X, nodes["X"], nodes.get("X"), and ids used as top-level names. `-` and `_` are resolved by the
  /// ids that were given to the compiler; an id that is not among them is as written.
  std::set<std::string> nodes;
  /// Where each use of a node stands, in order of the text.
  std::vector<Place> node_places;
  /// `nodes` is used in a way that only running can tell.
  bool all_nodes = false;
  bool input = false;
  /// Fields of `input` (and `data`) that are named: input.x, input["x"].
  std::vector<Place> input_places;
  bool item = false;  ///< item, index, item_index
  bool execution = false;
  std::set<std::string> variables;
  std::vector<Place> variable_places;
  bool all_variables = false;
  std::set<std::string> env;
  bool all_env = false;
  std::set<std::string> credentials;
  /// Names that mean nothing; evaluating them is an error.
  std::vector<Place> unknown_roots;

  void merge(const References& other);
};

}  // namespace r8r::expr
