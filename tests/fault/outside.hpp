#pragma once
#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "tests/support/tcp.hpp"

namespace r8r::test {

/// The world outside: an HTTP server that notes who called, when, with which idempotency key. Paths are
/// /WORKFLOW/NODE/N with more after it; below /flaky/ the first attempt of everything is answered with 500.
class Outside {
 public:
  struct Call {
    std::chrono::steady_clock::time_point at;
    std::string path;
    std::string key;
  };

  Outside();

  std::string url() const { return server_.url(); }
  std::vector<Call> calls();

 private:
  std::string answer(const std::string& request);

  std::mutex mutex_;
  std::vector<Call> calls_;
  RawServer server_;
};

}  // namespace r8r::test
