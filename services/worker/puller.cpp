#include "services/worker/puller.hpp"

#include "common/base/log.hpp"
#include "common/bus/subjects.hpp"

namespace r8r::worker {
namespace {

constexpr auto kRetry = std::chrono::seconds(1);
// Somebody may delete a stream by hand; then it is back after this.
constexpr auto kCheck = std::chrono::seconds(30);

}  // namespace

Puller::Puller(asio::io_context& io, bus::Connection& connection, std::vector<std::string> pools)
    : connection_(connection), pools_(std::move(pools)), changed_(std::make_shared<Notifier>(io)) {
  connection_.on_state_change([weak = std::weak_ptr<Notifier>(changed_)](bool) {
    if (const auto changed = weak.lock()) changed->notify_all();
  });
}

Puller::~Puller() = default;

void Puller::start(Handler handler) {
  for (const std::string& pool : pools_) {
    consumers_.push_back(std::make_unique<bus::PullConsumer>(connection_, std::string(bus::kTaskStream),
                                                             bus::task_consumer(pool), handler));
  }
}

awaitable<Result<void>> Puller::make_queue() {
  bus::StreamConfig stream;
  stream.name = bus::kTaskStream;
  stream.subjects = {std::string(bus::kTaskSubjects)};
  Result<std::int64_t> made = co_await connection_.ensure_stream(std::move(stream));
  if (!made) co_return fail(std::move(made.error()));
  for (const std::string& pool : pools_) {
    bus::ConsumerConfig consumer;
    consumer.stream = bus::kTaskStream;
    consumer.name = bus::task_consumer(pool);
    consumer.filter_subject = bus::task_subject(pool);
    Result<void> there = co_await connection_.ensure_consumer(std::move(consumer));
    if (!there) co_return fail(std::move(there.error()));
  }
  co_return Result<void>();
}

awaitable<void> Puller::keep_queue() {
  while (true) {
    if (!connection_.connected()) {
      ready_ = false;
      problem_ = "not connected";
      co_await changed_->wait_for(kRetry);
      continue;
    }
    const std::uint64_t reconnects = connection_.reconnects();
    if (reconnects != seen_reconnects_) ready_ = false;
    seen_reconnects_ = reconnects;
    Result<void> made = co_await make_queue();
    if (made && connection_.reconnects() != reconnects) continue;
    if (!made && (ready_ || problem_ != made.error().message))
      log::warn("the task queue cannot be made; trying on", {{"error", made.error().message}});
    if (made && !ready_) {
      log::info("task queue ready", {{"reconnects", reconnects}});
      for (const auto& consumer : consumers_) consumer->consumer_made();
    }
    ready_ = made.has_value();
    problem_ = made ? std::string() : made.error().message;
    const SteadyClock::duration pause = ready_ ? SteadyClock::duration(kCheck) : SteadyClock::duration(kRetry);
    co_await changed_->wait_for(pause);
  }
}

void Puller::set_room(std::size_t messages) {
  if (consumers_.empty()) return;
  // A share each; what a pool brings beyond the room waits here.
  const std::size_t share = (messages + consumers_.size() - 1) / consumers_.size();
  for (const auto& consumer : consumers_) consumer->set_room(share);
}

// An answer goes to the message's own subject: any of the consumers can send it.
void Puller::ack(const bus::QueueMessage& message) {
  consumers_.front()->ack(message);
}
void Puller::nak(const bus::QueueMessage& message) {
  consumers_.front()->nak(message);
}
void Puller::in_progress(const bus::QueueMessage& message) {
  consumers_.front()->in_progress(message);
}

bool Puller::publish(const std::string& subject, const std::string& data) {
  return connection_.publish(subject, data);
}

awaitable<Result<void>> Puller::request(std::string subject, std::string data, std::chrono::milliseconds timeout) {
  Result<bus::Message> answer = co_await connection_.request(std::move(subject), std::move(data), timeout);
  if (!answer) co_return fail(std::move(answer.error()));
  co_return Result<void>();
}

}  // namespace r8r::worker
