#pragma once
#include <string>
#include <unordered_map>
#include <vector>

#include "tests/simulation/cluster/clients.hpp"
#include "tests/simulation/cluster/database.hpp"

namespace r8r::sim {

/// What must be true of every execution once all is over: it ended, once, as it would have without faults; its journal
/// tells one story, in which nothing happens twice and nothing before what it depends on. The answer: what is not.
/// `stories`: of those that clients wanted; all others were started by executions.
std::vector<std::string> check_executions(const Database& database, const std::unordered_map<Uuid, Story>& stories,
                                          const std::vector<Sample>& samples);

}  // namespace r8r::sim
