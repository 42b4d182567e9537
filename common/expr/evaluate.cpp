#include "common/expr/evaluate.hpp"

#include <exception>

#include "common/expr/code.hpp"
#include "common/expr/run.hpp"

namespace r8r::expr {

Result<Value> evaluate(const Program& program, EvalContext& context) {
  // The evaluator itself throws nothing; what the libraries under it throw (no memory) ends here.
  try {
    return Run(program.data(), context).execute();
  } catch (const std::exception& error) {
    return fail(ErrorCode::internal_error, std::string("evaluation failed: ") + error.what());
  }
}

}  // namespace r8r::expr
