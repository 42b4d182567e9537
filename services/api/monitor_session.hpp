#pragma once
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/http/websocket.hpp"
#include "common/store/executions.hpp"
#include "services/api/event_replay.hpp"
#include "services/api/monitor_action.hpp"
#include "services/api/monitor_buffer.hpp"
#include "services/api/monitor_filter.hpp"

namespace r8r::api {

/// One monitor client. Events come in from the hub at any time; one coroutine sends, one reads what the client says. An
/// execution that the client asks for by id is first told from its journal, then goes on live without a gap or a
/// double.
class MonitorSession {
 public:
  MonitorSession(asio::io_context& io, http::WebSocket& socket, store::Pool& pool, MonitorSelection from_query,
                 std::size_t buffer_size);

  /// Never waits, never fails: a client that cannot follow loses the oldest.
  void offer(const MonitorEventPtr& event);
  void close(int code, std::string_view reason);
  SteadyClock::duration behind_for(SteadyClock::time_point now) const { return buffer_.behind_for(now); }

  /// Until the connection ends.
  awaitable<void> run(std::optional<std::int64_t> since);

 private:
  struct ReplayRequest {
    Uuid execution;
    std::int64_t since = 0;
    std::string reply_id;
  };
  // What is known of an execution that the client follows by id.
  struct Followed {
    bool replaying = true;
    std::int64_t last_seq = 0;          // replayed up to here
    std::vector<MonitorEventPtr> held;  // live ones that came meanwhile
    std::int64_t lost_first = 0;        // of those that were too many to hold
    std::int64_t lost_last = 0;
  };

  awaitable<void> read_loop();
  awaitable<void> write_loop();
  awaitable<void> replay_loop();
  awaitable<void> replay(ReplayRequest request);
  void act(const std::string& text);
  void subscribe(const MonitorAction& action);
  void unsubscribe(const MonitorAction& action);
  void follow(ReplayRequest request);
  awaitable<Result<std::vector<ReplayedEvent>>> history(Uuid execution);
  void reply(std::string text);
  void enqueue(const MonitorEventPtr& event);
  void wake();

  asio::io_context& io_;
  http::WebSocket& socket_;
  store::Executions executions_;
  MonitorSelection from_query_;
  MonitorFilter filter_;
  MonitorBuffer buffer_;
  Notifier something_to_send_;
  Notifier sent_;
  Notifier something_to_replay_;
  std::map<Uuid, Followed> followed_;
  std::deque<ReplayRequest> replays_;
  int bad_messages_ = 0;
  bool closing_ = false;
};

}  // namespace r8r::api
