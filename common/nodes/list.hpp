#pragma once
#include "common/nodes/body.hpp"
#include "common/workflow/types/lists.hpp"

namespace r8r::nodes {

/// The list that a node works on: the input, or what its path leads to. Fails with INVALID_INPUT when that is no array.
BodyResult list_of(Call& call, const workflow::ListConfig& config);

}  // namespace r8r::nodes
