#pragma once
#include <chrono>
#include <cstddef>
#include <string>

namespace r8r::store {

/// How a group-commit queue connects and what bounds it.
struct CommitOptions {
  std::string url;
  std::string application_name;
  std::size_t max_pending_items = 20'000;
  std::size_t max_pending_bytes = 256ull * 1024 * 1024;
  std::size_t max_batch_items = 512;
  std::size_t max_batch_bytes = 16ull * 1024 * 1024;
  std::chrono::milliseconds statement_timeout{5'000};
};

}  // namespace r8r::store
