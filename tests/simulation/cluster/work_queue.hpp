#pragma once
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "tests/simulation/cluster/events.hpp"

namespace r8r::sim {

/// A message of the work queue in the hands of a worker.
struct Delivery {
  std::uint64_t number = 0;
  std::string data;
  int delivered = 1;
};

/// Who pulls from the queue.
class Puller {
 public:
  virtual ~Puller() = default;
  virtual Process& process() = 0;
  /// How many more messages it has asked for. One that is paused has asked before.
  virtual int room() const = 0;
  virtual void take(Delivery delivery) = 0;
};

/// The JetStream work queue: in memory, explicit acks, a message without an ack comes again, a message id is queued
/// once.
class WorkQueue {
 public:
  explicit WorkQueue(Events& events) : events_(events) {}

  void add(std::string data, std::string message_id);
  /// Looks again who has room.
  void deliver();
  void ack(std::uint64_t number);
  void give_back(std::uint64_t number);
  /// The holder still works on it.
  void touch(std::uint64_t number);
  /// Nothing queued, nothing out.
  bool empty() const { return messages_.empty(); }
  /// The server restarts, and everything is gone.
  void wipe();
  std::int64_t generation() const { return generation_; }

  std::vector<Puller*> pullers;

 private:
  struct Message {
    std::string data;
    int delivered = 0;
    std::uint64_t watch = 0;  ///< of the last delivery or sign of life
  };
  void watch(std::uint64_t number);

  Events& events_;
  std::unordered_map<std::uint64_t, Message> messages_;
  std::deque<std::uint64_t> waiting_;
  std::unordered_set<std::string> ids_;
  std::uint64_t next_ = 1;
  std::uint64_t next_watch_ = 1;
  std::int64_t generation_ = 1;
};

}  // namespace r8r::sim
