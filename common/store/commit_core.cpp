#include "common/store/commit_core.hpp"

#include <fmt/format.h>

#include "common/base/log.hpp"
#include "common/store/sqlstate.hpp"

namespace r8r::store {
namespace {

constexpr auto kQuiet = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::milliseconds kFirstPause{20};
constexpr std::chrono::milliseconds kLongestPause{500};
constexpr std::chrono::milliseconds kPatienceTick{200};
/// On top of the statement timeout, for the way there and back and for the commit itself.
constexpr std::chrono::milliseconds kGrace{2'000};
constexpr int kMostTimesCrowdedAlone = 10;

Error follower_error() {
  return {ErrorCode::storage_error, "an earlier change of the same execution was refused", {}};
}

Error closed_error() {
  return {ErrorCode::service_unavailable, "the service is shutting down; try again shortly", {}};
}

}  // namespace

CommitCore::CommitCore(asio::io_context& io, CommitOptions options, Behaviour behaviour)
    : io_(io),
      options_(std::move(options)),
      behaviour_(behaviour),
      link_log_(std::make_shared<LinkLog>(options_.application_name)),
      plan_(options_.max_batch_items, options_.max_batch_bytes),
      retry_timer_(io),
      patience_timer_(io),
      pause_(kFirstPause),
      idle_(io),
      batch_size_(metrics::histogram("r8r_commit_batch_size", "Items per group commit", {{"queue", behaviour.queue}},
                                     {1, 2, 4, 8, 16, 32, 64, 128, 256, 512})),
      duration_(
          metrics::histogram("r8r_commit_duration_seconds", "Time of one group commit", {{"queue", behaviour.queue}})),
      fenced_writes_(
          metrics::counter("r8r_fenced_writes_total", "Group commits refused because the writer was fenced")) {}

void CommitCore::submit(std::shared_ptr<CommitItem> item) {
  item->submitted = SteadyClock::now();
  if (closed_) return settle_later(std::move(item), closed_error());
  if (fenced_) return settle_later(std::move(item), *fenced_);
  if (behaviour_.patience.count() > 0 && link_log_->away() >= behaviour_.patience) {
    return settle_later(std::move(item), database_error(""));
  }
  if (line_.size() >= options_.max_pending_items ||
      (!line_.empty() && bytes_ + item->bytes > options_.max_pending_bytes)) {
    return settle_later(std::move(item),
                        Error{ErrorCode::queue_full,
                              fmt::format("{} changes wait for the database already; try again shortly", line_.size()),
                              {}});
  }
  if (behaviour_.in_sequence) {
    if (item->refused) {
      count_as_refusing(*item);
    } else if (!refusing_.empty() && refusing_.contains(item->subject)) {
      item->refused = follower_error();
    }
  }
  bytes_ += item->bytes;
  line_.push_back(std::move(item));
  start_pump();
}

void CommitCore::close() {
  if (closed_) return;
  closed_ = true;
  retry_timer_.cancel();
  patience_timer_.cancel();
  if (in_flight_ > 0 && connection_) connection_->interrupt();
  if (behaviour_.tells_on_close) {
    for (const std::shared_ptr<CommitItem>& item : line_) {
      if (!item->settled) settle_later(item, closed_error());
    }
  }
  // The pump, if it runs, still looks at what is in flight; it clears the line when it ends.
  if (!pumping_) line_.clear();
  idle_.notify_all();
}

awaitable<bool> CommitCore::drain(std::shared_ptr<CommitCore> core, std::chrono::milliseconds limit) {
  const auto deadline = SteadyClock::now() + limit;
  while (core->pending() > 0 && !core->closed_) {
    const auto now = SteadyClock::now();
    if (now >= deadline) co_return false;
    co_await core->idle_.wait_for(deadline - now);
  }
  co_return core->pending() == 0;
}

void CommitCore::start_pump() {
  if (pumping_) return;
  pumping_ = true;
  last_progress_ = SteadyClock::now();
  if (behaviour_.patience.count() > 0) watch_patience();
  asio::co_spawn(io_, pump(), [self = shared_from_this()](std::exception_ptr failure) {
    self->pumping_ = false;
    self->patience_timer_.cancel();
    if (self->closed_) self->line_.clear();
    if (!failure) return;
    try {
      std::rethrow_exception(failure);
    } catch (const std::exception& error) {
      log::error("a commit queue failed; its connection is replaced",
                 {{"queue", self->behaviour_.queue}, {"error", error.what()}});
    }
    self->connection_.reset();
    for (std::size_t i = 0; i < std::min(self->in_flight_, self->line_.size()); ++i)
      self->line_[i]->maybe_written = true;
    self->in_flight_ = 0;
    if (!self->closed_ && !self->line_.empty()) self->start_pump();
  });
}

awaitable<void> CommitCore::pump() {
  // The completion handler holds this object. While the database is away it goes on trying with nothing to write, so
  // that healthy() becomes true again by itself.
  while (!closed_ && (!line_.empty() || !link_log_->up())) {
    // Whoever submits in this turn of the loop shares the batch.
    co_await asio::post(io_, asio::use_awaitable);
    if (closed_) break;
    if (connection_ && !connection_->alive()) {
      link_log_->lost(connection_->last_error());
      connection_.reset();
    }
    if (!connection_) {
      co_await connect();
    } else if (!line_.empty()) {
      co_await write_batch();
    } else {
      link_log_->restored();
    }
  }
}

awaitable<void> CommitCore::connect() {
  if (SteadyClock::now() < next_attempt_) {
    co_await pause();
    if (closed_) co_return;
  }
  ConnectionOptions how;
  how.url = options_.url;
  how.application_name = options_.application_name;
  how.statement_timeout = options_.statement_timeout;
  how.connect_timeout = std::chrono::milliseconds(behaviour_.patience.count() > 0 ? 1'000 : 3'000);
  how.writer = true;
  Result<std::unique_ptr<Connection>> opened = co_await Connection::open(io_, std::move(how), link_log_);
  if (closed_) co_return;
  if (opened) {
    connection_ = std::move(*opened);
    // After a failed write only a good one proves that all is well.
    if (!write_failed_ || line_.empty()) link_log_->restored();
    next_attempt_ = {};
    co_return;
  }
  next_attempt_ = SteadyClock::now() + pause_;
  pause_ = std::min(pause_ * 2, kLongestPause);
  if (behaviour_.patience.count() > 0) give_up_on_late_items(link_log_->away() >= behaviour_.patience);
}

awaitable<void> CommitCore::pause() {
  retry_timer_.expires_at(next_attempt_);
  co_await retry_timer_.async_wait(kQuiet);
}

awaitable<void> CommitCore::write_batch() {
  const std::size_t count = plan_.next(line_.size(), [this](std::size_t i) { return line_[i]->bytes; });
  std::vector<CommitItem*> batch;
  batch.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    if (!line_[i]->refused) batch.push_back(line_[i].get());
  }
  if (batch.empty()) {
    plan_.done(count);
    settle_front(count);
    co_return;
  }
  in_flight_ = count;
  const auto begin = SteadyClock::now();
  Result<void> outcome = co_await write(*connection_, batch, options_.statement_timeout + kGrace);
  in_flight_ = 0;
  const auto end = SteadyClock::now();
  if (outcome) {
    duration_.observe(std::chrono::duration<double>(end - begin).count());
    batch_size_.observe(static_cast<double>(batch.size()));
    ++batches_;
    items_ += batch.size();
    last_progress_ = end;
    pause_ = kFirstPause;
    write_failed_ = false;
    link_log_->restored();
    plan_.done(count);
    if (!closed_) settle_front(count);
    co_return;
  }
  if (closed_) co_return;
  failed(count, batch, std::move(outcome.error()));
  if (!closed_ && SteadyClock::now() < next_attempt_) co_await pause();
}

void CommitCore::failed(std::size_t count, const std::vector<CommitItem*>& batch, Error error) {
  const FailureKind kind = kind_of(error);
  const std::string full_text = connection_->last_error();
  if (connection_->broken()) connection_.reset();
  switch (kind) {
    case FailureKind::fenced:
      fenced_writes_.add();
      fence_all(error);
      return;
    case FailureKind::link:
      // It may have been committed: each statement is made so that a second time does no harm.
      for (CommitItem* item : batch) item->maybe_written = true;
      connection_.reset();
      plan_.forget();
      write_failed_ = true;
      link_log_->lost(full_text);
      // A server that accepts connections but cannot write must not be asked in a tight loop.
      next_attempt_ = SteadyClock::now() + pause_;
      pause_ = std::min(pause_ * 2, kLongestPause);
      return;
    case FailureKind::crowded:
      for (CommitItem* item : batch) item->maybe_written = true;
      plan_.crowded(count);
      next_attempt_ = SteadyClock::now() + kFirstPause;
      if (batch.size() > 1 || ++batch.front()->crowded_alone < kMostTimesCrowdedAlone) return;
      break;
    case FailureKind::refused:
      last_progress_ = SteadyClock::now();
      if (batch.size() > 1) {
        plan_.split(count);
        return;
      }
      break;
  }
  log::warn("the database refused a change",
            {{"queue", behaviour_.queue}, {"execution_id", batch.front()->subject.to_string()}, {"error", full_text}});
  if (behaviour_.in_sequence) count_as_refusing(*batch.front());
  refuse(*batch.front(), std::move(error));
  plan_.done(count);
  settle_front(count);
}

void CommitCore::count_as_refusing(CommitItem& item) {
  item.counted = true;
  ++refusing_[item.subject];
}

void CommitCore::refuse(CommitItem& item, Error error) {
  item.refused = std::move(error);
  if (!behaviour_.in_sequence) return;
  bool behind = false;
  for (const std::shared_ptr<CommitItem>& other : line_) {
    if (behind && other->subject == item.subject && !other->refused) {
      other->refused = follower_error();
    }
    behind = behind || other.get() == &item;
  }
}

void CommitCore::fence_all(const Error& error) {
  fenced_ = error;
  plan_.forget();
  for (const std::shared_ptr<CommitItem>& item : line_) item->refused = error;
  refusing_.clear();
  settle_front(line_.size());
}

void CommitCore::settle_front(std::size_t count) {
  std::vector<std::shared_ptr<CommitItem>> front;
  front.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    bytes_ -= line_.front()->bytes;
    front.push_back(std::move(line_.front()));
    line_.pop_front();
  }
  settling_ += count;
  for (const std::shared_ptr<CommitItem>& item : front) {
    --settling_;
    if (closed_ && !behaviour_.tells_on_close) continue;
    settle(*item, item->refused ? &*item->refused : nullptr);
  }
  if (pending() == 0) idle_.notify_all();
}

void CommitCore::settle(CommitItem& item, const Error* error) {
  if (item.settled) return;
  item.settled = true;
  // Before it is told: what the owner submits now, knowing of the refusal, is judged by itself.
  if (item.counted) {
    if (const auto found = refusing_.find(item.subject); found != refusing_.end() && --found->second == 0)
      refusing_.erase(found);
  }
  try {
    item.settle(error);
  } catch (const std::exception& failure) {
    log::error("whoever waited for a commit failed", {{"queue", behaviour_.queue}, {"error", failure.what()}});
  }
}

void CommitCore::settle_later(std::shared_ptr<CommitItem> item, Error error) {
  if (behaviour_.in_sequence) count_as_refusing(*item);
  asio::post(io_, [self = shared_from_this(), item = std::move(item), error = std::move(error)] {
    if (self->closed_ && !self->behaviour_.tells_on_close) return;
    self->settle(*item, &error);
  });
}

void CommitCore::watch_patience() {
  patience_timer_.expires_after(kPatienceTick);
  patience_timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
    const std::shared_ptr<CommitCore> self = weak.lock();
    if (error || !self || self->closed_ || !self->pumping_) return;
    if (SteadyClock::now() - self->last_progress_ >= self->behaviour_.patience) self->give_up_on_late_items(false);
    self->watch_patience();
  });
}

void CommitCore::give_up_on_late_items(bool all_that_wait) {
  const Error away = database_error("");
  const auto now = SteadyClock::now();
  const auto is_late = [&](const CommitItem& item) { return now - item.submitted >= behaviour_.patience; };
  std::vector<std::shared_ptr<CommitItem>> late;
  // What is in flight stays in the line until its outcome is known; nobody waits for it any more.
  for (std::size_t i = 0; i < std::min(in_flight_, line_.size()); ++i) {
    if (is_late(*line_[i])) late.push_back(line_[i]);
  }
  std::deque<std::shared_ptr<CommitItem>> kept(line_.begin(), line_.begin() + static_cast<std::ptrdiff_t>(in_flight_));
  for (std::size_t i = in_flight_; i < line_.size(); ++i) {
    if (all_that_wait || is_late(*line_[i])) {
      bytes_ -= line_[i]->bytes;
      late.push_back(line_[i]);
    } else {
      kept.push_back(std::move(line_[i]));
    }
  }
  line_ = std::move(kept);
  plan_.forget();
  for (const std::shared_ptr<CommitItem>& item : late) settle(*item, &away);
  if (pending() == 0) idle_.notify_all();
}

}  // namespace r8r::store
