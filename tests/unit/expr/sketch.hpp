#pragma once
#include <string>
#include <vector>

#include "common/expr/syntax.hpp"
#include "seed.hpp"

namespace r8r::expr::testing {

/// A program as a plain tree, made at random, with two ways to write it down: as source text with no more parentheses
/// than the table of precedences asks for, and as its shape, "(+ 1 (* a 2))". The parser has the same shape to give.
struct Sketch {
  enum class Kind {
    atom,    ///< text: a literal or a name
    unary,   ///< text: the operator
    binary,  ///< text: the operator, `level` its precedence
    choice,  ///< c ? a : b
    array,
    map,       ///< keys
    property,  ///< keys[0]; `optional`
    index,
    call,     ///< text: the function
    method,   ///< text: the function
    closure,  ///< keys: parameters
    text,     ///< `…${…}…`
    // What follows is a statement, or in parentheses a value.
    if_,
    switch_,
    block,
    let,     ///< text: let or const; keys[0]
    assign,  ///< text: the operator
    while_,  ///< text: while, loop, do-while, do-until
    for_,    ///< keys: one or two names
    jump,    ///< text: break, continue, return, throw
    try_,    ///< keys: the name of the caught error, if any
  };
  Kind kind = Kind::atom;
  std::string text;
  int level = 0;
  bool optional = false;
  bool valued = false;  ///< of a block: the last statement is its value
  std::vector<std::string> keys;
  std::vector<Sketch> parts;
};

/// Statements and what a script may hold, at most about `size` nodes.
Sketch random_script(Random& random, int size);
std::string source_of(const Sketch& script);
std::string shape_of(const Sketch& script);
std::string shape_of(const Syntax& syntax);

}  // namespace r8r::expr::testing
