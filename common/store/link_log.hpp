#pragma once
#include <chrono>
#include <string>
#include <string_view>

#include "common/base/async.hpp"

namespace r8r::store {

/// Remembers whether the database can be reached and says so once per change, not once per failure.
class LinkLog {
 public:
  /// `who` names the part in log lines.
  explicit LinkLog(std::string who) : who_(std::move(who)) {}

  /// `why` is the full text; it stays in the log.
  void lost(std::string_view why);
  void restored();

  bool up() const { return up_; }
  /// How long it has been away; zero while it is there.
  SteadyClock::duration away() const { return up_ ? SteadyClock::duration::zero() : SteadyClock::now() - since_; }

 private:
  std::string who_;
  bool up_ = true;
  SteadyClock::time_point since_{};
};

}  // namespace r8r::store
