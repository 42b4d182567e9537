#pragma once
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/base/async.hpp"
#include "common/base/metrics.hpp"
#include "common/base/result.hpp"
#include "common/base/uuid.hpp"
#include "common/store/batch_plan.hpp"
#include "common/store/commit_queue.hpp"
#include "common/store/connection.hpp"
#include "common/store/link_log.hpp"

namespace r8r::store {

/// Something that waits to be written. A queue derives from it and adds what to write and whom to tell.
struct CommitItem {
  virtual ~CommitItem() = default;
  /// Tells whoever waits, once. Null: written; what else there is to say write() has noted in the item.
  virtual void settle(const Error* error) = 0;

  Uuid subject;           ///< the execution
  std::size_t bytes = 0;  ///< of memory, roughly
  SteadyClock::time_point submitted{};
  int crowded_alone = 0;       ///< how often it took too long all by itself
  bool maybe_written = false;  ///< an earlier attempt may have been committed: its answer was lost
  bool settled = false;
  bool counted = false;          ///< among those in CommitCore::refusing_
  std::optional<Error> refused;  ///< not to be written; its turn to be told has not come yet
};

/// The part of group commit that both queues share. Items wait in line; while one batch is on its way to the database
/// the next one forms, so the commit in flight is the batching window and no delay is added. A batch is one
/// transaction, sent whole in one pipeline. Single-threaded. The coroutine that empties the line exists only while
/// there is something in it.
class CommitCore : public std::enable_shared_from_this<CommitCore> {
 public:
  struct Behaviour {
    const char* queue;  ///< label in metrics and logs
    /// While the database makes no progress, items older than this are told service_unavailable. Zero: they wait.
    std::chrono::milliseconds patience{0};
    /// When an item is refused, so are those of the same subject behind it that were submitted before it was told: what
    /// comes later must not be recorded without what came before.
    bool in_sequence = false;
    /// Whether close() tells those who wait. If not, they are never told.
    bool tells_on_close = true;
  };

  CommitCore(asio::io_context& io, CommitOptions options, Behaviour behaviour);
  virtual ~CommitCore() = default;
  CommitCore(const CommitCore&) = delete;
  CommitCore& operator=(const CommitCore&) = delete;

  /// Queues the item. Those that cannot be queued are told so in a later turn of the loop.
  void submit(std::shared_ptr<CommitItem> item);
  /// Nothing more is written; the owner goes away.
  void close();

  std::size_t pending() const { return line_.size() + settling_; }
  bool healthy() const { return link_log_->up(); }
  std::uint64_t batches() const { return batches_; }
  std::uint64_t items() const { return items_; }
  /// Until nothing is pending, or `limit`: true if nothing is.
  static awaitable<bool> drain(std::shared_ptr<CommitCore> core, std::chrono::milliseconds limit);

 protected:
  /// Writes these items in one transaction and notes in each what came of it. `batch` outlives the call.
  virtual awaitable<Result<void>> write(Connection& connection, const std::vector<CommitItem*>& batch,
                                        std::chrono::milliseconds limit) = 0;

 private:
  awaitable<void> pump();
  awaitable<void> connect();
  awaitable<void> write_batch();
  /// Waits before the next attempt, unless closed.
  awaitable<void> pause();
  void start_pump();
  void watch_patience();
  void give_up_on_late_items(bool all_that_wait);
  void failed(std::size_t count, const std::vector<CommitItem*>& batch, Error error);
  void refuse(CommitItem& item, Error error);
  void count_as_refusing(CommitItem& item);
  void settle_front(std::size_t count);
  void settle(CommitItem& item, const Error* error);
  void settle_later(std::shared_ptr<CommitItem> item, Error error);
  void fence_all(const Error& error);

  asio::io_context& io_;
  CommitOptions options_;
  Behaviour behaviour_;
  std::shared_ptr<LinkLog> link_log_;
  BatchPlan plan_;
  std::deque<std::shared_ptr<CommitItem>> line_;  // the first `in_flight_` are on their way
  std::size_t in_flight_ = 0;
  std::size_t settling_ = 0;  // out of the line, not told yet
  std::size_t bytes_ = 0;
  /// Subjects with a refused item that was not told yet, and how many of those.
  std::unordered_map<Uuid, int> refusing_;

  std::unique_ptr<Connection> connection_;
  asio::steady_timer retry_timer_;
  asio::steady_timer patience_timer_;
  std::chrono::milliseconds pause_;
  SteadyClock::time_point next_attempt_{};
  SteadyClock::time_point last_progress_{};
  Notifier idle_;
  std::optional<Error> fenced_;
  bool write_failed_ = false;  // the last write met a link error
  bool pumping_ = false;
  bool closed_ = false;
  std::uint64_t batches_ = 0;
  std::uint64_t items_ = 0;

  metrics::Histogram batch_size_;
  metrics::Histogram duration_;
  metrics::Counter fenced_writes_;
};

}  // namespace r8r::store
