#include "common/store/link_log.hpp"

#include "common/base/log.hpp"

namespace r8r::store {

void LinkLog::lost(std::string_view why) {
  if (!up_) return;
  up_ = false;
  since_ = SteadyClock::now();
  log::warn("the database is not available", {{"part", who_}, {"error", why}});
}

void LinkLog::restored() {
  if (up_) return;
  const auto gone = std::chrono::duration_cast<std::chrono::milliseconds>(away());
  up_ = true;
  log::info("the database is available again", {{"part", who_}, {"away_ms", gone.count()}});
}

}  // namespace r8r::store
