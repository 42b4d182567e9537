#pragma once
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/bus/messages.hpp"
#include "tests/simulation/cluster/database.hpp"

namespace r8r::sim {

/// The outside world: every call that an effect node makes of it, and whether it should have been made.
class Effects {
 public:
  Effects(Events& events, const Database& database) : events_(events), database_(database) {}

  /// What the node's url asks for: "https://bad…" fails, "https://once…" fails at the first attempt, all else answers
  /// with the url as text.
  static Result<std::string> answer(std::string_view url, int attempt);

  /// A worker makes this call now, with this idempotency key.
  void call(const bus::Task& task, std::string key);
  std::size_t calls() const { return calls_; }
  /// Calls of an attempt that had been made before.
  std::size_t repeated() const { return repeated_; }
  const std::vector<std::string>& broken() const { return broken_; }

 private:
  Events& events_;
  const Database& database_;
  std::unordered_map<std::string, std::string> keys_;      // attempt → key
  std::unordered_map<std::string, std::string> attempts_;  // key → attempt
  std::size_t calls_ = 0;
  std::size_t repeated_ = 0;
  std::vector<std::string> broken_;
};

}  // namespace r8r::sim
