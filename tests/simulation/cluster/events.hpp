#pragma once
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <queue>
#include <random>
#include <vector>

namespace r8r::sim {

using Duration = std::chrono::microseconds;

/// What happens when, in a world whose time is a number and whose chance is one seed: the same seed, the same history.
class Events {
 public:
  explicit Events(std::uint64_t seed) : random_(seed) {}

  /// Since the world began.
  Duration now() const { return now_; }
  /// Things of one moment happen in the order in which they were asked for.
  void after(Duration delay, std::function<void()> what);
  /// The next thing happens. False when there is nothing to come.
  bool step();
  std::uint64_t steps() const { return steps_; }

  std::uint64_t random() { return random_(); }
  int pick(int below) { return static_cast<int>(random_() % static_cast<std::uint64_t>(below)); }
  bool chance(int in_thousand) { return in_thousand > 0 && pick(1000) < in_thousand; }
  Duration between(Duration least, Duration most);

 private:
  struct Event {
    Duration at;
    std::uint64_t number;
    std::function<void()> what;
    bool operator>(const Event& other) const { return at != other.at ? at > other.at : number > other.number; }
  };

  Duration now_{0};
  std::uint64_t steps_ = 0;
  std::uint64_t asked_ = 0;
  std::mt19937_64 random_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> queue_;
};

/// A process of the world: it can die at any moment, and be paused, when what reaches it waits until it goes on.
class Process {
 public:
  explicit Process(Events& events) : events_(events), life_(std::make_shared<bool>(true)) {}
  virtual ~Process() { *life_ = false; }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  /// Happens in this process, unless it is dead by then.
  void later(Duration delay, std::function<void()> what);
  void pause_for(Duration how_long);
  void go_on();
  bool paused() const { return paused_; }
  /// False from when it has died.
  std::weak_ptr<bool> life() const { return life_; }

 protected:
  /// After something happened in it.
  virtual void turn() {}

  Events& events_;

 private:
  std::shared_ptr<bool> life_;
  bool paused_ = false;
  std::deque<std::function<void()>> held_;
};

}  // namespace r8r::sim
