#include "cli/server/supervisor.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "common/base/log.hpp"

namespace r8r::server {
namespace {

constexpr std::chrono::milliseconds kLook{50};      // how often a condition is looked at
constexpr std::chrono::milliseconds kHurry{1'000};  // how long a process may take to die at once
constexpr int kWrongSettings = 2;                   // exit code of a service that cannot use its environment
constexpr int kTooManyDeaths = 5;

sigset_t our_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGCHLD}) sigaddset(&set, signal);
  // Under nohup the end of the terminal is not for us.
  struct sigaction hangup {};
  if (::sigaction(SIGHUP, nullptr, &hangup) == 0 && hangup.sa_handler != SIG_IGN) sigaddset(&set, SIGHUP);
  return set;
}

}  // namespace

Supervisor::Supervisor(ProcessRecord& record) : record_(record) {
  const sigset_t set = our_signals();
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  // Whoever reads our output may go away first.
  ::signal(SIGPIPE, SIG_IGN);
  signals_ = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  R8R_ASSERT(signals_ >= 0, "signalfd failed");
}

Supervisor::~Supervisor() {
  if (!children_.empty()) stop();
  ::close(signals_);
}

Result<> Supervisor::start(ChildSpec spec) {
  Child& child = children_.emplace_back();
  child.spec = std::move(spec);
  auto launched = launch(child);
  if (!launched) children_.pop_back();
  return launched;
}

Result<> Supervisor::launch(Child& child) {
  const auto pid = spawn(child.spec);
  if (!pid) return fail(pid.error());
  child.pid = *pid;
  child.started = Clock::now();
  child.start_again = Clock::time_point::max();
  record_.add(*pid, child.spec.name, child.spec.stop_signal);
  return {};
}

void Supervisor::on_death(Child& child, int wait_status) {
  record_.remove(child.pid);
  child.pid = 0;
  if (closing_) return;
  const auto lived = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - child.started);
  if (lived >= Backoff::kLongLife) child.deaths = 0;
  ++child.deaths;
  if ((WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == kWrongSettings) || child.deaths >= kTooManyDeaths)
    broken_ = fmt::format("{} {}", child.spec.name, describe_end(wait_status));
  const auto delay = child.backoff.after_death(lived);
  child.start_again = Clock::now() + delay;
  log::warn("a process died and is started again", {{"process", child.spec.name},
                                                    {"end", describe_end(wait_status)},
                                                    {"after_seconds", static_cast<double>(delay.count()) / 1000}});
}

void Supervisor::reap() {
  for (Child& child : children_) {
    int status = 0;
    if (child.pid != 0 && ::waitpid(child.pid, &status, WNOHANG) == child.pid) on_death(child, status);
  }
}

void Supervisor::pump(Clock::time_point until) {
  auto wake = until;
  for (const Child& child : children_)
    if (!closing_) wake = std::min(wake, child.start_again);
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(wake - Clock::now()).count();
  pollfd waiting{signals_, POLLIN, 0};
  ::poll(&waiting, 1, static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000)));

  signalfd_siginfo signal{};
  while (::read(signals_, &signal, sizeof signal) == static_cast<ssize_t>(sizeof signal))
    if (signal.ssi_signo != static_cast<unsigned>(SIGCHLD)) ++requests_;
  // SIGCHLD of several children may arrive as one: always look at all of them.
  reap();

  if (closing_ || requests_ > 0) return;
  for (Child& child : children_) {
    if (child.pid != 0 || child.start_again > Clock::now()) continue;
    if (const auto launched = launch(child); !launched) {
      log::error("a process could not be started", {{"error", launched.error().message}});
      child.start_again = Clock::now() + Backoff::kMost;
    }
  }
}

Supervisor::Wait Supervisor::wait_until(const std::function<bool()>& condition, std::chrono::milliseconds limit) {
  const auto deadline = Clock::now() + limit;
  while (true) {
    if (requests_ > 0) return Wait::stopping;
    if (!broken_.empty()) return Wait::broken;
    if (condition()) return Wait::met;
    const auto now = Clock::now();
    if (now >= deadline) return Wait::timed_out;
    pump(std::min(deadline, now + kLook));
  }
}

void Supervisor::run(const std::function<void()>& each_second) {
  auto next = Clock::now() + std::chrono::seconds(1);
  while (requests_ == 0) {
    pump(next);
    broken_.clear();  // only a start can fail; later everything is tried for ever
    if (requests_ > 0 || Clock::now() < next) continue;
    each_second();
    next = Clock::now() + std::chrono::seconds(1);
  }
}

bool Supervisor::any_running(int stage) const {
  return std::any_of(children_.begin(), children_.end(),
                     [stage](const Child& child) { return child.pid != 0 && child.spec.stage >= stage; });
}

int Supervisor::stop() {
  closing_ = true;
  const int requests_before = std::max(requests_, 1);
  std::set<int, std::greater<>> stages;
  for (const Child& child : children_) stages.insert(child.spec.stage);

  bool hurry = false;
  for (const int stage : stages) {
    auto deadline = Clock::now() + (hurry ? kHurry : std::chrono::milliseconds(0));
    for (const Child& child : children_) {
      if (child.pid == 0 || child.spec.stage != stage) continue;
      ::kill(child.pid, hurry ? child.spec.hurry_signal : child.spec.stop_signal);
      // A process that someone stopped (SIGSTOP) must still hear it.
      ::kill(child.pid, SIGCONT);
      if (!hurry) deadline = std::max(deadline, Clock::now() + child.spec.stop_limit);
    }
    while (any_running(stage) && Clock::now() < deadline) {
      pump(deadline);
      if (hurry || requests_ <= requests_before) continue;
      hurry = true;
      log::warn("asked to stop a second time: ending everything at once");
      for (const Child& child : children_)
        if (child.pid != 0) ::kill(child.pid, child.spec.hurry_signal);
      deadline = Clock::now() + kHurry;
    }
    for (const Child& child : children_) {
      if (child.pid == 0 || child.spec.stage < stage) continue;
      log::warn("a process did not stop in time and is killed", {{"process", child.spec.name}});
      ::kill(child.pid, SIGKILL);
    }
    const auto killed = Clock::now() + kHurry;
    while (any_running(stage) && Clock::now() < killed) pump(killed);
  }
  children_.clear();
  return hurry ? 130 : 0;
}

}  // namespace r8r::server
