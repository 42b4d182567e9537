#pragma once
#include "common/expr/code.hpp"
#include "common/expr/code_values.hpp"

/// Reading and writing along paths: a.b[c].d.
namespace r8r::expr {

struct Step {
  enum class Kind : std::uint8_t {
    property,
    index,
    node,    ///< an index into `nodes`: an id
    output,  ///< `output` behind a node: its own field of that name if it has one, else nothing to do
  };
  Kind kind = Kind::property;
  bool optional = false;
  std::uint32_t offset = 0;
  std::uint32_t prefix_end = 0;  ///< where the text of the object ends, for messages
  Value key;                     ///< property, output
  std::uint32_t hash = 0;
  mutable std::uint32_t position = 0;  ///< where the key was in the last map
  const Code* index = nullptr;
  const FunctionSet* getter = nullptr;  ///< `.len` and its like on values that are no maps
};

class Path final : public Code {
 public:
  /// `lenient`: null all the way instead of errors. `start` is where the text of the root begins.
  Path(std::uint32_t at, std::uint32_t start, const Code* root, std::vector<Step> steps, bool lenient);
  bool eval(Run& run, Value& out) const override;
  const Value* peek(Run& run, Value& spare) const override;
  bool inert() const override { return inert_; }

 private:
  const Value* missing(Run& run, const Step& step, const Value& object, bool& stop) const;
  const Value* at_index(Run& run, const Step& step, const Value* object, Value& spare, bool& stop) const;
  std::string text_before(Run& run, const Step& step) const;

  std::uint32_t start_;
  Operand root_;
  std::vector<Step> steps_;
  bool lenient_;
  bool inert_;
  std::int64_t cost_;
};

/// A variable, or what lies behind a path in one: where assignments and changing functions go.
class Place {
 public:
  Place(std::uint32_t start, const LocalName* local, const OuterName* outer, std::vector<Step> steps)
      : start_(start), local_(local), outer_(outer), steps_(std::move(steps)) {}

  int index_count() const;
  /// Evaluates the indexes of the path into `indexes`, index_count() values.
  bool eval_indexes(Run& run, Value* indexes) const;
  Value* root(Run& run) const { return local_ != nullptr ? local_->place(run) : outer_->place(run); }
  /// What is there now behind the first `count` steps, without changing anything; null when it fails. A missing key
  /// gives the value null.
  const Value* read(Run& run, const Value* indexes, Value& spare, std::size_t count) const;
  /// The value itself for changing, found from `root`; with `create` a last key that is missing is added.
  Value* locate(Run& run, Value* root, const Value* indexes, bool create, std::size_t count) const;
  const std::vector<Step>& steps() const { return steps_; }

 private:
  std::string text_before(Run& run, const Step& step) const;
  std::uint32_t start_;
  const LocalName* local_;
  const OuterName* outer_;
  std::vector<Step> steps_;
};

/// = and += and so on, to a local variable itself.
class AssignLocal final : public Code {
 public:
  /// `op` is none for a plain assignment.
  AssignLocal(std::uint32_t at, int slot, Operator op, const Code* value)
      : Code(at), slot_(slot), op_(op), value_(value) {}
  bool eval(Run& run, Value& out) const override;
  /// Stands for a block that holds nothing else, and costs what that would.
  void stand_for_block() { cost_ = 2; }

 private:
  std::int64_t cost_ = 1;
  int slot_;
  Operator op_;
  Operand value_;
};

/// =, += and so on, ??=.
class Assign final : public Code {
 public:
  enum class Mode : std::uint8_t { plain, compound, if_null };
  Assign(std::uint32_t at, Place place, Mode mode, Operator op, const Code* value)
      : Code(at), place_(std::move(place)), mode_(mode), op_(op), value_(value) {}
  bool eval(Run& run, Value& out) const override;

 private:
  bool set_character(Run& run, const Value* indexes, const Value& value) const;
  Place place_;
  Mode mode_;
  Operator op_;
  const Code* value_;
};

/// target op= value; appends in place where that is what it means.
bool combine(Run& run, Operator op, Value& target, const Value& value, std::uint32_t offset);
/// Position `index` of `size`, negative ones counted from the end; false when there is none.
bool element_position(std::int64_t index, std::size_t size, std::size_t& position);
/// An array of consecutive integers, as ranges give: its first and its length.
bool as_span(const Value& value, std::int64_t& start, std::int64_t& length);

}  // namespace r8r::expr
