#pragma once
#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/base/time.hpp"
#include "common/base/uuid.hpp"

namespace r8r::scheduler {

/// Which executions of workflows with limits may start: so many at once, so many in a span of time. All executions that
/// one limit counts are in one partition, so one gate sees them all. It holds nothing that the database does not say;
/// who takes the partition over fills a new one.
///
/// Those with one key start in the order of their ids, which is that of their acceptance; keys take turns.
class StartGate {
 public:
  struct Limits {
    int at_once = 0;  ///< of the workflow; 0: any number
    int starts = 0;   ///< of the key, in any `per`; 0: any number
    std::chrono::milliseconds per{0};
  };
  struct Place {
    Uuid workflow_id;
    std::string key;
    bool operator==(const Place&) const = default;
  };
  struct Question {
    Place place;
    Limits limits;
  };
  struct Admission {
    std::vector<Uuid> ids;          ///< these may start, and count as running from now on
    std::vector<Question> unknown;  ///< whose past starts must be told first; each is named once
    std::optional<Timestamp> next;  ///< when to ask again, if nothing happens before
  };

  /// It has started and not ended. Again changes nothing.
  void add_running(const Uuid& id, const Place& place);
  /// It wants to start. Nothing changes when it is known.
  void add_waiting(const Uuid& id, const Place& place, const Limits& limits);
  /// One that was admitted at one time was recorded as started a little later: that is what its rate counts.
  void started(const Uuid& id, Timestamp admitted, Timestamp at);
  /// One that was admitted at that time did not start after all: its rate does not count it.
  void take_back(const Uuid& id, Timestamp admitted);
  /// It has ended, or is not this owner's any more.
  void remove(const Uuid& id);
  /// The starts of the last `per` before this owner came.
  void tell_starts(const Place& place, const std::vector<Timestamp>& starts);
  /// They could not be found out: they are asked for again.
  void forget_question(const Place& place);

  Admission admit(Timestamp now);

  bool waits(const Uuid& id) const;
  std::size_t waiting() const;
  std::size_t running(const Uuid& workflow_id) const;
  bool empty() const { return places_.empty(); }

 private:
  struct Key {
    std::map<Uuid, Limits> waiting;
    std::deque<Timestamp> starts;  // within `per`, oldest first
    std::chrono::milliseconds per{0};
    bool known = false;  // starts before this owner's are in
    bool asked = false;
  };
  struct Group {
    std::set<Uuid> running;
    std::map<std::string, Key> keys;
    std::string served;  // the key whose turn was last
  };

  void admit_from(const Uuid& workflow_id, Group& group, Timestamp now, Admission& out);
  bool may_start(const Uuid& workflow_id, Group& group, const std::string& name, Key& key, Timestamp now,
                 Admission& out);

  std::unordered_map<Uuid, Group> groups_;
  std::unordered_map<Uuid, Place> places_;
};

}  // namespace r8r::scheduler
