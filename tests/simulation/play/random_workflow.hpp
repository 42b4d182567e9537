#pragma once
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace r8r {

/// Random workflows of all that the engine does, whose outcome depends on nothing but themselves. Urls that begin with
/// https://bad fail, with https://once at the first attempt.
class RandomWorkflow {
 public:
  explicit RandomWorkflow(std::uint64_t seed) : random_(seed) {}

  /// YAML, below "name: t". It completes.
  std::string text();
  /// One whose last node fails.
  std::string failing_text();

 private:
  int pick(int below) { return static_cast<int>(random_() % static_cast<std::uint64_t>(below)); }
  std::string names(const std::vector<int>& nodes);
  std::string branch(const std::vector<int>& nodes);
  std::string body(int node, const std::vector<int>& dependents);
  std::string_view answer();

  std::mt19937_64 random_;
  bool has_fallback_ = false;
};

}  // namespace r8r
