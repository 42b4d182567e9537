#include "common/bus/connection.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/base/async.hpp"
#include "common/base/log.hpp"
#include "common/bus/impl.hpp"

namespace r8r::bus {
namespace {

constexpr int kReconnectBufferBytes = 8 * 1024 * 1024;

struct FreeOptions {
  void operator()(natsOptions* options) const { natsOptions_Destroy(options); }
};

std::vector<std::string> split_urls(const std::string& urls) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at <= urls.size();) {
    const std::size_t comma = std::min(urls.find(',', at), urls.size());
    if (comma > at) out.push_back(urls.substr(at, comma - at));
    at = comma + 1;
  }
  return out;
}

// The library's callbacks, on its own threads: they only post. Their closure is a heap-allocated shared_ptr that lives
// as long as the connection does in the library, which is until the process ends.
void relay_state(void* closure, bool connected) {
  const auto& relay = *static_cast<std::shared_ptr<StateRelay>*>(closure);
  const std::lock_guard lock(relay->mutex);
  if (relay->io == nullptr) return;
  asio::post(*relay->io, [relay, connected] {
    Connection::Impl* owner = nullptr;
    {
      const std::lock_guard guard(relay->mutex);
      owner = relay->owner;
    }
    if (owner != nullptr) owner->state_changed(connected);
  });
}
void on_disconnected(natsConnection*, void* closure) {
  relay_state(closure, false);
}
void on_reconnected(natsConnection*, void* closure) {
  relay_state(closure, true);
}
void on_closed(natsConnection*, void* closure) {
  delete static_cast<std::shared_ptr<StateRelay>*>(closure);
}
void on_error(natsConnection*, natsSubscription*, natsStatus status, void*) {
  log::debug("nats", {{"error", natsStatus_GetText(status)}});
}

void on_message(natsConnection*, natsSubscription*, natsMsg* message, void* closure) {
  Message out;
  out.subject = natsMsg_GetSubject(message);
  if (const char* reply = natsMsg_GetReply(message)) out.reply = reply;
  const int length = natsMsg_GetDataLength(message);
  if (length > 0) out.data.assign(natsMsg_GetData(message), static_cast<std::size_t>(length));
  const char* status = nullptr;
  if (length == 0 && natsMsgHeader_Get(message, "Status", &status) == NATS_OK && status != nullptr)
    out.status = std::atoi(status);
  natsMsg_Destroy(message);
  (*static_cast<std::shared_ptr<Inlet>*>(closure))->push(std::move(out));
}

// Called by the library after the last on_message of a subscription.
void on_subscription_done(void* closure) {
  delete static_cast<std::shared_ptr<Inlet>*>(closure);
}

struct SubscriptionState {
  natsSubscription* subscription;
  std::shared_ptr<Inlet> inlet;

  SubscriptionState(natsSubscription* s, std::shared_ptr<Inlet> i) : subscription(s), inlet(std::move(i)) {}
  ~SubscriptionState() {
    inlet->close();
    natsSubscription_Unsubscribe(subscription);
    natsSubscription_Destroy(subscription);
  }
};

// The protocol is lines of words: a subject with a space or a line break would be read as something else.
bool is_subject(std::string_view subject) {
  return !subject.empty() && std::all_of(subject.begin(), subject.end(), [](char c) { return c > ' ' && c != 0x7f; });
}

// The closure of a connection's callbacks. Ours until there is a connection, which frees it when it is closed
// (on_closed).
using Closure = std::unique_ptr<std::shared_ptr<StateRelay>>;

struct ConnectAttempt {
  ConnectAttempt(Closure& of_callbacks) : closure(of_callbacks) {}
  // A connection that nobody waits for any more.
  ~ConnectAttempt() {
    if (connection == nullptr) return;
    closure.release();
    natsConnection_Destroy(connection);
  }
  natsConnection* take() {
    closure.release();
    return std::exchange(connection, nullptr);
  }

  Closure& closure;
  natsStatus status = NATS_OK;
  natsConnection* connection = nullptr;
};

// How a thread wakes the loop without touching it: the loop may be ending meanwhile.
class Bell {
 public:
  Bell() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) { R8R_ASSERT(fd_ >= 0, "no eventfd: too many open files?"); }
  ~Bell() { ::close(fd_); }
  Bell(const Bell&) = delete;
  void ring() { ::eventfd_write(fd_, 1); }
  /// A descriptor of its own that becomes readable.
  int listener() const { return ::fcntl(fd_, F_DUPFD_CLOEXEC, 0); }

 private:
  int fd_;
};

// natsConnection_Connect blocks for up to its timeout, so each attempt has a thread of its own.
// `closure` and `options` outlive the coroutine.
asio::awaitable<std::pair<natsStatus, natsConnection*>> attempt_connect(asio::io_context& io, natsOptions* options,
                                                                        Closure& closure) {
  auto bell = std::make_shared<Bell>();
  auto attempt = std::make_shared<ConnectAttempt>(closure);
  asio::posix::stream_descriptor finished(io, bell->listener());
  // Joins also when the coroutine is destroyed where it waits.
  std::jthread thread([options, bell, attempt] {
    attempt->status = natsConnection_Connect(&attempt->connection, options);
    bell->ring();
  });
  // Not cancellable: the thread uses `options`.
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  co_await finished.async_wait(asio::posix::stream_descriptor::wait_read, asio::as_tuple(asio::use_awaitable));
  thread.join();
  const natsStatus status = attempt->status;
  natsConnection* const connection = status == NATS_OK ? attempt->take() : nullptr;
  co_return std::pair(status, connection);
}

}  // namespace

void Inlet::push(Message message) {
  const std::lock_guard lock(mutex_);
  if (io_ == nullptr) return;
  if (pending_.size() >= max_pending_) {
    dropped_->fetch_add(1, std::memory_order_relaxed);
    return;
  }
  pending_.push_back(std::move(message));
  if (scheduled_) return;
  scheduled_ = true;
  asio::post(*io_, [self = shared_from_this()] { self->drain(); });
}

void Inlet::drain() {
  std::vector<Message> batch;
  {
    const std::lock_guard lock(mutex_);
    scheduled_ = false;
    if (io_ == nullptr) return;
    batch.swap(pending_);
  }
  // The handler may destroy the subscription: keep what runs.
  const std::shared_ptr<Inlet> self = shared_from_this();
  if (!batch.empty()) handler_(std::move(batch));
}

void Inlet::close() {
  const std::lock_guard lock(mutex_);
  io_ = nullptr;
  pending_.clear();
}

Connection::Impl::~Impl() {
  answers.reset();
  for (const auto& [number, pending] : waiting) {
    pending->closed = true;
    pending->timer.cancel();
  }
  {
    const std::lock_guard lock(relay->mutex);
    relay->io = nullptr;
    relay->owner = nullptr;
  }
  if (connection != nullptr) {
    natsConnection_Close(connection);
    natsConnection_Destroy(connection);
  }
}

std::string Connection::Impl::new_inbox() {
  natsInbox* name = nullptr;
  R8R_ASSERT(natsInbox_Create(&name) == NATS_OK, "no inbox");
  std::string out = name;
  natsInbox_Destroy(name);
  return out;
}

void Connection::Impl::state_changed(bool now_connected) {
  if (connected == now_connected) return;
  connected = now_connected;
  if (now_connected) {
    ++reconnects;
    log::info("the bus is back");
  } else {
    log::warn("the bus is away; connecting again");
  }
  // A callback may add another.
  const auto callbacks = state_callbacks;
  for (const auto& callback : callbacks) callback(now_connected);
}

Result<Subscription> Connection::Impl::subscribe(const std::string& subject, const std::string& group, Handler handler,
                                                 std::size_t max_pending) {
  if (!is_subject(subject)) return fail(ErrorCode::invalid_field, fmt::format("'{}' is not a subject", subject));
  auto inlet = std::make_shared<Inlet>(io, std::move(handler), max_pending, dropped);
  auto closure = std::make_unique<std::shared_ptr<Inlet>>(inlet);
  natsSubscription* subscription = nullptr;
  const natsStatus status =
      group.empty() ? natsConnection_Subscribe(&subscription, connection, subject.c_str(), on_message, closure.get())
                    : natsConnection_QueueSubscribe(&subscription, connection, subject.c_str(), group.c_str(),
                                                    on_message, closure.get());
  if (status != NATS_OK)
    return fail(ErrorCode::service_unavailable,
                fmt::format("cannot subscribe to {}: {}", subject, natsStatus_GetText(status)));
  // Our own bound stands in front of the library's, which would drop without a count.
  natsSubscription_SetPendingLimits(subscription, -1, -1);
  natsSubscription_SetOnCompleteCB(subscription, on_subscription_done, closure.release());
  return Subscription(std::make_shared<SubscriptionState>(subscription, std::move(inlet)));
}

Connection::Connection(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Connection::~Connection() = default;

asio::awaitable<Result<std::unique_ptr<Connection>>> Connection::connect(asio::io_context& io, Options options,
                                                                         std::chrono::milliseconds deadline) {
  const auto give_up = SteadyClock::now() + deadline;
  auto impl = std::make_unique<Impl>(io);
  impl->relay->io = &io;
  impl->relay->owner = impl.get();

  natsOptions* raw = nullptr;
  if (natsOptions_Create(&raw) != NATS_OK)
    co_return fail(ErrorCode::internal_error, "out of memory for the bus connection");
  const std::unique_ptr<natsOptions, FreeOptions> settings(raw);
  const std::vector<std::string> urls = split_urls(options.url);
  std::vector<const char*> servers;
  for (const std::string& url : urls) servers.push_back(url.c_str());
  natsStatus status = natsOptions_SetServers(raw, servers.data(), static_cast<int>(servers.size()));
  if (status != NATS_OK)
    co_return fail(ErrorCode::config_error, fmt::format("R8R_NATS_URL is not usable: {}", natsStatus_GetText(status)));
  // One delivery thread for all subscriptions; published data leaves at once instead of after the flusher's pause
  // (docs/decisions/002-nats-io.md).
  nats_SetMessageDeliveryPoolSize(1);
  natsOptions_UseGlobalMessageDelivery(raw, true);
  natsOptions_SetSendAsap(raw, true);
  natsOptions_SetName(raw, options.name.c_str());
  natsOptions_SetMaxReconnect(raw, -1);
  natsOptions_SetReconnectWait(raw, options.reconnect_wait.count());
  natsOptions_SetReconnectJitter(raw, 50, 50);
  natsOptions_SetReconnectBufSize(raw, kReconnectBufferBytes);
  natsOptions_SetPingInterval(raw, 10'000);
  natsOptions_SetMaxPingsOut(raw, 2);
  natsOptions_SetTimeout(raw, 2'000);
  Closure closure = std::make_unique<std::shared_ptr<StateRelay>>(impl->relay);
  natsOptions_SetDisconnectedCB(raw, on_disconnected, closure.get());
  natsOptions_SetReconnectedCB(raw, on_reconnected, closure.get());
  natsOptions_SetClosedCB(raw, on_closed, closure.get());
  natsOptions_SetErrorHandler(raw, on_error, nullptr);

  while (true) {
    const auto [outcome, connection] = co_await attempt_connect(io, raw, closure);
    if (outcome == NATS_OK) {
      impl->connection = connection;
      break;
    }
    if (SteadyClock::now() + options.reconnect_wait >= give_up) {
      co_return fail(ErrorCode::service_unavailable,
                     fmt::format("the bus (NATS) is not reachable: {}", natsStatus_GetText(outcome)));
    }
    const bool slept = co_await sleep_for(options.reconnect_wait);
    if (!slept) {
      co_return fail(ErrorCode::cancelled, "connecting to the bus was cancelled");
    }
  }
  impl->connected = true;
  impl->inbox = impl->new_inbox();
  Impl* self = impl.get();
  auto answers = impl->subscribe(
      impl->inbox + ".*", "", [self](std::vector<Message> messages) { self->on_answers(std::move(messages)); },
      100'000);
  if (!answers) co_return fail(std::move(answers.error()));
  impl->answers = std::move(*answers);
  co_return std::unique_ptr<Connection>(new Connection(std::move(impl)));
}

bool Connection::connected() const {
  return impl_->connected;
}
std::uint64_t Connection::reconnects() const {
  return impl_->reconnects;
}
std::uint64_t Connection::dropped() const {
  return impl_->dropped.load(std::memory_order_relaxed);
}
void Connection::on_state_change(std::function<void(bool)> callback) {
  impl_->state_callbacks.push_back(std::move(callback));
}

bool Connection::publish(std::string_view subject, std::string_view data) {
  if (!is_subject(subject)) return false;
  const std::string name(subject);
  return natsConnection_Publish(impl_->connection, name.c_str(), data.data(), static_cast<int>(data.size())) == NATS_OK;
}

bool Connection::publish_request(std::string_view subject, std::string_view reply, std::string_view data) {
  if (!is_subject(subject) || !is_subject(reply)) return false;
  const std::string name(subject);
  const std::string answer(reply);
  return natsConnection_PublishRequest(impl_->connection, name.c_str(), answer.c_str(), data.data(),
                                       static_cast<int>(data.size())) == NATS_OK;
}

Result<Subscription> Connection::subscribe(const std::string& subject, Handler handler, std::size_t max_pending) {
  return impl_->subscribe(subject, "", std::move(handler), max_pending);
}

Result<Subscription> Connection::subscribe_group(const std::string& subject, const std::string& group, Handler handler,
                                                 std::size_t max_pending) {
  return impl_->subscribe(subject, group, std::move(handler), max_pending);
}

Error closed() {
  return {ErrorCode::service_unavailable, "the connection to the bus was closed", {}};
}

void Connection::Impl::on_answers(std::vector<Message> messages) {
  for (Message& message : messages) {
    std::uint64_t number = 0;
    const char* from = message.subject.data() + inbox.size() + 1;
    std::from_chars(from, message.subject.data() + message.subject.size(), number);
    const auto found = waiting.find(number);
    if (found == waiting.end()) continue;
    const std::shared_ptr<PendingAnswer> pending = found->second;
    waiting.erase(found);
    pending->answered = true;
    pending->answer = std::move(message);
    pending->timer.cancel();
  }
}

asio::awaitable<Result<Message>> Connection::request(std::string subject, std::string data,
                                                     std::chrono::milliseconds timeout) {
  if (!impl_->connected) co_return fail(ErrorCode::service_unavailable, "the bus (NATS) is not reachable");
  const std::uint64_t number = impl_->next_request++;
  const auto pending = std::make_shared<PendingAnswer>(impl_->io);
  pending->timer.expires_after(timeout);
  impl_->waiting.emplace(number, pending);
  if (!publish_request(subject, fmt::format("{}.{}", impl_->inbox, number), data)) {
    impl_->waiting.erase(number);
    co_return fail(ErrorCode::service_unavailable, "the message could not be sent to the bus");
  }
  co_await pending->timer.async_wait(asio::as_tuple(asio::use_awaitable));
  if (pending->closed) co_return fail(closed());
  if (!pending->answered) {
    impl_->waiting.erase(number);
    co_return fail(ErrorCode::timeout, fmt::format("no answer on {} within {} ms", subject, timeout.count()));
  }
  if (pending->answer.status == 503)
    co_return fail(ErrorCode::service_unavailable, fmt::format("nobody listens on {}", subject));
  co_return std::move(pending->answer);
}

// A round trip through the server: it has then seen everything that was published before.
asio::awaitable<Result<void>> Connection::flush(std::chrono::milliseconds timeout) {
  const std::uint64_t number = impl_->next_request++;
  const auto pending = std::make_shared<PendingAnswer>(impl_->io);
  pending->timer.expires_after(timeout);
  impl_->waiting.emplace(number, pending);
  publish(fmt::format("{}.{}", impl_->inbox, number), "");
  co_await pending->timer.async_wait(asio::as_tuple(asio::use_awaitable));
  if (pending->closed) co_return fail(closed());
  if (pending->answered) co_return Result<void>();
  impl_->waiting.erase(number);
  co_return fail(ErrorCode::timeout, "the bus did not answer in time");
}

}  // namespace r8r::bus
