#include "cli/offline/run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>

#include "common/expr/json.hpp"
#include "common/nodes/segment.hpp"
#include "services/scheduler/engine/execution.hpp"

namespace r8r::offline {
namespace {

using workflow::Node;
using workflow::NodeClass;
using workflow::Workflow;

// A version 7 id that is the same for the same start.
Uuid make_id(Timestamp now, std::uint64_t seed) {
  Uuid id;
  const auto ms = static_cast<std::uint64_t>(to_unix_us(now) / 1000);
  for (std::size_t i = 0; i < 6; ++i) id.bytes[i] = static_cast<std::uint8_t>(ms >> (8 * (5 - i)));
  id.bytes[6] = 0x70;
  for (std::size_t i = 8; i < 16; ++i) id.bytes[i] = static_cast<std::uint8_t>(seed >> (8 * (15 - i)));
  id.bytes[8] = static_cast<std::uint8_t>(0x80 | (id.bytes[8] & 0x3f));
  return id;
}

Result<std::shared_ptr<const Workflow>> with_pinned(std::shared_ptr<const Workflow> workflow,
                                                    const std::map<std::string, std::string>& pinned) {
  if (pinned.empty()) return workflow;
  auto copy = std::make_shared<Workflow>(*workflow);
  for (const auto& [id, output] : pinned) {
    const int index = copy->find(id);
    if (index < 0)
      return fail(ErrorCode::not_found, fmt::format("there is no node '{}' in workflow '{}'", id, workflow->name));
    copy->nodes[static_cast<std::size_t>(index)].pinned = output;
  }
  return copy;
}

std::string_view status_name(journal::EntryKind kind) {
  switch (kind) {
    case journal::EntryKind::started:
      return "running";
    case journal::EntryKind::completed:
      return "completed";
    case journal::EntryKind::skipped:
      return "skipped";
    case journal::EntryKind::failed:
      return "failed";
    case journal::EntryKind::waiting:
    case journal::EntryKind::called:
    case journal::EntryKind::asked:
      return "waiting";
    case journal::EntryKind::expanded:
    case journal::EntryKind::resumed:
      return "running";
    case journal::EntryKind::paused:
    case journal::EntryKind::cancelled:
      break;
  }
  return "cancelled";
}

engine::Outcome engine_outcome(nodes::Outcome outcome) {
  switch (outcome) {
    case nodes::Outcome::completed:
      return engine::Outcome::completed;
    case nodes::Outcome::skipped:
      return engine::Outcome::skipped;
    case nodes::Outcome::failed:
      return engine::Outcome::failed;
    case nodes::Outcome::waiting:
      return engine::Outcome::waiting;
    case nodes::Outcome::asking:
      return engine::Outcome::asking;
    case nodes::Outcome::expanded:
      break;
  }
  return engine::Outcome::expanded;
}

/// One execution: scheduler and worker in one, without anything between them.
class Run {
 public:
  Run(std::shared_ptr<const Workflow> workflow, std::string input, const Options& options)
      : workflow_(std::move(workflow)),
        input_(std::move(input)),
        options_(options),
        now_(options.now),
        id_(make_id(options.now, options.seed)),
        ids_(1),
        machine_(workflow_, id_, now_, ids_) {
    for (const Node& node : workflow_->nodes) report_.nodes.push_back({.id = node.id});
  }

  Report to_end() {
    carry_out(machine_.start(now_));
    while (!machine_.ended()) {
      if (!queue_.empty()) {
        const engine::Dispatch dispatch = std::move(queue_.front());
        queue_.pop_front();
        // Its execution's other branch may have failed, or the attempt been replaced.
        if (machine_.find_dispatch(dispatch.id) == nullptr) continue;
        carry_out(machine_.on_result(run(dispatch), now_));
      } else if (!jump_to_timer()) {
        report_.status = "waiting";
        break;
      }
    }
    report_.finished_at = now_;
    return std::move(report_);
  }

 private:
  void carry_out(engine::Decision decision) {
    for (const journal::JournalEntry& entry : decision.entries) note(entry);
    for (engine::Dispatch& dispatch : decision.run_now) queue_.push_back(std::move(dispatch));
    for (engine::Dispatch& dispatch : decision.run_after_commit) queue_.push_back(std::move(dispatch));
    if (!decision.end) return;
    report_.status = decision.end->status;
    if (decision.end->output) report_.output = *decision.end->output;
    report_.error = decision.end->error;
    if (decision.end->error_node >= 0) report_.error_node = node(decision.end->error_node).id;
  }

  void note(const journal::JournalEntry& entry) {
    if (entry.kind == journal::EntryKind::paused || entry.kind == journal::EntryKind::resumed) return;
    NodeReport& node = report_.nodes[static_cast<std::size_t>(workflow_->find(entry.node_id))];
    if (entry.item_index >= 0) {  // the node's own entry follows
      node.logs += entry.logs;
      return;
    }
    node.status = status_name(entry.kind);
    if (entry.kind != journal::EntryKind::skipped) node.attempts = std::max(node.attempts, int{entry.attempt});
    const bool waits = entry.kind == journal::EntryKind::waiting || entry.kind == journal::EntryKind::asked;
    if (entry.has_output && !waits) node.output = entry.output;
    if (entry.kind == journal::EntryKind::completed || !entry.error.empty()) node.error = entry.error;
    node.logs += entry.logs;
  }

  bool jump_to_timer() {
    const std::vector<engine::TimerChange> timers = machine_.timers();
    const auto next = std::min_element(timers.begin(), timers.end(),
                                       [](const auto& a, const auto& b) { return *a.fire_at < *b.fire_at; });
    if (next == timers.end()) return false;
    if (*next->fire_at >= machine_.deadline()) {
      now_ = std::max(now_, machine_.deadline());
      carry_out(machine_.on_deadline(now_));
    } else {
      now_ = std::max(now_, *next->fire_at);
      carry_out(machine_.on_timer(next->unit, now_));
    }
    return true;
  }

  engine::SegmentResult run(const engine::Dispatch& dispatch) {
    engine::SegmentResult result{.dispatch_id = dispatch.id, .attempt = dispatch.attempt, .worker = "offline"};
    nodes::Segment segment(workflow_,
                           {.id = id_.to_string(),
                            .workflow = workflow_->name,
                            .started_at = machine_.started_at(),
                            .attempt = dispatch.attempt},
                           options_.env, dispatch.now, dispatch.seed);
    if (const Result<void> set = segment.set_input(input_); !set) result.error = set.error().message;
    for (const Node& node : workflow_->nodes) {
      const engine::Payload& output = machine_.output(node.index);
      if (!output) continue;
      if (const Result<void> set = segment.set_output(node.id, *output); !set) result.error = set.error().message;
    }
    for (const int away : machine_.routed_away(dispatch)) {
      if (const Result<void> set = segment.set_routed_away(node(away).id); !set) result.error = set.error().message;
    }
    if (dispatch.item >= 0) {
      if (const Result<void> set = segment.set_item(*machine_.item(dispatch.unit()), dispatch.item); !set)
        result.error = set.error().message;
    }
    if (const engine::Payload given = machine_.given_input(dispatch.nodes.front())) {
      if (const Result<void> set = segment.set_given_input(*given); !set) result.error = set.error().message;
    }
    if (!result.error.empty()) return result;
    if (dispatch.effect) {
      result.nodes.push_back(node_result(dispatch.nodes.front(), run_effect(segment, dispatch)));
    } else {
      run_pure(segment, dispatch, result);
    }
    return result;
  }

  // All nodes of the segment up to the first that fails for good; what follows a node that waits, or whose fallback
  // node is to run, waits with it.
  void run_pure(nodes::Segment& segment, const engine::Dispatch& dispatch, engine::SegmentResult& result) {
    std::vector<int> open;
    for (const int index : dispatch.nodes) {
      const std::vector<int>& before = node(index).depends_on;
      const bool waits = std::any_of(before.begin(), before.end(), [&](int dependency) {
        return std::find(open.begin(), open.end(), dependency) != open.end();
      });
      if (waits) {
        open.push_back(index);
        continue;
      }
      nodes::NodeRun run = segment.run(index);
      const bool failed = run.outcome == nodes::Outcome::failed;
      const bool halts = run.outcome == nodes::Outcome::waiting || run.outcome == nodes::Outcome::asking;
      if (halts || (failed && run.fallback_input)) open.push_back(index);
      const bool stop = failed && !run.recovery && !run.fallback_input;
      result.nodes.push_back(node_result(index, std::move(run)));
      if (stop) break;
    }
  }

  nodes::NodeRun run_effect(nodes::Segment& segment, const engine::Dispatch& dispatch) {
    const int index = dispatch.nodes.front();
    nodes::Segment::Prepared prepared = segment.prepare(index);
    if (prepared.done) return std::move(*prepared.done);
    EffectAnswer answer =
        options_.effects ? options_.effects(node(index), dispatch.attempt, prepared.config) : unmocked(node(index));
    return segment.finish(index, std::move(answer.output), answer.permanent, std::chrono::milliseconds(0), {});
  }

  EffectAnswer unmocked(const Node& node) {
    if (std::find(report_.unmocked.begin(), report_.unmocked.end(), node.id) == report_.unmocked.end())
      report_.unmocked.push_back(node.id);
    return {
        fail(ErrorCode::invalid_state,
             fmt::format("node '{}' ({}) reaches outside, which is not done here: give it an output under 'mocks' or "
                         "'pinned', or pinned_data",
                         node.id, node.type)),
        true};
  }

  engine::NodeResult node_result(int index, nodes::NodeRun run) const {
    std::vector<std::string> away;
    for (const int skipped : run.routed_away) away.push_back(node(skipped).id);
    std::vector<journal::ItemError> item_errors;
    for (nodes::ItemError& error : run.item_errors)
      item_errors.push_back({error.index, std::move(error.error), std::move(error.error_code), error.recovered});
    std::optional<engine::Question> question;
    if (run.approval) {
      question = engine::Question{.title = std::move(run.approval->title),
                                  .description = std::move(run.approval->description),
                                  .assignee = std::move(run.approval->assignee),
                                  .groups = std::move(run.approval->groups),
                                  .default_action = std::move(run.approval->default_action),
                                  .timeout = run.approval->timeout};
    }
    return {.node = index,
            .outcome = engine_outcome(run.outcome),
            .output = std::move(run.output),
            .error = std::move(run.error),
            .error_code = std::move(run.error_code),
            .permanent = run.permanent,
            .recovery = std::move(run.recovery),
            .fallback_input = std::move(run.fallback_input),
            .retry_after = run.retry_after,
            .wait = run.wait,
            .logs = std::move(run.logs),
            .routed_away = std::move(away),
            .item_count = std::max(run.item_count, 0),
            .items = std::move(run.items),
            .item_errors = std::move(item_errors),
            .question = std::move(question),
            .started_at = now_,
            .finished_at = now_};
  }

  const Node& node(int index) const { return workflow_->nodes[static_cast<std::size_t>(index)]; }

  std::shared_ptr<const Workflow> workflow_;
  std::string input_;
  const Options& options_;
  Timestamp now_;
  Uuid id_;
  engine::DispatchIds ids_;
  engine::Execution machine_;
  std::deque<engine::Dispatch> queue_;
  Report report_;
};

}  // namespace

const NodeReport* Report::node(std::string_view id) const {
  const auto found = std::find_if(nodes.begin(), nodes.end(), [&](const NodeReport& node) { return node.id == id; });
  return found == nodes.end() ? nullptr : &*found;
}

Result<Report> run(std::shared_ptr<const Workflow> workflow, std::string_view input, const Options& options) {
  Result<std::string> checked = workflow::check_input(*workflow, input);
  if (!checked) return fail(std::move(checked.error()));
  auto pinned = with_pinned(std::move(workflow), options.pinned);
  if (!pinned) return fail(std::move(pinned.error()));
  return Run(std::move(*pinned), std::move(*checked), options).to_end();
}

}  // namespace r8r::offline
