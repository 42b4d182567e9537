#pragma once
#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/stack.hpp"

namespace r8r::test {

/// What an answer of the api promised.
struct Promise {
  std::string id;
  std::string workflow;
  int n = 0;
};

/// Clients that start executions of every kind for as long as it lives, over all instances of the api: half of them
/// wait for the end, some name an idempotency key and ask again when they got no answer.
class Load {
 public:
  /// The workflows must exist: create_workflows().
  Load(Stack& stack, std::string outside, int clients);
  ~Load() { stop(); }
  static void create_workflows(Stack& stack);
  /// The output that an execution must have.
  static Json expected(const Promise& promise);

  void stop();
  std::vector<Promise> promises();
  /// Answers that told of an end.
  std::vector<Json> answers();

 private:
  void run(int client);
  void start_one(int client, int i);

  Stack& stack_;
  std::string outside_;
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::vector<Promise> promises_;
  std::vector<Json> answers_;
  std::vector<std::thread> clients_;
};

}  // namespace r8r::test
