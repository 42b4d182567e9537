#include "tests/simulation/cluster/clients.hpp"

#include <fmt/format.h>

#include "common/bus/subjects.hpp"
#include "common/workflow/start_limit.hpp"
#include "tests/simulation/cluster/cluster.hpp"
#include "tests/simulation/cluster/start_of_time.hpp"

namespace r8r::sim {

using std::chrono::microseconds;
using std::chrono::milliseconds;

Clients::Clients(const SchedulerProcess::World& world, const std::vector<Sample>& samples)
    : Process(world.events), world_(world), samples_(samples) {
  completions_ = world_.network.subscribe(*this, "r8r.done.api", [this](std::vector<bus::Message> messages) {
    for (const bus::Message& message : messages) on_completion(message);
  });
  later(milliseconds(1'000), [this] { decide(); });
}

// Version 7, of the world's time and chance.
Uuid Clients::next_id() {
  Uuid id;
  const std::int64_t ms = (to_unix_us(kStartOfTime) + events_.now().count()) / 1000;
  for (int i = 0; i < 6; ++i) id.bytes[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(ms >> (40 - 8 * i));
  for (std::size_t i = 6; i < 16; ++i) id.bytes[i] = static_cast<std::uint8_t>(events_.pick(256));
  id.bytes[6] = static_cast<std::uint8_t>((id.bytes[6] & 0x0f) | 0x70);
  id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3f) | 0x80);
  return id;
}

void Clients::accept(bool steered) {
  const Sample& sample = samples_[static_cast<std::size_t>(events_.pick(static_cast<int>(samples_.size())))];
  store::LiveExecution execution;
  store::ExecutionRow& row = execution.row;
  row.id = next_id();
  row.workflow_id = sample.id;
  row.workflow_version = 1;
  row.workflow_name = sample.name;
  row.status = "pending";
  row.trigger_type = row.origin = "api";
  row.input = R"({"v": 1})";
  row.correlation_id = row.id.to_string();
  row.accepted_at = kStartOfTime + events_.now();
  row.live = true;
  execution.partition = partition_of(row.id, world_.partitions);
  if (const auto limit = workflow::start_limit(*sample.workflow, row.input)) {
    execution.partition = workflow::limited_partition(sample.id, limit->group, world_.partitions);
    execution.limit_key = limit->key;
  }
  stories_[row.id] = {.sample = &sample, .steered = steered};
  ++busy_;
  insert(std::move(execution), events_.chance(500), steered);
}

// The row first; the message may get lost.
void Clients::insert(store::LiveExecution execution, bool waits, bool steered) {
  later(events_.between(microseconds(50), milliseconds(2)),
        [this, execution = std::move(execution), waits, steered]() mutable {
          if (!world_.database.up) {
            later(milliseconds(300), [this, execution = std::move(execution), waits, steered]() mutable {
              insert(std::move(execution), waits, steered);
            });
            return;
          }
          const store::ExecutionRow& row = execution.row;
          bus::ExecRequest request{.execution_id = row.id,
                                   .partition = execution.partition,
                                   .workflow_id = row.workflow_id,
                                   .workflow_version = 1,
                                   .workflow_name = row.workflow_name,
                                   .trigger_type = row.trigger_type,
                                   .correlation_id = row.correlation_id,
                                   .input = row.input,
                                   .limited = execution.limit_key.has_value(),
                                   .limit_key = execution.limit_key.value_or(""),
                                   .accepted_at = row.accepted_at};
          if (waits) request.reply_to = "r8r.done.api";
          const Uuid id = row.id;
          const int partition = execution.partition;
          world_.database.accept(std::move(execution));
          --busy_;
          later(events_.between(microseconds(50), milliseconds(2)), [this, partition, message = bus::encode(request)] {
            world_.network.publish(bus::exec_subject(partition), message);
          });
          if (!steered) return;
          ++busy_;
          later(events_.between(milliseconds(1), milliseconds(3'000)), [this, id, partition] { steer(id, partition); });
        });
}

void Clients::steer(const Uuid& id, int partition) {
  const auto at_ease = [this](bool) { --busy_; };
  switch (events_.pick(3)) {
    case 0:
      return ask(id, partition, "pause", 30, [this, id, partition](bool) {
        later(events_.between(milliseconds(1), milliseconds(20'000)),
              [this, id, partition] { keep_going(id, partition, events_.now() + Network::kLatest); });
      });
    case 1:
      return ask(id, partition, "cancel", 30, [this, id, partition, at_ease](bool done) {
        if (done) stories_[id].cancelled = true;
        if (!done || events_.chance(500)) return at_ease(done);
        // And think better of it: what completed is kept, the rest runs.
        later(events_.between(milliseconds(1), milliseconds(5'000)), [this, id, partition, at_ease] {
          // Heard or not, it may be carried out.
          stories_[id].cancelled = false;
          ask(id, partition, "resume", 200, at_ease);
        });
      });
    default:
      // Of one that failed, twice at once; in all others nothing changes.
      ++busy_;
      ask(id, partition, "resume", 3, at_ease);
      return ask(id, partition, "resume", 3, at_ease);
  }
}

// The bus may bring a request to pause once more, long after the one to resume.
void Clients::keep_going(const Uuid& id, int partition, Duration until) {
  const auto look_again = [this, id, partition, until](bool) {
    later(milliseconds(5'000), [this, id, partition, until] { keep_going(id, partition, until); });
  };
  const auto row = world_.database.find(id);
  if (row && row->live && row->status == "paused") return ask(id, partition, "resume", 200, look_again);
  if (row && row->live && events_.now() < until) return look_again(true);
  --busy_;
}

void Clients::ask(const Uuid& id, int partition, std::string action, int tries, Next next) {
  ask({.execution_id = id, .partition = partition, .action = std::move(action)}, tries, std::move(next));
}

void Clients::ask(bus::ControlRequest request, int tries, Next next) {
  const std::string inbox = fmt::format("inbox.client.{}", ++requests_);
  const auto answered = std::make_shared<bool>(false);
  const auto subscription = std::make_shared<bus::Subscription>();
  *subscription = world_.network.subscribe(*this, inbox, [this, request, answered, next](auto messages) {
    if (std::exchange(*answered, true)) return;
    const auto replies = bus::decode<bus::ControlReply>(messages.front().data);
    const bool done = replies->front().error_code.empty();
    if (done) check_answer(request);
    next(done);
  });
  world_.network.publish(bus::control_subject(request.partition), bus::encode(request), inbox);
  later(milliseconds(1'500), [this, request, tries, next, answered, subscription] {
    *subscription = {};
    if (std::exchange(*answered, true)) return;
    if (tries <= 1) return next(false);
    ask(request, tries - 1, next);
  });
}

// What an owner says that it did, it has recorded.
void Clients::check_answer(const bus::ControlRequest& request) {
  const Uuid& id = request.execution_id;
  const auto row = world_.database.find(id);
  if (request.action == "cancel" && row && row->status != "cancelled" && row->run == 1)
    broken_.push_back(fmt::format("{} was said to be cancelled, and is {}", id.to_string(), row->status));
  if (request.action != "decide") return;
  const Database::Question& question = world_.database.questions().at(*Uuid::parse(request.approval_id));
  if (question.status != "approved")
    broken_.push_back(
        fmt::format("a question of {} was said to be decided, and is {}", id.to_string(), question.status));
}

// Sometimes two people at once, and some questions are left to their time.
void Clients::decide() {
  for (const auto& [id, question] : world_.database.questions()) {
    if (question.status != "pending" || events_.chance(900)) continue;
    const bus::ControlRequest request{.execution_id = question.execution,
                                      .partition = question.partition,
                                      .action = "decide",
                                      .approval_id = id.to_string(),
                                      .decision = "approve",
                                      .decided_by = "somebody"};
    const int people = events_.chance(200) ? 2 : 1;
    busy_ += people;
    for (int i = 0; i < people; ++i) ask(request, 5, [this](bool) { --busy_; });
  }
  later(milliseconds(2'000), [this] { decide(); });
}

// No word before the record.
void Clients::on_completion(const bus::Message& message) {
  const auto decoded = bus::decode<bus::Completion>(message.data);
  for (const bus::Completion& completion : *decoded) {
    const Database::Entry* entry = world_.database.entry(completion.execution_id);
    const auto said = [&](const store::ExecutionRow& row) {
      return row.status == completion.status && row.output.value_or("null") == completion.output &&
             row.error.value_or("") == completion.error;
    };
    bool recorded = false;
    for (const Database::Ended& ended : entry->ended) recorded = recorded || said(ended.row);
    // Whoever stands still has not ended, and may go on by now.
    const bool stands = completion.status == "paused" || completion.status == "waiting_for_approval";
    if (!recorded && !stands)
      broken_.push_back(fmt::format("{} was told to be {} before its record", completion.execution_id.to_string(),
                                    completion.status));
  }
}

}  // namespace r8r::sim
