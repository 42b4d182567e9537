#pragma once
#include <string>
#include <string_view>

#include "common/workflow/workflow.hpp"

namespace r8r::workflow {

enum class Severity { error, warning };

/// A problem as a person reads it, ending in a line break:
///
///   orders.yaml:7:5: error: unknown field 'conditon' in nodes[0]
///      7 |     conditon: input.ok
///        |     ^
///        = hint: did you mean 'condition'?
///
/// `source` is the text that was loaded. The caret counts columns of a terminal: wide characters are two.
std::string format_problem(std::string_view source, std::string_view file_name, const Problem& problem,
                           Severity severity = Severity::error);

}  // namespace r8r::workflow
