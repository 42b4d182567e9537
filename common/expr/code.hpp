#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/expr/program.hpp"
#include "common/expr/run.hpp"
#include "common/expr/syntax.hpp"
#include "common/expr/text.hpp"
#include "common/expr/token.hpp"
#include "common/expr/value.hpp"

/// The compiled form: a tree of small objects, each of which knows how to compute its value. Local names are slots,
/// names from outside are numbers, constants are folded.
namespace r8r::expr {

/// What a condition came to.
enum class Truth : std::uint8_t { no, yes, failed };
inline constexpr std::string_view kConditionNeeds = "a condition has to be true or false";

class Code {
 public:
  explicit Code(std::uint32_t at) : offset(at) {}
  virtual ~Code() = default;
  Code(const Code&) = delete;
  Code& operator=(const Code&) = delete;

  /// Computes the value; false when something else came out (run.flow). `out` may hold an old value and is only
  /// assigned.
  virtual bool eval(Run& run, Value& out) const = 0;
  /// Where the value is, without copying when it exists already; otherwise it is made in `spare`. Null like eval's
  /// false. The pointer is good until script code runs again, as long as `spare` stays.
  virtual const Value* peek(Run& run, Value& spare) const { return eval(run, spare) ? &spare : nullptr; }
  /// What it comes to as a condition; `needed` begins the message when that is not a bool.
  virtual Truth test(Run& run, std::string_view needed) const;
  /// Evaluating it cannot change any variable.
  virtual bool inert() const { return false; }
  virtual const Value* constant() const { return nullptr; }
  /// The slot of a local variable that stands in its frame without a box; -1 for anything else.
  virtual int plain_slot() const { return -1; }

  std::uint32_t offset;
};

/// A part of other code: local variables and constants, the most of them, are read without a call.
class Operand {
 public:
  explicit Operand(const Code* code)
      : code_(code), value_(code->constant()), slot_(code->plain_slot()), inert_(code->inert()) {}
  /// As Code::peek.
  const Value* peek(Run& run, Value& spare) const {
    if (slot_ >= 0) return run.locals + slot_;
    return value_ != nullptr ? value_ : code_->peek(run, spare);
  }
  /// As peek, for what is looked at only after other code that may not be inert has run: that could change a variable.
  const Value* keep(Run& run, Value& spare, const Operand& other) const {
    if (other.inert_) return peek(run, spare);
    if (value_ != nullptr) return value_;
    return code_->eval(run, spare) ? &spare : nullptr;
  }
  bool inert() const { return inert_; }
  const Code& code() const { return *code_; }

 private:
  const Code* code_;
  const Value* value_;
  int slot_;
  bool inert_;
};

/// A compiled function or closure. Its frame: parameters, then captures and locals, each at its slot.
struct FunctionCode {
  std::string name;
  int parameters = 0;
  int slots = 0;
  int levels = 1;
  std::vector<int> capture_slots;  ///< of the captured values, in order
  std::vector<int> boxed_parameters;
  std::vector<int> own_slots;  ///< of what is neither a parameter nor captured
  const Code* body = nullptr;
};

/// A name from outside that a program uses: what the globals hold, by number.
struct GlobalName {
  enum class Kind : std::uint8_t { input, nodes, node, variables, env, execution, item, index, other };
  Kind kind = Kind::other;
  std::string name;  ///< of a node or another name
};

struct ProgramData {
  std::shared_ptr<const std::string> source;
  References references;
  std::vector<GlobalName> globals;
  std::vector<std::unique_ptr<Code>> code;
  std::vector<std::unique_ptr<FunctionCode>> functions;
  FunctionCode main;
};

/// Compiles source[begin..]. In a template it stops at the closing brace; `end` is where it stopped.
struct CompiledRange {
  std::shared_ptr<const ProgramData> program;
  std::size_t end = 0;
};
tl::expected<CompiledRange, SourceError> compile_range(const std::shared_ptr<const std::string>& source,
                                                       std::size_t begin, bool in_template,
                                                       const CompileOptions& options, PositionCursor& positions);

/// The output of a node by its id, `-` and `_` being the same where the exact id does not exist; null when there is
/// none.
const Value* find_node(const Map& nodes, std::string_view id);

}  // namespace r8r::expr
