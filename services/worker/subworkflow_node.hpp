#pragma once
#include "services/worker/effect_node.hpp"
#include "services/worker/ports.hpp"

namespace r8r::worker {

/// The `subworkflow` node type, as far as it needs to look into payloads: which version of the workflow is to run, and
/// with which input. Whoever owns the execution starts it, in the commit that records it.
class SubworkflowNode : public EffectNode {
 public:
  SubworkflowNode(WorkflowNames& names, WorkflowSource& workflows) : names_(names), workflows_(workflows) {}

  awaitable<EffectOutcome> run(EffectContext context, expr::Value config, Cancellation& cancellation) override;

 private:
  awaitable<Result<ChildCall>> find(std::string name, std::string input);

  WorkflowNames& names_;
  WorkflowSource& workflows_;
};

}  // namespace r8r::worker
