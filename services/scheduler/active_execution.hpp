#pragma once
#include <string>
#include <unordered_map>
#include <vector>

#include "common/base/async.hpp"
#include "common/base/uuid.hpp"
#include "services/scheduler/engine/execution.hpp"
#include "services/scheduler/event_body.hpp"

namespace r8r::scheduler {

/// When a segment that is out was last sent or heard of.
struct Watch {
  SteadyClock::time_point sent;
  SteadyClock::time_point heard;
  std::int64_t queue_generation = 0;
  int resends = 0;
  std::string worker;  ///< that said that it has it; empty: nobody has
};

/// An execution in the memory of its owner: the machine, and what the shell must know to carry out its decisions.
struct ActiveExecution {
  ActiveExecution(std::shared_ptr<const workflow::Workflow> workflow, Uuid execution_id, Timestamp accepted,
                  engine::DispatchIds& ids)
      : id(execution_id), accepted_at(accepted), machine(std::move(workflow), execution_id, accepted, ids) {}

  Uuid id;
  std::uint64_t life = 0;  ///< another each time that it comes into memory
  int run = 1;
  int partition = 0;
  Uuid workflow_id;
  int workflow_version = 0;
  std::string trigger_type;
  std::string correlation_id;
  std::string webhook;    ///< raw or empty
  std::string event;      ///< raw or empty
  engine::Payload input;  ///< null: too large to keep, tasks read it from the row
  std::string reply_to;   ///< subject for the completion, or empty
  std::optional<Uuid> parent_execution_id;
  std::optional<int> parent_partition;  ///< set while the parent waits for the end of this one
  int depth = 0;                        ///< how many executions stand above it
  Timestamp accepted_at;

  engine::Execution machine;
  EventSubject subject;
  std::unordered_map<std::int64_t, Watch> watches;  ///< by dispatch id

  int next_seq = 1;  ///< of the next journal row
  int commits_pending = 0;
  std::string_view recorded_status;  ///< of the live row as far as we wrote it; empty: still pending
  bool has_timers = false;
  bool recorded_as_parked = false;
  bool being_parked = false;  ///< one of the commits pending says no more than that it is parked
  bool reported_stuck = false;
  bool begun = true;              ///< false: it ends without
  bool looks_at_parking = false;  ///< a timer is set for that
  bool has_children = false;      ///< children may be waited for
  bool has_approvals = false;     ///< questions may be open
  Timestamp armed_deadline{};     ///< for which a timer is set
  /// The deadline as a durable timer: while children are waited for, and while it is parked.
  std::optional<Timestamp> deadline_timer;
  SteadyClock::time_point last_moved{};
  std::vector<engine::Event> held_events;         ///< wait for the next commit
  std::vector<journal::JournalEntry> unrecorded;  ///< as well, without checkpoints
  /// Who asked for something that is in commits under way, and what they hear after them.
  struct Answer {
    std::string subject;
    std::string text;
    bool to_person = false;  ///< true only of what is recorded
  };
  std::vector<Answer> answers;
};

}  // namespace r8r::scheduler
