#include "services/scheduler/clock.hpp"

namespace r8r::scheduler {
namespace {

class TimerAlarm : public Alarm {
 public:
  TimerAlarm(asio::io_context& io, std::function<void()> callback) : timer_(io), callback_(std::move(callback)) {}

  void set(SteadyClock::duration pause) override {
    timer_.expires_after(pause);
    timer_.async_wait([this](boost::system::error_code error) {
      if (!error) callback_();
    });
  }

 private:
  asio::steady_timer timer_;
  std::function<void()> callback_;
};

}  // namespace

std::unique_ptr<Alarm> SystemClock::make_alarm(std::function<void()> callback) {
  return std::make_unique<TimerAlarm>(io_, std::move(callback));
}

}  // namespace r8r::scheduler
