#pragma once
#include <cstdint>
#include <vector>

#include "common/expr/value.hpp"

/// The heap parts of values that only the evaluator knows.
namespace r8r::expr {

struct FunctionCode;
struct FunctionSet;

/// A function as a value. It refers to code of its program, so it never outlives the evaluation that made it.
struct ClosureCell : Cell {
  const FunctionCode* code = nullptr;    ///< script code, or
  const FunctionSet* builtin = nullptr;  ///< a built-in function
  std::vector<Value> captured;           ///< values or boxes, in the order of the code's captures
  std::vector<Value> bound;              ///< leading arguments given by curry()
};

/// A variable that is shared between a scope and the closures made in it.
struct BoxCell : Cell {
  Value value;
};

/// How many closures exist in this thread: lets an evaluation see cheaply that none is in its result.
std::int64_t& live_closures();

}  // namespace r8r::expr
