#include "tests/simulation/cluster/work_queue.hpp"

namespace r8r::sim {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr auto kAckWait = std::chrono::seconds(15);

void WorkQueue::add(std::string data, std::string message_id) {
  if (!message_id.empty() && !ids_.insert(std::move(message_id)).second) return;
  const std::uint64_t number = next_++;
  messages_.emplace(number, Message{std::move(data)});
  waiting_.push_back(number);
  deliver();
}

void WorkQueue::deliver() {
  while (!waiting_.empty()) {
    if (!messages_.contains(waiting_.front())) {
      waiting_.pop_front();
      continue;
    }
    std::vector<Puller*> able;
    for (Puller* puller : pullers) {
      if (puller->room() > 0) able.push_back(puller);
    }
    if (able.empty()) return;
    Puller* puller = able[static_cast<std::size_t>(events_.pick(static_cast<int>(able.size())))];
    const std::uint64_t number = waiting_.front();
    waiting_.pop_front();
    Message& message = messages_[number];
    ++message.delivered;
    watch(number);
    puller->take({number, message.data, message.delivered});
  }
}

void WorkQueue::watch(std::uint64_t number) {
  const std::uint64_t mine = next_watch_++;
  messages_[number].watch = mine;
  events_.after(kAckWait, [this, number, mine] {
    const auto found = messages_.find(number);
    if (found == messages_.end() || found->second.watch != mine) return;
    waiting_.push_front(number);
    deliver();
  });
}

void WorkQueue::ack(std::uint64_t number) {
  messages_.erase(number);
}

void WorkQueue::give_back(std::uint64_t number) {
  const auto found = messages_.find(number);
  if (found == messages_.end()) return;
  found->second.watch = 0;
  waiting_.push_front(number);
  deliver();
}

void WorkQueue::touch(std::uint64_t number) {
  if (messages_.contains(number)) watch(number);
}

void WorkQueue::wipe() {
  messages_.clear();
  waiting_.clear();
  ids_.clear();
  ++generation_;
}

}  // namespace r8r::sim
