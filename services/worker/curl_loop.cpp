#include "services/worker/curl_loop.hpp"

#include <curl/curl.h>

#include <chrono>
#include <mutex>
#include <unordered_map>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/base/result.hpp"

namespace r8r::worker {

namespace asio = boost::asio;

namespace {

// Idle connections that are kept for the next request to the same server.
constexpr long kKeptConnections = 256;

void initialise_curl_once() {
  static std::once_flag once;
  std::call_once(once, [] {
    const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    R8R_ASSERT(code == CURLE_OK, std::string("curl_global_init: ") + curl_easy_strerror(code));
  });
}

}  // namespace

struct CurlLoop::Impl : std::enable_shared_from_this<Impl> {
  // One socket that curl wants watched. curl opens and closes it; we only borrow the number.
  struct Watch {
    Watch(asio::io_context& io, curl_socket_t fd) : descriptor(io, fd) {}
    asio::posix::stream_descriptor descriptor;
    int wanted = 0;  // CURL_POLL_*
    bool reading = false;
    bool writing = false;
    bool gone = false;
  };

  explicit Impl(asio::io_context& context) : io(context), timer(context) {
    initialise_curl_once();
    multi = curl_multi_init();
    R8R_ASSERT(multi != nullptr, "curl_multi_init failed");
  }

  ~Impl() {
    for (const auto& [easy, done] : running) curl_multi_remove_handle(multi, easy);
    curl_multi_cleanup(multi);
    // curl has told us of every socket that it closed; the rest is only borrowed.
    for (const auto& [fd, watch] : watches) let_go(*watch);
  }

  void start() {
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, &Impl::on_socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, &Impl::on_timer);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, this);
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, kKeptConnections);
  }

  static void let_go(Watch& watch) {
    if (watch.gone) return;
    watch.gone = true;
    watch.descriptor.release();  // cancels the waits, does not close
  }

  static int on_socket(CURL*, curl_socket_t fd, int what, void* context, void*) {
    auto& self = *static_cast<Impl*>(context);
    const auto found = self.watches.find(fd);
    if (what == CURL_POLL_REMOVE) {
      if (found != self.watches.end()) {
        let_go(*found->second);
        self.watches.erase(found);
      }
      return 0;
    }
    std::shared_ptr<Watch> watch;
    if (found != self.watches.end()) {
      watch = found->second;
    } else {
      try {
        watch = std::make_shared<Watch>(self.io, fd);
      } catch (const boost::system::system_error&) {
        return -1;  // curl ends the transfers of this multi with an error
      }
      self.watches.emplace(fd, watch);
    }
    watch->wanted = what;
    self.arm(fd, watch);
    return 0;
  }

  void arm(curl_socket_t fd, const std::shared_ptr<Watch>& watch) {
    if ((watch->wanted & CURL_POLL_IN) != 0 && !watch->reading) {
      watch->reading = true;
      wait(fd, watch, asio::posix::stream_descriptor::wait_read, CURL_CSELECT_IN);
    }
    if ((watch->wanted & CURL_POLL_OUT) != 0 && !watch->writing) {
      watch->writing = true;
      wait(fd, watch, asio::posix::stream_descriptor::wait_write, CURL_CSELECT_OUT);
    }
  }

  void wait(curl_socket_t fd, const std::shared_ptr<Watch>& watch, asio::posix::stream_descriptor::wait_type type,
            int bit) {
    watch->descriptor.async_wait(type, [weak = weak_from_this(), watch, fd, bit](boost::system::error_code error) {
      const auto self = weak.lock();
      if (!self || watch->gone) return;
      (bit == CURL_CSELECT_IN ? watch->reading : watch->writing) = false;
      const int wish = bit == CURL_CSELECT_IN ? CURL_POLL_IN : CURL_POLL_OUT;
      if ((watch->wanted & wish) == 0) return;  // no longer wanted: armed again when it is
      self->act(fd, error ? CURL_CSELECT_ERR : bit);
      if (!watch->gone) self->arm(fd, watch);
    });
  }

  static int on_timer(CURLM*, long timeout_ms, void* context) {
    auto& self = *static_cast<Impl*>(context);
    if (timeout_ms < 0) {
      self.timer.cancel();
      return 0;
    }
    self.timer.expires_after(std::chrono::milliseconds(timeout_ms));
    self.timer.async_wait([weak = self.weak_from_this()](boost::system::error_code error) {
      const auto loop = weak.lock();
      if (!error && loop) loop->act(CURL_SOCKET_TIMEOUT, 0);
    });
    return 0;
  }

  void act(curl_socket_t fd, int bits) {
    int still_running = 0;
    curl_multi_socket_action(multi, fd, bits, &still_running);
    int left = 0;
    while (CURLMsg* message = curl_multi_info_read(multi, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      CURL* const easy = message->easy_handle;
      const CURLcode code = message->data.result;  // `message` dies with the removal
      const auto found = running.find(easy);
      if (found == running.end()) continue;
      const Done done = std::move(found->second);
      running.erase(found);
      curl_multi_remove_handle(multi, easy);
      done(static_cast<int>(code));
    }
  }

  asio::io_context& io;
  asio::steady_timer timer;
  CURLM* multi = nullptr;
  std::unordered_map<CURL*, Done> running;
  std::unordered_map<curl_socket_t, std::shared_ptr<Watch>> watches;
};

CurlLoop::CurlLoop(asio::io_context& io) : impl_(std::make_shared<Impl>(io)) {
  impl_->start();
}

CurlLoop::~CurlLoop() = default;

void CurlLoop::add(void* easy, Done done) {
  impl_->running.emplace(easy, std::move(done));
  const CURLMcode code = curl_multi_add_handle(impl_->multi, easy);
  R8R_ASSERT(code == CURLM_OK, std::string("curl_multi_add_handle: ") + curl_multi_strerror(code));
}

void CurlLoop::remove(void* easy) {
  if (impl_->running.erase(easy) > 0) curl_multi_remove_handle(impl_->multi, easy);
}

}  // namespace r8r::worker
