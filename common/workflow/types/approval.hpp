#pragma once
#include <chrono>
#include <string>
#include <vector>

#include "common/workflow/config.hpp"

namespace r8r::workflow {

struct ApprovalConfig final : ParsedConfig {
  std::string title;
  std::string description;
  std::string assignee;
  std::vector<std::string> groups;
  std::chrono::milliseconds timeout{0};  ///< 0: none
  std::string default_action;            ///< approve, reject; with a timeout
};

}  // namespace r8r::workflow
