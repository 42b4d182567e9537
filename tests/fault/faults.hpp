#pragma once
#include <chrono>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "tests/support/stack.hpp"

namespace r8r::test {

/// Breaks a stack: one thing at a time, at random, from a seed; what is broken comes back by itself a while later.
class Faults {
 public:
  Faults(Stack& stack, unsigned seed) : stack_(stack), random_(seed) {}

  /// One more fault, and what is due comes back.
  void strike();
  /// Everything is as it was before.
  void heal();
  /// How often each kind struck: "kill 12, pause 7, …".
  std::string summary() const;

 private:
  using Time = std::chrono::steady_clock::time_point;
  enum class State { up, killed, paused };
  struct Victim {
    ChildProcess* process = nullptr;
    State state = State::up;
    Time back_at{};
  };

  int pick(int below) { return static_cast<int>(random_() % static_cast<unsigned>(below)); }
  void bring_back(bool all);

  Stack& stack_;
  std::mt19937 random_;
  std::vector<Victim> victims_;
  std::map<std::string, int> struck_;
};

}  // namespace r8r::test
