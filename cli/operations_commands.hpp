#pragma once
#include "cli/command_tree.hpp"

namespace r8r::cli {

/// The words of those who run the system: r8r db …
class OperationsCommands {
 public:
  explicit OperationsCommands(CommandTree& tree) : tree_(tree) {}
  void add();

 private:
  void add_database();

  CommandTree& tree_;
  bool dry_run_ = false;
};

}  // namespace r8r::cli
