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

/// Keeps all nodes of `workflow` (the version that will run) that are neither `from_node` nor downstream of it.
/// `recorded`: everything that the run to be repeated recorded. Errors: invalid_state (each names the node): the
/// workflow has no such node, or not in its normal flow; a node that would be kept did not come to an end, or its
/// output was not recorded; storage_error; payload_too_large.
Result<KeptPart> kept_part(const workflow::Workflow& workflow, std::string_view from_node,
                           const std::vector<std::string>& recorded);

}  // namespace r8r::api
