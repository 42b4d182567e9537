#include "services/api/monitor_filter.hpp"

#include <algorithm>
#include <charconv>

namespace r8r::api {

std::int64_t MonitorEvent::seq() const {
  constexpr std::string_view kName = "\"seq\":";
  // Texts within the body are escaped, so the name with its quotes stands there only as a name.
  const auto at = body->rfind(kName);
  if (at == std::string::npos) return 0;
  std::int64_t value = 0;
  std::from_chars(body->data() + at + kName.size(), body->data() + body->size(), value);
  return value;
}

bool MonitorSelection::covers(const MonitorEvent& event) const {
  if (execution && *execution != event.execution_id) return false;
  if (!workflow.empty() && workflow != event.workflow) return false;
  return types.empty() || std::find(types.begin(), types.end(), event.type) != types.end();
}

bool MonitorFilter::wants(const MonitorEvent& event) const {
  if (!from_query_.covers(event)) return false;
  return watches_all_ || std::any_of(subscriptions_.begin(), subscriptions_.end(),
                                     [&](const MonitorSelection& selection) { return selection.covers(event); });
}

bool MonitorFilter::subscribe(MonitorSelection selection) {
  const bool known = std::find(subscriptions_.begin(), subscriptions_.end(), selection) != subscriptions_.end();
  if (!known && subscriptions_.size() >= kMostSubscriptions) return false;
  watches_all_ = false;
  if (!known) subscriptions_.push_back(std::move(selection));
  return true;
}

void MonitorFilter::unsubscribe(const MonitorSelection& selection) {
  std::erase(subscriptions_, selection);
  watches_all_ = false;
}

void MonitorFilter::unsubscribe_all() {
  subscriptions_.clear();
  watches_all_ = false;
}

}  // namespace r8r::api
