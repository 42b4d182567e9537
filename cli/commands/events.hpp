#pragma once
#include <string>

#include "cli/commands/command.hpp"

/// r8r events …
namespace r8r::cli {

struct PublishEvent {
  std::string name;
  std::string data;  ///< JSON, @file or -; empty: null
  std::string source;
  std::string correlation_id;
  std::string idempotency_key;
};
int publish_event(Context& context, const PublishEvent& options);

}  // namespace r8r::cli
