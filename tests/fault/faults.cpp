#include "tests/fault/faults.hpp"

#include <csignal>
#include <filesystem>

namespace r8r::test {

using std::chrono::milliseconds;
using std::chrono::seconds;

void Faults::strike() {
  if (victims_.empty()) {
    for (ChildProcess* process : stack_.services()) victims_.push_back({process});
  }
  bring_back(false);
  const int dice = pick(100);
  if (dice < 6) {
    ++struck_["nats restarted, its store wiped"];
    stack_.nats().kill();
    std::error_code ignored;
    std::filesystem::remove_all(stack_.directory() + "/nats", ignored);
    give_way(milliseconds(pick(1'500)));
    stack_.nats().start();
    return;
  }
  if (dice < 12) {
    const bool as_a_crash = pick(2) == 0;
    ++struck_[as_a_crash ? "postgres crashed" : "postgres restarted"];
    stack_.postgres().stop(as_a_crash ? PostgresServer::Stop::immediate : PostgresServer::Stop::fast);
    give_way(milliseconds(pick(2'000)));
    stack_.postgres().start();
    return;
  }
  Victim& victim = victims_[static_cast<std::size_t>(pick(static_cast<int>(victims_.size())))];
  if (victim.state != State::up) return;
  const Time now = std::chrono::steady_clock::now();
  if (dice < 55) {
    ++struck_["kill -9"];
    victim.process->kill();
    victim.state = State::killed;
    victim.back_at = now + milliseconds(pick(3'000));
  } else if (dice < 85) {
    ++struck_["paused"];
    victim.process->signal(SIGSTOP);
    victim.state = State::paused;
    // Half of them for longer than a lease.
    victim.back_at = now + milliseconds(pick(2) == 0 ? pick(2'000) : 3'000 + pick(27'000));
  } else {
    ++struck_["stopped and started"];
    victim.process->stop(seconds(40));
    victim.process->start();
  }
}

void Faults::bring_back(bool all) {
  const Time now = std::chrono::steady_clock::now();
  for (Victim& victim : victims_) {
    if (victim.state == State::up || (!all && victim.back_at > now)) continue;
    if (victim.state == State::killed) victim.process->start();
    if (victim.state == State::paused) victim.process->signal(SIGCONT);
    victim.state = State::up;
  }
}

void Faults::heal() {
  bring_back(true);
}

std::string Faults::summary() const {
  std::string all;
  for (const auto& [what, count] : struck_) all += (all.empty() ? "" : ", ") + what + " " + std::to_string(count);
  return all;
}

}  // namespace r8r::test
