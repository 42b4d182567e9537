#include "tests/simulation/play/play.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "common/expr/json.hpp"
#include "services/scheduler/task_message.hpp"
#include "services/worker/large_payloads.hpp"
#include "services/worker/segment_run.hpp"
#include "tests/simulation/play/effect_work.hpp"

namespace r8r {
namespace {

constexpr std::string_view state_name(engine::NodeState state) {
  switch (state) {
    case engine::NodeState::pending:
      return "pending";
    case engine::NodeState::in_segment:
      return "pending";
    case engine::NodeState::running:
      return "running";
    case engine::NodeState::retrying:
      return "retrying";
    case engine::NodeState::waiting:
      return "waiting";
    case engine::NodeState::calling:
      return "calling";
    case engine::NodeState::asking:
      return "asking";
    case engine::NodeState::iterating:
      return "iterating";
    case engine::NodeState::falling_back:
      return "falling_back";
    case engine::NodeState::exhausted:
      return "exhausted";
    case engine::NodeState::completed:
      return "completed";
    case engine::NodeState::skipped:
      return "skipped";
    case engine::NodeState::recovered:
      return "recovered";
    case engine::NodeState::failed:
      return "failed";
    case engine::NodeState::cancelled:
      return "cancelled";
  }
  return "?";
}

std::shared_ptr<const workflow::Workflow> load(std::string_view yaml, bool apart) {
  workflow::LoadResult loaded = workflow::load(fmt::format("name: t\n{}", yaml));
  EXPECT_TRUE(loaded.problems.empty()) << workflow::problems_json(loaded.problems) << '\n' << yaml;
  if (loaded.workflow == nullptr || !apart) return loaded.workflow;
  auto copy = std::make_shared<workflow::Workflow>(*loaded.workflow);
  // Nodes of different pools are never fused.
  for (workflow::Node& node : copy->nodes) node.pool = node.id;
  return copy;
}

}  // namespace

Play::Play(std::string_view yaml, std::string_view input, Options options)
    : options_(options), random_(options.seed), workflow_(load(yaml, options.apart)), input_(input) {
  ids_ = std::make_unique<engine::DispatchIds>(epoch_);
  active_ = reborn();
  carry_out(machine().start(now));
}

bool Play::chance(int in_hundred) {
  return in_hundred > 0 && static_cast<int>(random_() % 100) < in_hundred;
}

std::unique_ptr<scheduler::ActiveExecution> Play::reborn() const {
  auto active = std::make_unique<scheduler::ActiveExecution>(
      workflow_, *Uuid::parse("0199a1b2-c3d4-7e5f-8a6b-0123456789ab"), from_unix_us(1'768'919'400'000'000), *ids_);
  active->input = std::make_shared<const std::string>(input_);
  active->subject = {active->id.to_string(), "t", "api"};
  std::string text = "[";
  for (const journal::JournalEntry& entry : journal_) {
    if (text.size() > 1) text += ',';
    journal::append_entry(text, entry);
  }
  const auto entries = journal::parse_entries(text + "]");
  EXPECT_TRUE(entries) << entries.error().message;
  if (!journal_.empty()) active->machine.replay(*entries);
  return active;
}

void Play::carry_out(engine::Decision decision) {
  for (const engine::Dispatch& dispatch : decision.run_now) send(dispatch);
  take_children(decision);
  std::move(decision.approvals.begin(), decision.approvals.end(), std::back_inserter(approvals_));
  std::move(decision.events.begin(), decision.events.end(), std::back_inserter(events_));
  std::move(decision.entries.begin(), decision.entries.end(), std::back_inserter(journal_));
  if (decision.end) {
    EXPECT_FALSE(end_) << "ended twice";
    end_ = decision.end;
    out_.clear();
  } else {
    EXPECT_FALSE(machine().waits_for_nothing()) << "nothing moves it on: " << states();
    check_replay();
  }
  for (const engine::Dispatch& dispatch : decision.run_after_commit) send(dispatch);
  std::erase_if(out_, [&](const Out& out) {
    return std::find(decision.stopped.begin(), decision.stopped.end(), out.dispatch) != decision.stopped.end();
  });
}

void Play::check_replay() {
  if (journal_.empty()) return;
  const auto copy = reborn();
  for (const workflow::Node& node : workflow_->nodes) {
    ASSERT_EQ(state_name(copy->machine.state(node.index)), state_name(machine().state(node.index))) << node.id;
    const engine::Payload& mine = machine().output(node.index);
    const engine::Payload& theirs = copy->machine.output(node.index);
    ASSERT_EQ(mine ? *mine : "", theirs ? *theirs : "") << node.id;
  }
  ASSERT_EQ(copy->machine.status(), machine().status());
  // As long as its start has not been recorded, which a later load takes from the row, only the length is the same.
  ASSERT_EQ(copy->machine.deadline() - copy->machine.started_at(), machine().deadline() - machine().started_at());
}

void Play::send(const engine::Dispatch& dispatch) {
  ++tasks_;
  out_.push_back({bus::encode(scheduler::make_task(*active_, dispatch, epoch_)), dispatch.id});
}

std::string Play::whole(const std::string& payload) const {
  std::string text;
  const auto pieces = payload::pieces(payload);
  EXPECT_TRUE(pieces) << payload;
  for (const payload::Piece& piece : *pieces)
    text += piece.key.empty() ? piece.text : stored_.at(piece.key).substr(piece.at, piece.size);
  return text;
}

void Play::put_in_whole(bus::Task& task) const {
  for (auto& [id, output] : task.outputs) output = whole(output);
  if (task.item) task.item = whole(*task.item);
  if (task.given_input) task.given_input = whole(*task.given_input);
}

std::string Play::answer_of(bus::TaskResult&& result) {
  if (options_.by_reference) {
    for (worker::StoredPayload& payload : worker::take_out_large(result, 0))
      stored_.emplace(std::move(payload.key), std::move(payload.data));
  }
  return bus::encode(result);
}

std::string Play::work(const std::string& message) {
  auto tasks = bus::decode<bus::Task>(message);
  EXPECT_TRUE(tasks) << tasks.error().message;
  bus::Task& task = tasks->front();
  put_in_whole(task);
  const worker::RunOptions options{.env = expr::Value::map({}), .worker = "w"};
  if (!task.effect) return answer_of(worker::run_segment(task, workflow_, options));

  const std::string token = fmt::format("{}/{}", task.dispatch_id, task.attempt);
  if (const auto known = answered_.find(token); known != answered_.end()) return known->second;
  const Outside outside{
      .http = [&](const workflow::Node& node, const std::string& url) { return call(task, node, url); },
      .find_child =
          [](bus::NodeResult& result) {
            result.child_workflow_id = Uuid::v7();
            result.child_version = 1;
          }};
  std::string answer = answer_of(do_effect(task, workflow_, options, now, outside));
  answered_.emplace(token, answer);
  return answer;
}

Result<std::string> Play::call(const bus::Task& task, const workflow::Node& node, const std::string& url) {
  const Effect effect{
      .node = node.id, .url = url, .attempt = task.attempt, .item = task.item_count > 0 ? task.item_index : -1};
  std::string said = effect.node + " " + effect.url;
  if (effect.item >= 0) said += fmt::format("#{}", effect.item);
  if (effect.attempt > 1) said += fmt::format("/{}", effect.attempt);
  effects_run_.push_back(said);
  return effects_ ? effects_(effect) : Result<std::string>(fmt::format("{{\"url\":\"{}\"}}", effect.url));
}

// As the database would have it: children begin with the commit, and end whether or not their parent is in memory.
void Play::take_children(const engine::Decision& decision) {
  for (const engine::ChildStart& start : decision.children) {
    ASSERT_TRUE(child_ids_.insert(start.id.to_string()).second) << "a child began twice";
    Child child{.workflow = start.call.workflow,
                .input = start.call.input,
                .awaited = start.call.awaited,
                .number = static_cast<int>(child_ids_.size())};
    children_begun_.push_back(child.workflow + " " + child.input + (child.awaited ? "" : " (not awaited)"));
    if (child.awaited) living_.emplace_back(start.id, std::move(child));
  }
  for (const Uuid& id : decision.abandoned) {
    EXPECT_NE(std::find(decision.let_go.begin(), decision.let_go.end(), id), decision.let_go.end());
    abandoned_ += static_cast<int>(std::erase_if(living_, [&](const auto& child) { return child.first == id; }));
  }
  EXPECT_LE(living_.size() + machine().in_flight().size(),
            static_cast<std::size_t>(workflow_->settings.max_concurrency));
}

bool Play::end_child(std::size_t at) {
  const auto [id, child] = living_[at];
  const engine::ChildEnd end =
      child_end_ ? child_end_(child) : engine::ChildEnd{.status = "completed", .output = child.input};
  if (end.status.empty()) return false;
  living_.erase(living_.begin() + static_cast<std::ptrdiff_t>(at));
  const bool again = chance(options_.duplicates);
  carry_out(machine().on_child_ended(id, end, now));
  if (again && !ended()) {
    EXPECT_TRUE(machine().on_child_ended(id, end, now).superseded) << "its end was taken twice";
  }
  return true;
}

void Play::deliver(const std::string& message) {
  auto results = bus::decode<bus::TaskResult>(message);
  ASSERT_TRUE(results) << results.error().message;
  carry_out(machine().on_result(scheduler::to_segment_result(std::move(results->front()), *workflow_), now));
}

// All that was in memory is gone; what is out may still come back.
void Play::crash() {
  ids_ = std::make_unique<engine::DispatchIds>(++epoch_);
  active_ = reborn();
  carry_out(journal_.empty() ? machine().start(now) : machine().resume(now));
}

void Play::begin_again() {
  ASSERT_TRUE(ended());
  const std::vector<journal::JournalEntry> before = std::exchange(journal_, {});
  end_.reset();
  ids_ = std::make_unique<engine::DispatchIds>(++epoch_);
  active_ = reborn();
  active_->run = 2;
  carry_out(machine().start_again(before, now));
}

bool Play::fire_timer() {
  const auto timers = machine().timers();
  const auto first = std::min_element(timers.begin(), timers.end(),
                                      [](const auto& a, const auto& b) { return *a.fire_at < *b.fire_at; });
  const Timestamp deadline = machine().deadline();
  if (!machine().stands_still() && (first == timers.end() ? !living_.empty() : *first->fire_at > deadline)) {
    now = std::max(now, deadline);
    carry_out(machine().on_deadline(now));
    return true;
  }
  if (first == timers.end()) return false;
  now = std::max(now, *first->fire_at);
  carry_out(machine().on_timer(first->unit, now));
  return true;
}

bool Play::step() {
  if (ended() || testing::Test::HasFatalFailure()) return false;
  now += std::chrono::milliseconds(1);
  if (chance(options_.crashes)) {
    crash();
    return true;
  }
  for (std::size_t i = 0; i < living_.size() && (out_.empty() || random_() % 2 == 0); ++i) {
    if (end_child(random_() % living_.size())) return true;
  }
  if (out_.empty()) return fire_timer();
  const std::size_t at = random_() % out_.size();
  const Out out = out_[at];
  out_.erase(out_.begin() + static_cast<std::ptrdiff_t>(at));
  const std::string answer = work(out.message);
  const bool again = chance(options_.duplicates);
  deliver(answer);
  if (again && !ended()) deliver(answer);
  return true;
}

void Play::run() {
  for (int steps = 0; step(); ++steps) ASSERT_LT(steps, 100'000) << "it does not come to an end: " << states();
}

std::string Play::states() const {
  std::string all;
  for (const workflow::Node& node : workflow_->nodes) {
    const auto state = state_name(active_->machine.state(node.index));
    if (state == "pending") continue;
    if (!all.empty()) all += ", ";
    all += fmt::format("{} {}", node.id, state);
  }
  return all;
}

std::string Play::output_of(std::string_view node) const {
  const int index = workflow_->find(node);
  const engine::Payload output = index < 0 ? nullptr : active_->machine.output(index);
  return output ? whole(*output) : "(none)";
}

}  // namespace r8r
