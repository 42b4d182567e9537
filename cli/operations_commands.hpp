#pragma once
#include "cli/command_tree.hpp"
#include "cli/commands/dead_letters.hpp"

namespace r8r::cli {

/// The words of those who run the system: r8r db …, r8r dlq …
class OperationsCommands {
 public:
  explicit OperationsCommands(CommandTree& tree) : tree_(tree) {}
  void add();

 private:
  void add_database();
  void add_dead_letters();

  CommandTree& tree_;
  bool dry_run_ = false;
  ListDeadLetters list_;
  RetryDeadLetters retry_;
  std::string id_;
};

}  // namespace r8r::cli
