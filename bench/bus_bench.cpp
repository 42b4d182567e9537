// How should NATS reach the io_context? Round trips between two processes through one nats-server, for each way that
// cnats offers; and what encoding and decoding a message costs.
//   bus_bench nats://127.0.0.1:4222 [seconds per figure]
// The answer is docs/decisions/002-nats-io.md.
#include <fcntl.h>
#include <fmt/format.h>
#include <nats/nats.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>

#include "common/bus/messages.hpp"

namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

enum class Way { flusher, send_asap, send_asap_pool, event_loop };

struct Packet {
  std::string subject, reply, data;
};
using Handler = std::function<void(std::vector<Packet>)>;

Packet take(natsMsg* message) {
  Packet out{natsMsg_GetSubject(message), natsMsg_GetReply(message) ? natsMsg_GetReply(message) : "",
             std::string(natsMsg_GetData(message), static_cast<std::size_t>(natsMsg_GetDataLength(message)))};
  natsMsg_Destroy(message);
  return out;
}

void check(natsStatus status, const char* what) {
  if (status == NATS_OK) return;
  fmt::print(stderr, "{}: {}\n", what, natsStatus_GetText(status));
  std::exit(1);
}

// One connection and its subscriptions; everything the handler sees happens on the io_context.
class Link {
 public:
  Link(asio::io_context& io, Way way, const std::string& url) : io_(io), way_(way) {
    natsOptions* options = nullptr;
    check(natsOptions_Create(&options), "options");
    natsOptions_SetURL(options, url.c_str());
    natsOptions_SetSendAsap(options, way != Way::flusher);
    if (way == Way::send_asap_pool) {
      nats_SetMessageDeliveryPoolSize(1);
      natsOptions_UseGlobalMessageDelivery(options, true);
    }
    if (way == Way::event_loop) {
      natsOptions_SetAllowReconnect(options, false);
      natsOptions_SetEventLoop(options, this, attach, on_read, on_write, detach);
    }
    check(natsConnection_Connect(&connection_, options), "connect");
    natsOptions_Destroy(options);
    if (way == Way::event_loop) wait_read();
  }

  void publish(const std::string& subject, const std::string& reply, const std::string& data) {
    natsConnection_PublishRequest(connection_, subject.c_str(), reply.c_str(), data.data(),
                                  static_cast<int>(data.size()));
  }

  void subscribe(const std::string& subject, Handler handler) {
    auto& sub = subscriptions_.emplace_back(std::make_unique<Sub>(this, std::move(handler)));
    if (way_ == Way::event_loop) {
      check(natsConnection_SubscribeSync(&sub->native, connection_, subject.c_str()), "subscribe");
    } else {
      check(natsConnection_Subscribe(&sub->native, connection_, subject.c_str(), on_message, sub.get()), "subscribe");
      natsConnection_Flush(connection_);
    }
    natsSubscription_SetPendingLimits(sub->native, -1, -1);
  }

 private:
  struct Sub {
    Sub(Link* l, Handler h) : link(l), handler(std::move(h)) {}
    Link* link;
    natsSubscription* native = nullptr;
    Handler handler;
    std::mutex mutex;
    std::vector<Packet> pending;
    bool scheduled = false;
  };

  // Library threads: one post per burst.
  static void on_message(natsConnection*, natsSubscription*, natsMsg* message, void* closure) {
    auto* sub = static_cast<Sub*>(closure);
    Packet packet = take(message);
    const std::lock_guard lock(sub->mutex);
    sub->pending.push_back(std::move(packet));
    if (std::exchange(sub->scheduled, true)) return;
    asio::post(sub->link->io_, [sub] {
      std::vector<Packet> batch;
      {
        const std::lock_guard guard(sub->mutex);
        sub->scheduled = false;
        batch.swap(sub->pending);
      }
      sub->handler(std::move(batch));
    });
  }

  // Event loop: the socket is ours, no thread has a part in it.
  static natsStatus attach(void** user, void* loop, natsConnection*, natsSock socket) {
    auto* link = static_cast<Link*>(loop);
    link->socket_.emplace(link->io_, ::fcntl(static_cast<int>(socket), F_DUPFD_CLOEXEC, 3));
    *user = link;
    return NATS_OK;
  }
  static natsStatus on_read(void*, bool) { return NATS_OK; }
  static natsStatus on_write(void* user, bool wanted) {
    auto* link = static_cast<Link*>(user);
    link->write_wanted_ = wanted;
    if (wanted && !std::exchange(link->write_posted_, true)) asio::post(link->io_, [link] { link->write(); });
    return NATS_OK;
  }
  static natsStatus detach(void*) { return NATS_OK; }

  // At the end of the turn: all that was published in it with one send().
  void write() {
    write_posted_ = false;
    if (!write_wanted_) return;
    natsConnection_ProcessWriteEvent(connection_);
    if (write_wanted_)
      socket_->async_wait(asio::posix::stream_descriptor::wait_write, [this](boost::system::error_code error) {
        if (!error) write();
      });
  }
  void wait_read() {
    socket_->async_wait(asio::posix::stream_descriptor::wait_read, [this](boost::system::error_code error) {
      if (error) return;
      natsConnection_ProcessReadEvent(connection_);
      for (const auto& sub : subscriptions_) drain(*sub);
      wait_read();
    });
  }
  void drain(Sub& sub) {
    std::uint64_t queued = 0;
    if (natsSubscription_QueuedMsgs(sub.native, &queued) != NATS_OK || queued == 0) return;
    std::vector<Packet> batch;
    batch.reserve(queued);
    for (natsMsg* message = nullptr; queued > 0; --queued) {
      if (natsSubscription_NextMsg(&message, sub.native, 0) == NATS_OK) batch.push_back(take(message));
    }
    sub.handler(std::move(batch));
  }

  asio::io_context& io_;
  Way way_;
  natsConnection* connection_ = nullptr;
  std::deque<std::unique_ptr<Sub>> subscriptions_;
  std::optional<asio::posix::stream_descriptor> socket_;
  bool write_wanted_ = false;
  bool write_posted_ = false;
};

void serve(Way way, const std::string& url, int ready) {
  asio::io_context io(1);
  const auto work = asio::make_work_guard(io);
  Link link(io, way, url);
  link.subscribe("bench.echo", [&](std::vector<Packet> batch) {
    for (const Packet& packet : batch) link.publish(packet.reply, "none", packet.data);
  });
  // The server has the subscription once it answers a message that follows it.
  link.subscribe("bench.ready", [&](std::vector<Packet>) { (void)!::write(ready, "x", 1); });
  link.publish("bench.ready", "none", "");
  io.run();
}

struct Figures {
  double per_second = 0;
  double p50_us = 0;
  double p99_us = 0;
};

Figures measure(Way way, const std::string& url, int in_flight, double seconds) {
  int ready[2];
  if (::pipe(ready) != 0) std::exit(1);
  const pid_t child = ::fork();
  if (child == 0) {
    serve(way, url, ready[1]);
    ::_exit(0);
  }
  char byte = 0;
  if (::read(ready[0], &byte, 1) != 1) std::exit(1);
  ::close(ready[0]);
  ::close(ready[1]);

  asio::io_context io(1);
  const auto work = asio::make_work_guard(io);
  Link link(io, way, url);
  const std::string data(300, 'x');
  std::vector<Clock::time_point> sent(static_cast<std::size_t>(in_flight));
  std::vector<double> latencies;
  latencies.reserve(1 << 20);
  const auto send = [&](std::size_t slot) {
    sent[slot] = Clock::now();
    link.publish("bench.echo", fmt::format("bench.in.{}", slot), data);
  };
  link.subscribe("bench.in.*", [&](std::vector<Packet> batch) {
    for (const Packet& packet : batch) {
      const auto slot = static_cast<std::size_t>(std::stoul(packet.subject.substr(9)));
      latencies.push_back(std::chrono::duration<double, std::micro>(Clock::now() - sent[slot]).count());
      send(slot);
    }
  });
  for (int i = 0; i < in_flight; ++i) asio::post(io, [&, i] { send(static_cast<std::size_t>(i)); });
  io.run_for(std::chrono::milliseconds(300));
  latencies.clear();
  const auto start = Clock::now();
  io.run_for(std::chrono::milliseconds(static_cast<int>(seconds * 1000)));
  const double took = std::chrono::duration<double>(Clock::now() - start).count();
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  if (latencies.empty()) return {};
  std::sort(latencies.begin(), latencies.end());
  return {static_cast<double>(latencies.size()) / took, latencies[latencies.size() / 2],
          latencies[latencies.size() * 99 / 100]};
}

template <class T>
void measure_codec(const char* name, const T& item) {
  constexpr int kRounds = 100'000;
  const std::string text = r8r::bus::encode(item);
  std::size_t sum = 0;
  auto start = Clock::now();
  for (int i = 0; i < kRounds; ++i) sum += r8r::bus::encode(item).size();
  const double encode = std::chrono::duration<double, std::micro>(Clock::now() - start).count() / kRounds;
  start = Clock::now();
  for (int i = 0; i < kRounds; ++i) sum += r8r::bus::decode<T>(text)->size();
  const double decode = std::chrono::duration<double, std::micro>(Clock::now() - start).count() / kRounds;
  fmt::print("{:<11} {:>4} bytes  encode {:.2f} us  decode {:.2f} us{}\n", name, text.size(), encode, decode,
             sum == 0 ? "!" : "");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: bus_bench <nats url> [seconds per figure]\n");
    return 2;
  }
  const double seconds = argc > 2 ? std::stod(argv[2]) : 3;

  r8r::bus::Task task;
  task.execution_id = r8r::Uuid::v7();
  task.workflow_id = r8r::Uuid::v7();
  task.workflow_name = "chain5";
  task.node_ids = {"a", "b", "c", "d", "e"};
  task.input = R"({"v":1,"name":"somebody","tags":["one","two"]})";
  task.started_at = task.now = r8r::wall_now();
  task.seed = 12345678901234567ULL;
  measure_codec("Task", task);
  r8r::bus::TaskResult result;
  result.execution_id = task.execution_id;
  result.worker = "worker-0198c0de";
  for (const std::string& id : task.node_ids) {
    r8r::bus::NodeResult node;
    node.node_id = id;
    node.output = R"({"v":2})";
    node.started_at = node.finished_at = task.now;
    result.nodes.push_back(node);
  }
  measure_codec("TaskResult", result);

  constexpr std::pair<Way, const char*> kWays[] = {
      {Way::flusher, "library threads, default flusher"},
      {Way::send_asap, "library threads, SendAsap, thread per subscription"},
      {Way::send_asap_pool, "library threads, SendAsap, one delivery thread"},
      {Way::event_loop, "event loop: Asio owns the socket"}};
  for (const auto& [way, name] : kWays) {
    for (const int in_flight : {1, 64}) {
      // A process of its own for each: the library's settings and threads are global.
      std::fflush(stdout);
      const pid_t child = ::fork();
      if (child == 0) {
        const Figures f = measure(way, argv[1], in_flight, seconds);
        fmt::print("{:<52} {:>2} in flight  {:>7.0f}/s  p50 {:>6.0f} us  p99 {:>6.0f} us\n", name, in_flight,
                   f.per_second, f.p50_us, f.p99_us);
        std::fflush(stdout);
        ::_exit(0);
      }
      ::waitpid(child, nullptr, 0);
    }
  }
}
