#pragma once
#include <string>
#include <unordered_map>

#include "common/base/async.hpp"
#include "common/bus/messages.hpp"
#include "services/scheduler/ports.hpp"

namespace r8r::scheduler {

/// Coalesces what one loop turn sends to the same subject into one message. Losing a message is allowed: whoever waits
/// for it finds out from the database.
template <class T>
class Outbox {
 public:
  Outbox(asio::io_context& io, Postbox& bus) : io_(io), bus_(bus), alive_(std::make_shared<bool>(true)) {}
  ~Outbox() { *alive_ = false; }
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  void send(const std::string& subject, const T& item) {
    bus::Batch<T>& batch = pending_[subject];
    batch.add(item);
    if (batch.size() > kFlushBytes) {
      bus_.publish(subject, batch.take());
      return;
    }
    if (scheduled_) return;
    scheduled_ = true;
    asio::post(io_, [this, alive = alive_] {
      if (*alive) flush();
    });
  }

  void flush() {
    scheduled_ = false;
    for (auto& [subject, batch] : pending_) {
      if (!batch.empty()) bus_.publish(subject, batch.take());
    }
    // Subjects of gone receivers must not pile up.
    if (pending_.size() > kMaxSubjects) pending_.clear();
  }

 private:
  static constexpr std::size_t kFlushBytes = 512 * 1024;
  static constexpr std::size_t kMaxSubjects = 1'000;

  asio::io_context& io_;
  Postbox& bus_;
  std::shared_ptr<bool> alive_;
  bool scheduled_ = false;
  std::unordered_map<std::string, bus::Batch<T>> pending_;
};

}  // namespace r8r::scheduler
