#pragma once
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/bus/connection.hpp"
#include "tests/simulation/cluster/events.hpp"

namespace r8r::sim {

/// Core NATS: messages take time, overtake each other, get lost and come twice.
class Network {
 public:
  explicit Network(Events& events) : events_(events) {}

  using Handler = bus::Connection::Handler;

  bus::Subscription subscribe(Process& process, const std::string& subject, Handler handler);
  void publish(std::string_view subject, std::string_view data, std::string_view reply = {});

  static constexpr std::chrono::minutes kLatest{4};
  bool up = true;
  int lost = 0;     ///< in a thousand
  int doubled = 0;  ///< in a thousand
  int slow = 0;     ///< in a thousand: up to two seconds
  int late = 0;     ///< in a thousand: up to kLatest
  /// How often the server was away.
  std::uint64_t outages = 0;

 private:
  struct Listener {
    Process* process;
    std::weak_ptr<bool> life;
    Handler handler;
  };
  void send(const std::shared_ptr<Listener>& to, bus::Message message);

  Events& events_;
  std::unordered_map<std::string, std::vector<std::weak_ptr<Listener>>> listeners_;
};

}  // namespace r8r::sim
