#include <fmt/format.h>

#include <charconv>
#include <map>

#include "common/base/async.hpp"
#include "common/base/log.hpp"
#include "common/bus/impl.hpp"

namespace r8r::bus {
namespace {

using std::chrono::milliseconds;

// How long a standing request lives at the server; renewed after it, or earlier when it is used up.
constexpr auto kExpires = std::chrono::seconds(30);
// The server swallows a request for a consumer that it does not have (any more, or yet: a restart empties its memory)
// without a word. So until it has answered one, requests are short: one that has no answer by then was lost, and is
// made again.
constexpr auto kProbeExpires = std::chrono::seconds(1);
constexpr auto kGrace = milliseconds(500);
constexpr auto kPauseAfterRefusal = milliseconds(250);

// $JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<time>.<pending>, or the longer form of newer
// servers with domain and account hash after ACK.
std::uint64_t delivered_count(std::string_view ack_subject) {
  std::vector<std::string_view> tokens;
  for (std::size_t at = 0; at <= ack_subject.size();) {
    const std::size_t dot = std::min(ack_subject.find('.', at), ack_subject.size());
    tokens.push_back(ack_subject.substr(at, dot - at));
    at = dot + 1;
  }
  const std::size_t index = tokens.size() >= 11 ? 6 : 4;
  std::uint64_t count = 1;
  if (tokens.size() > index) std::from_chars(tokens[index].data(), tokens[index].data() + tokens[index].size(), count);
  return count;
}

}  // namespace

struct PullConsumer::Impl : std::enable_shared_from_this<PullConsumer::Impl> {
  Impl(Connection& c, std::string s, std::string n, Handler h)
      : connection(c),
        stream(std::move(s)),
        consumer(std::move(n)),
        handler(std::move(h)),
        retry(c.impl_->io),
        expiry(c.impl_->io) {}

  struct Standing {
    std::size_t remaining;
    SteadyClock::time_point until;
  };

  void start() {
    inbox = connection.impl_->new_inbox();
    auto made = connection.impl_->subscribe(
        inbox + ".*", "",
        [weak = weak_from_this()](std::vector<Message> messages) {
          if (const auto self = weak.lock()) self->on_messages(std::move(messages));
        },
        100'000);
    if (made) subscription = std::move(*made);
    connection.on_state_change([weak = weak_from_this()](bool connected) {
      const auto self = weak.lock();
      if (!self || !connected) return;
      // The server has forgotten what we asked before.
      self->standing.clear();
      self->answered = false;
      self->ask();
      self->watch_expiry();
    });
    watch_expiry();
  }

  std::size_t outstanding() const {
    std::size_t sum = 0;
    for (const auto& [number, request] : standing) sum += request.remaining;
    return sum;
  }

  // Brings what is outstanding up to the room, in requests that are worth their message.
  void ask() {
    if (room == 0 || paused || !connection.connected()) return;
    const std::size_t out = outstanding();
    if (out >= room || (out > 0 && room - out < room / 2)) return;
    const std::size_t batch = room - out;
    const std::uint64_t number = next++;
    const auto expires = answered ? kExpires : kProbeExpires;
    standing.emplace(number, Standing{batch, SteadyClock::now() + expires + kGrace});
    const std::string body =
        fmt::format(R"({{"batch":{},"expires":{}}})", batch, std::chrono::nanoseconds(expires).count());
    connection.publish_request(fmt::format("$JS.API.CONSUMER.MSG.NEXT.{}.{}", stream, consumer),
                               fmt::format("{}.{}", inbox, number), body);
  }

  void on_messages(std::vector<Message> messages) {
    std::vector<QueueMessage> batch;
    batch.reserve(messages.size());
    answered = true;
    for (Message& message : messages) {
      std::uint64_t number = 0;
      if (message.reply.starts_with("$JS.ACK.")) {
        // A delivered message carries its own subject; which request it used up is not told, so the oldest is.
        for (auto it = standing.begin(); it != standing.end(); ++it) {
          if (--it->second.remaining == 0) standing.erase(it);
          break;
        }
        if (room > 0) --room;
        const std::uint64_t delivered = delivered_count(message.reply);
        batch.push_back({std::move(message.subject), std::move(message.reply), std::move(message.data), delivered});
        continue;
      }
      if (message.subject.size() > inbox.size() + 1)
        std::from_chars(message.subject.data() + inbox.size() + 1, message.subject.data() + message.subject.size(),
                        number);
      standing.erase(number);
      // 408: expired, 404: no messages for a no-wait request. Everything else means that asking at once is no use.
      if (message.status != 408 && message.status != 404) {
        answered = false;
        pause();
      }
    }
    if (!batch.empty()) handler(std::move(batch));
    ask();
  }

  void pause() {
    if (paused) return;
    paused = true;
    retry.expires_after(kPauseAfterRefusal);
    retry.async_wait([weak = weak_from_this()](boost::system::error_code error) {
      const auto self = weak.lock();
      if (error || !self) return;
      self->paused = false;
      self->ask();
    });
  }

  // The server's word about an expired request may be lost.
  void watch_expiry() {
    expiry.expires_after(answered ? std::chrono::milliseconds(5'000) : kGrace);
    expiry.async_wait([weak = weak_from_this()](boost::system::error_code error) {
      const auto self = weak.lock();
      if (error || !self) return;
      const auto now = SteadyClock::now();
      std::erase_if(self->standing, [&](const auto& item) { return item.second.until < now; });
      self->ask();
      self->watch_expiry();
    });
  }

  Connection& connection;
  std::string stream;
  std::string consumer;
  Handler handler;
  std::string inbox;
  Subscription subscription;
  std::size_t room = 0;
  bool paused = false;
  bool answered = false;  // by the server, since the connection was made or it refused us
  std::uint64_t next = 1;
  std::map<std::uint64_t, Standing> standing;  // by age
  asio::steady_timer retry;
  asio::steady_timer expiry;
};

PullConsumer::PullConsumer(Connection& connection, std::string stream, std::string consumer, Handler handler)
    : impl_(std::make_shared<Impl>(connection, std::move(stream), std::move(consumer), std::move(handler))) {
  impl_->start();
}

PullConsumer::~PullConsumer() {
  impl_->subscription.reset();
}

void PullConsumer::set_room(std::size_t messages) {
  impl_->room = messages;
  impl_->ask();
}

void PullConsumer::consumer_made() {
  if (impl_->answered) return;
  impl_->standing.clear();
  impl_->ask();
}

void PullConsumer::ack(const QueueMessage& message) {
  impl_->connection.publish(message.ack_subject, "+ACK");
}

void PullConsumer::nak(const QueueMessage& message, milliseconds delay) {
  if (delay.count() == 0) {
    impl_->connection.publish(message.ack_subject, "-NAK");
  } else {
    impl_->connection.publish(message.ack_subject,
                              fmt::format(R"(-NAK {{"delay":{}}})", std::chrono::nanoseconds(delay).count()));
  }
}

void PullConsumer::in_progress(const QueueMessage& message) {
  impl_->connection.publish(message.ack_subject, "+WPI");
}

}  // namespace r8r::bus
