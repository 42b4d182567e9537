#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"
#include "common/workflow/workflow.hpp"

namespace r8r::api {

/// What a replay that begins at a node keeps of the execution that it repeats.
struct KeptPart {
  std::string journal;                    ///< raw array of entries, the last of each node that is kept, in their order
  std::vector<std::string> payload_keys;  ///< of the stored payloads that their outputs name
};

/// Keeps all nodes of `workflow` (the version that will run) that came to a result and are neither `from_node` nor
/// downstream of it or of a node without a result. `recorded`: everything that the run to be repeated recorded. Errors:
/// invalid_field: the workflow has no such node, or not in its normal flow; invalid_state: the output of a node that
/// would be kept was not recorded; storage_error; payload_too_large.
Result<KeptPart> kept_part(const workflow::Workflow& workflow, std::string_view from_node,
                           const std::vector<std::string>& recorded);

}  // namespace r8r::api
