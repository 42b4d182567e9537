#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "common/base/uuid.hpp"
#include "services/api/monitor_event.hpp"

namespace r8r::api {

/// What a client wants to see: all that is given must hold, nothing given is everything.
struct MonitorSelection {
  std::optional<Uuid> execution;
  std::string workflow;            ///< empty: any
  std::vector<std::string> types;  ///< empty: any

  bool covers(const MonitorEvent& event) const;
  bool operator==(const MonitorSelection&) const = default;
};

/// The filter of one connection: what the query restricts from the start, and the union of what it has subscribed to.
class MonitorFilter {
 public:
  static constexpr std::size_t kMostSubscriptions = 1'000;

  explicit MonitorFilter(MonitorSelection from_query = {}) : from_query_(std::move(from_query)) {}

  bool wants(const MonitorEvent& event) const;
  /// The first subscription narrows a connection that watched everything. False: there are too many.
  bool subscribe(MonitorSelection selection);
  /// Removes that subscription; after the last one nothing is wanted any more.
  void unsubscribe(const MonitorSelection& selection);
  void unsubscribe_all();
  std::size_t subscriptions() const { return subscriptions_.size(); }

 private:
  MonitorSelection from_query_;
  std::vector<MonitorSelection> subscriptions_;
  bool watches_all_ = true;
};

}  // namespace r8r::api
