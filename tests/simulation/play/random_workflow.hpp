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
  struct Traits {
    /// More of `settings`, as "name: value" with commas between.
    std::string settings;
    /// The workflow that subworkflow nodes call; empty: there are none.
    std::string child;
    /// Nodes ask people, and go on by themselves when nobody answers.
    bool asks = false;
    /// Some waits are so long that the execution leaves memory meanwhile.
    bool long_waits = true;
  };

  explicit RandomWorkflow(std::uint64_t seed) : RandomWorkflow(seed, Traits{}) {}
  RandomWorkflow(std::uint64_t seed, Traits traits) : random_(seed), traits_(std::move(traits)) {}

  /// YAML, below "name: t". It completes.
  std::string text();
  /// One whose last node fails.
  std::string failing_text();
  /// One that is not through when its time is over.
  std::string late_text();

 private:
  int pick(int below) { return static_cast<int>(random_() % static_cast<std::uint64_t>(below)); }
  std::string names(const std::vector<int>& nodes);
  std::string branch(const std::vector<int>& nodes);
  std::string body(int node, const std::vector<int>& dependents);
  std::string special_body();
  std::string_view answer();

  std::mt19937_64 random_;
  Traits traits_;
  bool has_fallback_ = false;
  bool says_ids_ = false;  // the node's output is another in each execution, so it must not be the final one
};

}  // namespace r8r
