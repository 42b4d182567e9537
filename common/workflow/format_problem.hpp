#pragma once
#include <string>
#include <string_view>

#include "common/workflow/workflow.hpp"

namespace r8r::workflow {

/// A problem as a person reads it, ending in a line break:
///
///   orders.yaml:7:15: unknown field 'conditon' in nodes[0]
///      7 |     conditon: input.ok
///        |     ^
///        = hint: did you mean 'condition'?
///
/// `source` is the text that was loaded.
std::string format_problem(std::string_view source, std::string_view file_name, const Problem& problem);

}  // namespace r8r::workflow
