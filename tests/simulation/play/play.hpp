#pragma once
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/bus/messages.hpp"
#include "common/nodes/segment.hpp"
#include "services/scheduler/active_execution.hpp"

namespace r8r {

/// Plays one execution with the real engine and the real running of nodes, and nothing between them but their messages,
/// which are encoded and decoded on the way. Time is a number; effects answer as a test says. From one seed everything
/// happens in the same order.
///
/// After each commit the journal, as text, is replayed into a fresh machine, which must stand where the playing one
/// does; and an execution that has not ended must wait for something.
class Play {
 public:
  struct Effect {
    std::string node;
    std::string url;
    int attempt = 1;
    int item = -1;
  };
  struct Options {
    std::uint64_t seed = 1;
    /// Chance in a hundred, at each step, that the scheduler dies and another takes over.
    int crashes = 0;
    /// Chance in a hundred that a result comes twice, and that one of a pure segment gets lost.
    int duplicates = 0;
    /// Every node is a segment of its own.
    bool apart = false;
    /// Everything that workers make is stored, and only references to it travel.
    bool by_reference = false;
  };
  /// The answer of a http node; an error text makes the attempt fail.
  using Effects = std::function<Result<std::string>(const Effect&)>;

  /// An execution that a subworkflow node asked for.
  struct Child {
    std::string workflow;
    std::string input;
    bool awaited = true;
    int number = 1;  ///< of all children, from 1
  };
  /// Its end; without a status it does not end.
  using Children = std::function<engine::ChildEnd(const Child&)>;

  /// `yaml`: below "name: t"; a http node gets its url evaluated. Fails the test when it does not load.
  Play(std::string_view yaml, std::string_view input) : Play(yaml, input, Options{}) {}
  Play(std::string_view yaml, std::string_view input, Options options);

  /// What http nodes answer; without, {"url": …}.
  void effects(Effects answer) { effects_ = std::move(answer); }

  /// How children end; without, they complete with their input.
  void children(Children end) { child_end_ = std::move(end); }

  /// Until it has ended or nothing can happen any more.
  void run();
  /// One thing happens: a result, a timer, a crash. False when nothing can.
  bool step();

  /// An execution that has ended is resumed as its next run.
  void begin_again();

  engine::Execution& machine() { return active_->machine; }
  /// Takes what a machine decided, as the scheduler's shell would.
  void carry_out(engine::Decision decision);

  bool ended() const { return end_.has_value(); }
  std::string status() const { return end_ ? std::string(end_->status) : "running"; }
  /// The final output, "null" when there is none.
  std::string output() const { return end_ && end_->output ? whole(*end_->output) : "null"; }
  std::string error() const { return end_ ? end_->error : ""; }
  /// "a completed, b skipped, …" in the order of the file, leaving out what never began.
  std::string states() const;
  std::string output_of(std::string_view node) const;
  /// How many tasks were sent.
  int tasks() const { return tasks_; }
  /// The effects that ran, in order: "node url", with "#item" and "/attempt" when they are not the first.
  const std::vector<std::string>& effects_run() const { return effects_run_; }
  /// The children that began, in order: "workflow input", with "(not awaited)".
  const std::vector<std::string>& children_begun() const { return children_begun_; }
  /// What was asked and decided, in order.
  const std::vector<engine::ApprovalChange>& approvals() const { return approvals_; }
  /// How many children were waited for until nobody wanted to know any more.
  int abandoned() const { return abandoned_; }
  const std::vector<engine::Event>& events() const { return events_; }
  const std::vector<journal::JournalEntry>& journal() const { return journal_; }
  Timestamp now = from_unix_us(1'768'919'400'000'000);

 private:
  struct Out {
    std::string message;
    std::int64_t dispatch = 0;
  };

  bool chance(int in_hundred);
  std::string whole(const std::string& payload) const;
  void put_in_whole(bus::Task& task) const;
  std::string answer_of(bus::TaskResult&& result);
  void send(const engine::Dispatch& dispatch);
  std::string work(const std::string& message);
  void deliver(const std::string& message);
  void check_replay();
  std::unique_ptr<scheduler::ActiveExecution> reborn() const;
  void crash();
  bool fire_timer();
  void take_children(const engine::Decision& decision);
  bool end_child(std::size_t at);
  Result<std::string> call(const bus::Task& task, const workflow::Node& node, const std::string& url);

  Options options_;
  std::mt19937_64 random_;
  std::shared_ptr<const workflow::Workflow> workflow_;
  std::string input_;
  std::int64_t epoch_ = 1;
  std::unique_ptr<engine::DispatchIds> ids_;
  std::unique_ptr<scheduler::ActiveExecution> active_;
  Effects effects_;
  std::vector<Out> out_;
  std::map<std::string, std::string> answered_;  // the one answer of an effect task, whoever asks again
  std::vector<journal::JournalEntry> journal_;
  std::vector<std::string> effects_run_;
  Children child_end_;
  std::vector<std::pair<Uuid, Child>> living_;  // that are waited for and may end
  std::vector<std::string> children_begun_;
  std::set<std::string> child_ids_;
  int abandoned_ = 0;
  std::vector<engine::ApprovalChange> approvals_;
  std::vector<engine::Event> events_;
  std::map<std::string, std::string> stored_;  // payloads by key
  std::optional<engine::End> end_;
  int tasks_ = 0;
};

}  // namespace r8r
