#pragma once
#include "common/workflow/node_types.hpp"
#include "common/workflow/source_node.hpp"

/// The node types of this version, each in a file of its own: fields, and what is checked when a workflow is created.
/// node_types.cpp lists them.
namespace r8r::workflow {

NodeType transform_type();
NodeType set_type();
NodeType debug_type();
NodeType filter_type();
NodeType sort_type();
NodeType limit_type();
NodeType dedupe_type();
NodeType aggregate_type();
NodeType summarize_type();
NodeType split_type();
NodeType merge_type();
NodeType if_type();
NodeType switch_type();
NodeType variables_type();
NodeType template_type();
NodeType wait_type();
NodeType http_type();
NodeType subworkflow_type();
NodeType approval_type();
NodeType crypto_type();
NodeType datetime_type();

}  // namespace r8r::workflow
