#pragma once
#include <algorithm>
#include <cstddef>
#include <deque>

namespace r8r::store {

/// How many items from the front of a commit queue go into the next transaction, and what follows from its outcome.
/// Numbers only: the queue holds the items, a Connection carries them.
///
/// A transaction that the database refused because of some item is cut in halves, and those again, until the item at
/// fault stands alone. A transaction that took too long makes the next ones smaller; success lets them grow again.
class BatchPlan {
 public:
  BatchPlan(std::size_t max_items, std::size_t max_bytes)
      : max_items_(std::max<std::size_t>(max_items, 1)), max_bytes_(max_bytes), cap_(max_items_) {}

  /// Size of the next batch: at least 1 when anything waits. `bytes_of(i)` is the size of the i-th waiting item.
  template <class BytesOf>
  std::size_t next(std::size_t waiting, BytesOf bytes_of) const {
    const std::size_t wanted = parts_.empty() ? cap_ : std::min(cap_, parts_.front());
    std::size_t count = 0;
    std::size_t bytes = 0;
    while (count < std::min(wanted, waiting)) {
      bytes += bytes_of(count);
      if (count > 0 && bytes > max_bytes_) break;
      ++count;
    }
    return count;
  }

  /// The first `count` items are done with.
  void done(std::size_t count) {
    take_from_parts(count);
    cap_ = std::min(max_items_, cap_ + std::max<std::size_t>(1, cap_ / 4));
  }
  /// One of the first `count` (at least 2) items is at fault.
  void split(std::size_t count) {
    take_from_parts(count);
    parts_.push_front(count - count / 2);
    parts_.push_front(count / 2);
  }
  /// The first `count` items were too many at once.
  void crowded(std::size_t count) { cap_ = std::max<std::size_t>(1, count / 2); }
  /// What was known about the items in front does not hold any more.
  void forget() { parts_.clear(); }

  std::size_t cap() const { return cap_; }

 private:
  void take_from_parts(std::size_t count) {
    while (count > 0 && !parts_.empty()) {
      const std::size_t taken = std::min(count, parts_.front());
      parts_.front() -= taken;
      count -= taken;
      if (parts_.front() == 0) parts_.pop_front();
    }
  }

  std::size_t max_items_;
  std::size_t max_bytes_;
  std::size_t cap_;
  std::deque<std::size_t> parts_;  // sizes of the pieces in front that a split made
};

}  // namespace r8r::store
