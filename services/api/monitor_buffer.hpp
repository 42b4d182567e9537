#pragma once
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "common/base/async.hpp"
#include "services/api/monitor_event.hpp"

namespace r8r::api {

/// What waits to be sent to one monitor client: bounded in events and bytes. When it is full the oldest events go, and
/// the client is told how many, and of which executions which.
class MonitorBuffer {
 public:
  using Frame = std::shared_ptr<const std::string>;
  static constexpr std::size_t kMostBytes = 1024 * 1024;

  explicit MonitorBuffer(std::size_t most_events) : most_events_(most_events) {}

  void push_event(MonitorEventPtr event, SteadyClock::time_point now);
  /// Answers to the client's own actions and heartbeats: before events, never dropped. False: too many wait.
  bool push_reply(std::string text);
  /// The next frame to send, or null.
  Frame pop();
  bool empty() const { return replies_.empty() && events_.empty() && dropped_ == 0; }
  /// How long the client has been behind without a break.
  SteadyClock::duration behind_for(SteadyClock::time_point now) const;
  /// Whether much more fits without anything being dropped.
  bool has_room() const { return events_.size() <= most_events_ / 2 && bytes_ <= kMostBytes / 2; }
  std::size_t events() const { return events_.size(); }

 private:
  static constexpr std::size_t kMostReplies = 1'000;
  static constexpr std::size_t kMostGaps = 1'000;

  void drop_oldest();
  void report_drops();

  std::size_t most_events_;
  std::size_t bytes_ = 0;
  std::deque<MonitorEventPtr> events_;
  std::deque<Frame> replies_;
  std::size_t dropped_ = 0;
  std::unordered_map<Uuid, std::pair<std::int64_t, std::int64_t>> gaps_;  // execution → first and last seq dropped
  std::optional<SteadyClock::time_point> behind_since_;
};

}  // namespace r8r::api
