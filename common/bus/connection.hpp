#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include "common/base/result.hpp"

/// NATS as awaitables. The library's threads only hand messages over; everything a caller sees happens on the caller's
/// io_context. One Connection per process.
namespace r8r::bus {

namespace asio = boost::asio;

struct Options {
  std::string url;   ///< one or more, comma-separated
  std::string name;  ///< shown in the server's connection list
  std::chrono::milliseconds reconnect_wait{200};
};

struct Message {
  std::string subject;
  std::string reply;
  std::string data;
  int status = 0;  ///< of a message that the server itself sent (404, 408, 409, 503), else 0
};

/// A task message taken from the work queue. Copyable text, plus what its ack needs (the reply subject).
struct QueueMessage {
  std::string subject;
  std::string ack_subject;
  std::string data;
  std::uint64_t delivered = 1;  ///< how often this message has been delivered, this time included
};

/// Ends its subscription when destroyed. The handler is not called afterwards.
class Subscription {
 public:
  Subscription() = default;
  explicit Subscription(std::shared_ptr<void> state) : state_(std::move(state)) {}
  void reset() { state_.reset(); }
  explicit operator bool() const { return state_ != nullptr; }

 private:
  std::shared_ptr<void> state_;
};

struct StreamConfig {
  std::string name;
  std::vector<std::string> subjects;
  std::int64_t max_bytes = 512LL * 1024 * 1024;
};

struct ConsumerConfig {
  std::string stream;
  std::string name;  ///< durable
  std::string filter_subject;
  std::chrono::milliseconds ack_wait{15'000};
  std::int64_t max_ack_pending = 100'000;
  std::int64_t max_waiting = 512;
};

class Connection {
 public:
  /// Gets every message that arrived since the last call, in order, on the io_context. Must not block.
  using Handler = std::function<void(std::vector<Message>)>;

  /// Connects, and tries again for ever once it has been connected (messages published meanwhile are dropped after the
  /// library's reconnect buffer of 8 MiB is full). The first connection is attempted until `deadline` has passed.
  static asio::awaitable<Result<std::unique_ptr<Connection>>> connect(asio::io_context& io, Options options,
                                                                      std::chrono::milliseconds deadline);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  bool connected() const;
  /// How often the connection was lost and made again.
  std::uint64_t reconnects() const;
  /// Called on the io_context after each change of connected().
  void on_state_change(std::function<void(bool connected)> callback);

  /// Hands a message to the library; does not wait. False when it cannot be taken (not connected and buffer full, or
  /// over max_payload).
  bool publish(std::string_view subject, std::string_view data);
  /// As publish, with a subject for answers.
  bool publish_request(std::string_view subject, std::string_view reply, std::string_view data);
  /// Publishes and waits for one answer on the connection's own inbox. Errors: timeout, service_unavailable (nobody
  /// listens, or not connected).
  asio::awaitable<Result<Message>> request(std::string subject, std::string data, std::chrono::milliseconds timeout);
  /// At most `max_pending` messages wait for the io_context; past that new ones are dropped and counted.
  Result<Subscription> subscribe(const std::string& subject, Handler handler, std::size_t max_pending = 100'000);
  /// As subscribe. Each message goes to one of all the subscriptions with the same `group`, in whatever process.
  Result<Subscription> subscribe_group(const std::string& subject, const std::string& group, Handler handler,
                                       std::size_t max_pending = 100'000);
  /// Messages dropped by all subscriptions so far.
  std::uint64_t dropped() const;
  /// Waits until what was published has reached the server.
  asio::awaitable<Result<void>> flush(std::chrono::milliseconds timeout);

  // JetStream.

  /// Makes the memory work-queue stream, or leaves it as it is. The answer is the time it was created (microseconds
  /// since the epoch): a different one than before means that the server lost it and all tasks in it.
  asio::awaitable<Result<std::int64_t>> ensure_stream(StreamConfig config);
  asio::awaitable<Result<void>> ensure_consumer(ConsumerConfig config);
  /// Publishes to a stream and waits for the server's acknowledgement. With a `message_id` (header Nats-Msg-Id) a
  /// second publish of the same id within the stream's duplicate window (2 minutes) is dropped by the server and counts
  /// as success. Errors: timeout, service_unavailable.
  asio::awaitable<Result<void>> publish_durable(std::string subject, std::string data,
                                                std::chrono::milliseconds timeout, std::string message_id = {});
  /// The work queue's end of `stream`/`consumer`: see PullConsumer.
  friend class PullConsumer;

  struct Impl;  ///< private to common/bus

 private:
  explicit Connection(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Pulls from a work queue with standing requests, so that a message that arrives while the worker has room is
/// delivered at once. Owner calls set_room() as its capacity changes; the handler gets messages in batches.
class PullConsumer {
 public:
  using Handler = std::function<void(std::vector<QueueMessage>)>;

  /// `room`: how many messages may be delivered before set_room is called again.
  PullConsumer(Connection& connection, std::string stream, std::string consumer, Handler handler);
  ~PullConsumer();
  PullConsumer(const PullConsumer&) = delete;
  PullConsumer& operator=(const PullConsumer&) = delete;

  /// Starts asking (again), keeping about `messages` outstanding in total; 0 stops asking. Requests that the server has
  /// lost (reconnect, expiry) are renewed by the consumer itself.
  void set_room(std::size_t messages);
  /// The consumer was made (or found) just now. The server swallows requests for one that it does not have, so what was
  /// asked before and has no answer is asked again at once instead of when it expires.
  void consumer_made();
  /// Finished with it: it is not delivered again.
  void ack(const QueueMessage& message);
  /// Give it back for delivery to another worker, after `delay`.
  void nak(const QueueMessage& message, std::chrono::milliseconds delay = std::chrono::milliseconds(0));
  /// Still working on it: the ack_wait starts again.
  void in_progress(const QueueMessage& message);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace r8r::bus
