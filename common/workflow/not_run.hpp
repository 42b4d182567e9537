#pragma once
#include "common/workflow/problem_list.hpp"
#include "common/workflow/source_node.hpp"

namespace r8r::workflow {

/// Notes what the file uses of the features that the loader reads and checks and nothing in this version runs yet.
void find_not_run(const SourceNode& root, ProblemList& problems);

}  // namespace r8r::workflow
