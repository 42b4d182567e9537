#include "tests/simulation/cluster/network.hpp"

namespace r8r::sim {

using std::chrono::microseconds;
using std::chrono::milliseconds;

bus::Subscription Network::subscribe(Process& process, const std::string& subject, Handler handler) {
  auto listener = std::make_shared<Listener>(Listener{&process, process.life(), std::move(handler)});
  auto& all = listeners_[subject];
  std::erase_if(all, [](const auto& one) { return one.expired(); });
  all.push_back(listener);
  return bus::Subscription(std::move(listener));
}

void Network::publish(std::string_view subject, std::string_view data, std::string_view reply) {
  if (!up) return;
  const auto found = listeners_.find(std::string(subject));
  if (found == listeners_.end()) return;
  for (const auto& one : found->second) {
    const auto listener = one.lock();
    if (listener == nullptr || listener->life.expired() || events_.chance(lost)) continue;
    for (int copies = events_.chance(doubled) ? 2 : 1; copies > 0; --copies)
      send(listener, {std::string(subject), std::string(reply), std::string(data)});
  }
}

void Network::send(const std::shared_ptr<Listener>& to, bus::Message message) {
  const Duration delay = events_.chance(late)   ? events_.between(milliseconds(2'000), kLatest)
                         : events_.chance(slow) ? events_.between(milliseconds(5), milliseconds(2'000))
                                                : events_.between(microseconds(50), milliseconds(3));
  to->process->later(delay, [weak = std::weak_ptr<Listener>(to), message = std::move(message)]() mutable {
    const auto listener = weak.lock();
    if (listener == nullptr) return;  // unsubscribed meanwhile
    std::vector<bus::Message> messages;
    messages.push_back(std::move(message));
    listener->handler(std::move(messages));
  });
}

}  // namespace r8r::sim
