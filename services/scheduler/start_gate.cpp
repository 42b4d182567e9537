#include "services/scheduler/start_gate.hpp"

#include <algorithm>

namespace r8r::scheduler {

void StartGate::add_running(const Uuid& id, const Place& place) {
  Group& group = groups_[place.workflow_id];
  places_.emplace(id, place);
  if (const auto key = group.keys.find(place.key); key != group.keys.end()) key->second.waiting.erase(id);
  group.running.insert(id);
}

void StartGate::add_waiting(const Uuid& id, const Place& place, const Limits& limits) {
  if (!places_.emplace(id, place).second) return;
  groups_[place.workflow_id].keys[place.key].waiting.emplace(id, limits);
}

void StartGate::remove(const Uuid& id) {
  const auto found = places_.find(id);
  if (found == places_.end()) return;
  const auto group = groups_.find(found->second.workflow_id);
  if (group != groups_.end()) {
    group->second.running.erase(id);
    if (const auto key = group->second.keys.find(found->second.key); key != group->second.keys.end())
      key->second.waiting.erase(id);
  }
  places_.erase(found);
}

void StartGate::started(const Uuid& id, Timestamp admitted, Timestamp at) {
  const auto place = places_.find(id);
  if (place == places_.end() || at <= admitted) return;
  const auto group = groups_.find(place->second.workflow_id);
  if (group == groups_.end()) return;
  const auto key = group->second.keys.find(place->second.key);
  if (key == group->second.keys.end()) return;
  std::deque<Timestamp>& starts = key->second.starts;
  const auto counted = std::find(starts.begin(), starts.end(), admitted);
  if (counted == starts.end()) return;
  starts.erase(counted);
  starts.insert(std::upper_bound(starts.begin(), starts.end(), at), at);
}

void StartGate::take_back(const Uuid& id, Timestamp admitted) {
  const auto place = places_.find(id);
  if (place == places_.end()) return;
  const auto group = groups_.find(place->second.workflow_id);
  if (group == groups_.end()) return;
  const auto key = group->second.keys.find(place->second.key);
  if (key == group->second.keys.end()) return;
  std::deque<Timestamp>& starts = key->second.starts;
  if (const auto counted = std::find(starts.begin(), starts.end(), admitted); counted != starts.end())
    starts.erase(counted);
}

void StartGate::tell_starts(const Place& place, const std::vector<Timestamp>& starts) {
  Key& key = groups_[place.workflow_id].keys[place.key];
  if (key.known) return;
  key.known = true;
  key.starts.insert(key.starts.end(), starts.begin(), starts.end());
  std::sort(key.starts.begin(), key.starts.end());
}

void StartGate::forget_question(const Place& place) {
  const auto group = groups_.find(place.workflow_id);
  if (group == groups_.end()) return;
  if (const auto key = group->second.keys.find(place.key); key != group->second.keys.end()) key->second.asked = false;
}

StartGate::Admission StartGate::admit(Timestamp now) {
  Admission out;
  for (auto& [workflow_id, group] : groups_) admit_from(workflow_id, group, now, out);
  std::erase_if(groups_, [](const auto& item) { return item.second.running.empty() && item.second.keys.empty(); });
  return out;
}

// One of each key in turn, until none of them may start.
void StartGate::admit_from(const Uuid& workflow_id, Group& group, Timestamp now, Admission& out) {
  std::size_t idle = 0;  // keys in a row whose first may not start
  while (!group.keys.empty() && idle < group.keys.size()) {
    auto at = group.keys.upper_bound(group.served);
    if (at == group.keys.end()) at = group.keys.begin();
    group.served = at->first;
    Key& key = at->second;
    while (!key.starts.empty() && key.starts.front() + key.per <= now) key.starts.pop_front();
    if (key.waiting.empty()) {
      // Whoever comes later with this key is asked about again.
      if (key.starts.empty()) {
        group.keys.erase(at);
      } else {
        ++idle;
      }
      continue;
    }
    if (!may_start(workflow_id, group, at->first, key, now, out)) {
      ++idle;
      continue;
    }
    idle = 0;
    const auto first = key.waiting.begin();
    if (first->second.starts > 0) key.starts.push_back(now);
    group.running.insert(first->first);
    out.ids.push_back(first->first);
    key.waiting.erase(first);
  }
}

bool StartGate::may_start(const Uuid& workflow_id, Group& group, const std::string& name, Key& key, Timestamp now,
                          Admission& out) {
  const Limits& limits = key.waiting.begin()->second;
  if (limits.at_once > 0 && group.running.size() >= static_cast<std::size_t>(limits.at_once)) return false;
  if (limits.starts <= 0) return true;
  key.per = limits.per;
  if (!key.known) {
    if (!key.asked) out.unknown.push_back({{workflow_id, name}, limits});
    key.asked = true;
    return false;
  }
  while (!key.starts.empty() && key.starts.front() + key.per <= now) key.starts.pop_front();
  if (key.starts.size() < static_cast<std::size_t>(limits.starts)) return true;
  // The newest of those that must leave the window first.
  const std::size_t too_many = key.starts.size() - static_cast<std::size_t>(limits.starts);
  const Timestamp free = key.starts[too_many] + key.per;
  if (!out.next || free < *out.next) out.next = free;
  return false;
}

bool StartGate::waits(const Uuid& id) const {
  const auto found = places_.find(id);
  if (found == places_.end()) return false;
  const auto group = groups_.find(found->second.workflow_id);
  if (group == groups_.end()) return false;
  const auto key = group->second.keys.find(found->second.key);
  return key != group->second.keys.end() && key->second.waiting.contains(id);
}

std::size_t StartGate::waiting() const {
  std::size_t count = 0;
  for (const auto& [workflow_id, group] : groups_) {
    for (const auto& [name, key] : group.keys) count += key.waiting.size();
  }
  return count;
}

std::size_t StartGate::running(const Uuid& workflow_id) const {
  const auto found = groups_.find(workflow_id);
  return found == groups_.end() ? 0 : found->second.running.size();
}

}  // namespace r8r::scheduler
