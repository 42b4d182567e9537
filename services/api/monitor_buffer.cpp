#include "services/api/monitor_buffer.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "common/base/metrics.hpp"
#include "services/api/monitor_action.hpp"

namespace r8r::api {

void MonitorBuffer::push_event(MonitorEventPtr event, SteadyClock::time_point now) {
  bytes_ += event->body->size();
  events_.push_back(std::move(event));
  while (events_.size() > most_events_ || (bytes_ > kMostBytes && events_.size() > 1)) {
    drop_oldest();
    if (!behind_since_) behind_since_ = now;
  }
}

void MonitorBuffer::drop_oldest() {
  static metrics::Counter counter =
      metrics::counter("r8r_monitor_events_dropped_total", "Events that slow monitor clients did not get");
  counter.add();
  const MonitorEventPtr event = std::move(events_.front());
  events_.pop_front();
  bytes_ -= event->body->size();
  ++dropped_;
  const std::int64_t seq = event->execution_id.is_nil() ? 0 : event->seq();
  if (seq == 0) return;
  const auto known = gaps_.find(event->execution_id);
  if (known != gaps_.end()) {
    known->second.first = std::min(known->second.first, seq);
    known->second.second = std::max(known->second.second, seq);
  } else if (gaps_.size() < kMostGaps) {
    gaps_.emplace(event->execution_id, std::pair(seq, seq));
  }
}

bool MonitorBuffer::push_reply(std::string text) {
  if (replies_.size() >= kMostReplies) return false;
  replies_.push_back(std::make_shared<const std::string>(std::move(text)));
  return true;
}

void MonitorBuffer::report_drops() {
  replies_.push_back(std::make_shared<const std::string>(fmt::format(
      R"({{"type":"error","event":"error","message":"Dropped {0} messages due to lag","dropped":{0}}})", dropped_)));
  for (const auto& [execution, range] : gaps_) {
    replies_.push_back(std::make_shared<const std::string>(gap_frame(execution, range.first, range.second)));
  }
  dropped_ = 0;
  gaps_.clear();
}

MonitorBuffer::Frame MonitorBuffer::pop() {
  if (dropped_ > 0) report_drops();
  if (!replies_.empty()) {
    Frame frame = std::move(replies_.front());
    replies_.pop_front();
    return frame;
  }
  if (events_.empty()) return nullptr;
  const MonitorEventPtr event = std::move(events_.front());
  events_.pop_front();
  bytes_ -= event->body->size();
  if (events_.empty()) behind_since_.reset();
  return event->body;
}

SteadyClock::duration MonitorBuffer::behind_for(SteadyClock::time_point now) const {
  return behind_since_ ? now - *behind_since_ : SteadyClock::duration::zero();
}

}  // namespace r8r::api
