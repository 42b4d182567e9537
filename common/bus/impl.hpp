#pragma once
// Private to common/bus: what lies behind Connection. Included only by its .cpp files.
#include <nats/nats.h>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "common/bus/connection.hpp"

namespace r8r::bus {

/// One subscription. The library's delivery thread pushes, the io_context drains; a burst is one post.
class Inlet : public std::enable_shared_from_this<Inlet> {
 public:
  Inlet(asio::io_context& io, Connection::Handler handler, std::size_t max_pending, std::atomic<std::uint64_t>& dropped)
      : io_(&io), handler_(std::move(handler)), max_pending_(max_pending), dropped_(&dropped) {}

  /// On a library thread.
  void push(Message message);
  /// On the io_context: after this nothing is posted and the handler is not called.
  void close();

 private:
  void drain();

  std::mutex mutex_;
  asio::io_context* io_;  // null once closed
  Connection::Handler handler_;
  std::size_t max_pending_;
  std::atomic<std::uint64_t>* dropped_;
  bool scheduled_ = false;
  std::vector<Message> pending_;
};

/// What the library's connection callbacks may still reach after the Connection is gone.
struct StateRelay {
  std::mutex mutex;
  asio::io_context* io = nullptr;  // null once closed
  Connection::Impl* owner = nullptr;
};

struct PendingAnswer {
  explicit PendingAnswer(asio::io_context& io) : timer(io) {}
  asio::steady_timer timer;
  bool answered = false;
  bool closed = false;  ///< the connection is gone: whoever waits must not touch it again
  Message answer;
};

/// What a request fails with when its connection is destroyed while it waits.
Error closed();

struct Connection::Impl {
  explicit Impl(asio::io_context& context) : io(context), relay(std::make_shared<StateRelay>()) {}
  ~Impl();

  /// `group`: empty for none.
  Result<Subscription> subscribe(const std::string& subject, const std::string& group, Handler handler,
                                 std::size_t max_pending);
  void on_answers(std::vector<Message> messages);
  void state_changed(bool now_connected);
  std::string new_inbox();

  asio::io_context& io;
  natsConnection* connection = nullptr;
  std::shared_ptr<StateRelay> relay;
  std::atomic<std::uint64_t> dropped{0};
  bool connected = false;
  std::uint64_t reconnects = 0;
  std::vector<std::function<void(bool)>> state_callbacks;
  std::string inbox;  // answers come to inbox.<number>
  Subscription answers;
  std::uint64_t next_request = 1;
  std::unordered_map<std::uint64_t, std::shared_ptr<PendingAnswer>> waiting;
};

}  // namespace r8r::bus
