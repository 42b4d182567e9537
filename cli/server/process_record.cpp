#include "cli/server/process_record.hpp"

#include <fmt/format.h>

#include <csignal>
#include <fstream>
#include <sstream>
#include <thread>

#include "common/base/log.hpp"

namespace r8r::server {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kLook{10};

bool gone_until(pid_t pid, std::uint64_t started, Clock::time_point deadline) {
  while (process_start(pid) == started) {
    if (Clock::now() >= deadline) return false;
    // Not our child: the kernel tells us of its end only when we ask.
    std::this_thread::sleep_for(kLook);
  }
  return true;
}

}  // namespace

std::uint64_t process_start(pid_t pid) {
  std::ifstream in(fmt::format("/proc/{}/stat", pid));
  std::string text;
  if (!std::getline(in, text)) return 0;
  // pid (name) state ppid … : the name may hold anything, so count from its closing parenthesis; starttime is field 22.
  std::istringstream fields(text.substr(text.rfind(')') + 1));
  std::string state;
  fields >> state;
  if (state == "Z" || state == "X") return 0;
  std::string skipped;
  for (int field = 4; field < 22; ++field) fields >> skipped;
  std::uint64_t started = 0;
  fields >> started;
  return started;
}

void end_process(pid_t pid, int stop_signal, std::chrono::milliseconds limit) {
  const std::uint64_t started = process_start(pid);
  if (started == 0) return;
  ::kill(pid, stop_signal);
  if (gone_until(pid, started, Clock::now() + limit)) return;
  ::kill(pid, SIGKILL);
  gone_until(pid, started, Clock::now() + limit);
}

void ProcessRecord::add(pid_t pid, const std::string& name, int stop_signal) {
  entries_[pid] = {process_start(pid), stop_signal, name};
  save();
}

void ProcessRecord::remove(pid_t pid) {
  if (entries_.erase(pid) > 0) save();
}

void ProcessRecord::save() const {
  // Best effort: without the file a next start only has to find out the hard way.
  const std::filesystem::path fresh = file_.string() + ".new";
  {
    std::ofstream out(fresh, std::ios::trunc);
    for (const auto& [pid, entry] : entries_)
      out << pid << ' ' << entry.started << ' ' << entry.stop_signal << ' ' << entry.name << '\n';
  }
  std::error_code ignored;
  std::filesystem::rename(fresh, file_, ignored);
}

std::size_t ProcessRecord::end_leftovers(std::chrono::milliseconds limit) {
  std::map<pid_t, Entry> left;
  {
    std::ifstream in(file_);
    pid_t pid = 0;
    Entry entry;
    while (in >> pid >> entry.started >> entry.stop_signal && std::getline(in >> std::ws, entry.name))
      if (pid > 1 && entry.started != 0 && process_start(pid) == entry.started) left[pid] = entry;
  }
  const auto deadline = Clock::now() + limit;
  for (const auto& [pid, entry] : left) {
    log::warn("waiting for a process of a former run to end", {{"process", entry.name}, {"pid", pid}});
    ::kill(pid, entry.stop_signal);
  }
  for (const auto& [pid, entry] : left) {
    if (gone_until(pid, entry.started, deadline)) continue;
    ::kill(pid, SIGKILL);
    gone_until(pid, entry.started, Clock::now() + limit);
  }
  save();
  return left.size();
}

}  // namespace r8r::server
