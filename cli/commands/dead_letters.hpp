#pragma once
#include <string>

#include "cli/commands/command.hpp"

/// r8r dlq …: each function is one command and returns its exit code. `id` is an entry's or its execution's.
namespace r8r::cli {

struct ListDeadLetters {
  std::string status;  ///< empty: those that nobody has handled
  std::string workflow;
  std::string error;
  std::string since;
  int limit = 50;
};
int list_dead_letters(Context& context, const ListDeadLetters& wanted);
int show_dead_letter(Context& context, const std::string& id);

struct RetryDeadLetters {
  std::string id;
  bool all = false;
  std::string workflow;  ///< with `all`: only these
  std::string error;
  std::string since;
};
int retry_dead_letters(Context& context, const RetryDeadLetters& wanted);
int discard_dead_letter(Context& context, const std::string& id);

}  // namespace r8r::cli
