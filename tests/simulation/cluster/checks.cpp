#include "tests/simulation/cluster/checks.hpp"

#include <fmt/format.h>

#include <map>
#include <set>

#include "common/journal/journal_entry.hpp"
#include "tests/simulation/cluster/cluster.hpp"

namespace r8r::sim {
namespace {

using journal::EntryKind;
using journal::JournalEntry;

class Check {
 public:
  Check(const Uuid& id, const Database::Entry& entry, const Story& story, std::vector<std::string>& broken)
      : id_(id), entry_(entry), story_(story), broken_(broken) {}

  void run() {
    if (entry_.live) {
      return note(fmt::format("run {} never ended: {}\n{}\n{}", entry_.live->row.run, entry_.live->row.status,
                              story_.sample->yaml, recorded()));
    }
    if (entry_.ended.empty()) return note("is nowhere");
    std::set<int> runs;
    for (const Database::Ended& ended : entry_.ended) {
      if (!runs.insert(ended.row.run).second) note(fmt::format("run {} ended twice", ended.row.run));
    }
    if (!entry_.timers.empty()) note(fmt::format("left the timer of '{}' behind", entry_.timers.begin()->first));
    check_outcome(entry_.ended.back().row);
    std::map<std::string, Timestamp> completed;
    for (const Database::Ended& ended : entry_.ended) completed = check_run(ended.row, completed);
  }

 private:
  void note(const std::string& what) { broken_.push_back(fmt::format("{} {}", id_.to_string(), what)); }

  void check_outcome(const store::ExecutionRow& row) {
    const std::string output = row.output.value_or("null");
    const std::string error = row.error.value_or("");
    if (story_.cancelled) {
      if (row.status != "cancelled")
        note(fmt::format("was cancelled, and is {}\n{}\n{}", row.status, story_.sample->yaml, recorded()));
      return;
    }
    // Nobody heard the answer, but it was carried out.
    if (story_.steered && row.status == "cancelled") return;
    // It was given something else than the sample.
    if (row.trigger_type == "error_handler" && row.status == story_.sample->status) return;
    if (row.status != story_.sample->status || output != story_.sample->output || error != story_.sample->error)
      note(fmt::format("ended as {} {} {}, expected {} {} {}\n{}\n{}", row.status, output, error, story_.sample->status,
                       story_.sample->output, story_.sample->error, story_.sample->yaml, recorded()));
  }

  // All of it, for who looks for the reason.
  std::string recorded() const {
    std::string text;
    for (const auto& [run, rows] : entry_.journal) {
      for (const auto& [seq, entries] : rows) text += fmt::format("  run {} row {}: {}\n", run, seq, entries);
    }
    for (const Database::Ended& ended : entry_.ended)
      text += fmt::format("  run {} end: {}\n", ended.row.run, ended.row.trace);
    return text;
  }

  // Everything that a run recorded, in order.
  std::vector<JournalEntry> facts(const store::ExecutionRow& row) {
    std::vector<std::string> texts;
    if (const auto journal = entry_.journal.find(row.run); journal != entry_.journal.end()) {
      int expected = 1;
      for (const auto& [seq, text] : journal->second) {
        if (seq != expected++) note(fmt::format("has no journal row {} in run {}", expected - 1, row.run));
        texts.push_back(text);
      }
    }
    texts.push_back(row.trace);
    std::vector<JournalEntry> all;
    for (const std::string& text : texts) {
      auto entries = journal::parse_entries(text);
      if (!entries) {
        note("has a journal that cannot be read: " + entries.error().message);
        continue;
      }
      std::move(entries->begin(), entries->end(), std::back_inserter(all));
    }
    return all;
  }

  // `before`: the nodes that the run before completed, and when. The answer: those that this one did.
  std::map<std::string, Timestamp> check_run(const store::ExecutionRow& row,
                                             const std::map<std::string, Timestamp>& before_this) {
    std::map<std::string, Timestamp> completed;
    const workflow::Workflow& workflow = *story_.sample->workflow;
    std::set<std::pair<std::string, int>> done;
    std::set<std::string> nodes_done;
    std::set<std::string> outcomes;  // of attempts
    // A later run begins with what completed before, also when what that followed from is run again.
    bool kept = row.run > 1;
    for (const JournalEntry& fact : facts(row)) {
      kept = kept && fact.kind != EntryKind::resumed;
      if (fact.node_id.empty() || fact.kind == EntryKind::paused || fact.kind == EntryKind::resumed) continue;
      // A fallback node runs anew for each node that it stands for.
      const std::string name = fact.in_place_of.empty() ? fact.node_id : fact.node_id + "@" + fact.in_place_of;
      const std::pair<std::string, int> unit{name, fact.item_index};
      if (done.contains(unit) && !fact.after_fallback)
        note(fmt::format("run {}: something happened to '{}' item {} after its end", row.run, unit.first, unit.second));
      const int index = workflow.find(fact.node_id);
      if (index < 0) {
        note(fmt::format("run {}: there is no node '{}'", row.run, fact.node_id));
        continue;
      }
      const bool begins = fact.kind != EntryKind::cancelled && !kept;
      for (const int dependency : workflow.nodes[static_cast<std::size_t>(index)].depends_on) {
        const std::string& before = workflow.nodes[static_cast<std::size_t>(dependency)].id;
        if (begins && !nodes_done.contains(before))
          note(fmt::format("run {}: '{}' began before '{}' was done", row.run, fact.node_id, before));
      }
      const bool ends = fact.kind == EntryKind::completed || fact.kind == EntryKind::skipped ||
                        fact.kind == EntryKind::cancelled ||
                        (fact.kind == EntryKind::failed && fact.wake_at == Timestamp{} && !fact.exhausted &&
                         fact.fallback_input.empty());
      if (fact.kind == EntryKind::completed || fact.kind == EntryKind::failed) {
        const std::string key =
            fmt::format("{}#{}/{}{}", name, fact.item_index, fact.attempt, fact.after_fallback ? "+" : "");
        if (!outcomes.insert(key).second) note(fmt::format("run {}: a result of {} was applied twice", row.run, key));
      }
      if (fact.kind == EntryKind::completed && fact.item_index < 0 && fact.in_place_of.empty()) {
        completed[fact.node_id] = fact.finished_at;
        const auto earlier = before_this.find(fact.node_id);
        if (earlier != before_this.end() && earlier->second != fact.finished_at)
          note(fmt::format("run {}: '{}' ran again although it had completed", row.run, fact.node_id));
      }
      if (!ends) continue;
      done.insert(unit);
      if (fact.item_index < 0) nodes_done.insert(fact.node_id);
    }
    return completed;
  }

  const Uuid& id_;
  const Database::Entry& entry_;
  const Story& story_;
  std::vector<std::string>& broken_;
};

}  // namespace

std::vector<std::string> check_executions(const Database& database, const std::unordered_map<Uuid, Story>& stories,
                                          const std::vector<Sample>& samples) {
  std::vector<std::string> broken;
  for (const auto& [id, story] : stories) {
    if (database.entry(id) == nullptr) broken.push_back(fmt::format("{} was never accepted", id.to_string()));
  }
  std::map<Uuid, const Sample*> by_workflow;
  for (const Sample& sample : samples) by_workflow.emplace(sample.id, &sample);
  std::map<Uuid, int> started_by;  // parents of error workflows
  for (const auto& [id, entry] : database.all()) {
    if (const auto story = stories.find(id); story != stories.end()) {
      Check(id, entry, story->second, broken).run();
      continue;
    }
    const store::ExecutionRow& row = entry.live ? entry.live->row : entry.ended.back().row;
    if (row.trigger_type == "error_handler") ++started_by[*row.parent_execution_id];
    // Whoever waits for it may be stopped, and it with it.
    Check(id, entry, {.sample = by_workflow.at(row.workflow_id), .steered = true}, broken).run();
  }
  for (const auto& [id, entry] : database.all()) {
    int failed = 0;
    for (const Database::Ended& ended : entry.ended) {
      const bool reports = !database.workflow(ended.row.workflow_id).settings.error_workflow.empty();
      if (reports && ended.row.status == "failed") ++failed;
    }
    if (started_by[id] != failed)
      broken.push_back(fmt::format("{} failed {} times, and its error workflow ran {} times", id.to_string(), failed,
                                   started_by[id]));
  }
  for (const auto& [id, question] : database.questions()) {
    const Database::Entry* asks = database.entry(question.execution);
    if (question.status == "pending" && !asks->live)
      broken.push_back(fmt::format("a question of {} is open after its end", question.execution.to_string()));
  }
  return broken;
}

}  // namespace r8r::sim
