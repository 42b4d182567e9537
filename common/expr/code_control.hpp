#pragma once
#include "common/expr/code_operators.hpp"
#include "common/expr/code_values.hpp"

/// Statements: blocks, loops, switch, try and the jumps between them.
namespace r8r::expr {

/// Where a declared variable goes; a boxed one gets a new box each time.
struct Target {
  int slot = 0;
  bool boxed = false;
  void set(Run& run, Value value) const {
    run.locals[slot] = boxed ? run.make_box(std::move(value)) : std::move(value);
  }
  void set_integer(Run& run, std::int64_t value) const {
    run.locals[slot] = boxed ? run.make_box(Value::integer(value)) : Value::integer(value);
  }
};

class Block final : public Code {
 public:
  Block(std::uint32_t at, std::vector<const Code*> statements, bool valued)
      : Code(at),
        statements_(std::move(statements)),
        valued_(valued),
        // A statement may be a mere name or constant, which costs nothing of its own.
        cost_(static_cast<std::int64_t>(1 + statements_.size() / 4)) {}
  bool eval(Run& run, Value& out) const override;

 private:
  std::vector<const Code*> statements_;
  bool valued_;
  std::int64_t cost_;
};

class Declare final : public Code {
 public:
  Declare(std::uint32_t at, Target target, const Code* value) : Code(at), target_(target), value_(value) {}
  bool eval(Run& run, Value& out) const override;

 private:
  Target target_;
  const Code* value_;  ///< may be null
};

class While final : public Code {
 public:
  enum class Mode : std::uint8_t { before, do_while, do_until, endless };
  While(std::uint32_t at, Mode mode, const Code* condition, const Code* body)
      : Code(at), mode_(mode), condition_(condition), body_(body) {}
  bool eval(Run& run, Value& out) const override;

 private:
  Mode mode_;
  const Code* condition_;
  const Code* body_;
};

class For final : public Code {
 public:
  /// `range` is `sequence` when that is one.
  For(std::uint32_t at, Target item, const Target* position, const Code* sequence, const Range* range, const Code* body)
      : Code(at),
        item_(item),
        has_position_(position != nullptr),
        position_(position != nullptr ? *position : Target{}),
        sequence_(sequence),
        range_(range),
        body_(body) {}
  bool eval(Run& run, Value& out) const override;

 private:
  enum class Turn { next, stop, failed };
  /// The rest of a turn, once the item has its place.
  Turn turn(Run& run, std::int64_t position, Value& out) const;
  Target item_;
  bool has_position_;
  Target position_;
  const Code* sequence_;
  const Range* range_;
  const Code* body_;
};

class Jump final : public Code {
 public:
  Jump(std::uint32_t at, Flow flow, const Code* value) : Code(at), flow_(flow), value_(value) {}
  bool eval(Run& run, Value& out) const override;

 private:
  Flow flow_;  ///< error: throw
  const Code* value_;
};

class Try final : public Code {
 public:
  Try(std::uint32_t at, const Code* body, const Target* caught, const Code* handler)
      : Code(at),
        body_(body),
        has_name_(caught != nullptr),
        caught_(caught != nullptr ? *caught : Target{}),
        handler_(handler) {}
  bool eval(Run& run, Value& out) const override;

 private:
  const Code* body_;
  bool has_name_;
  Target caught_;
  const Code* handler_;
};

class Switch final : public Code {
 public:
  struct Pattern {
    const Code* value = nullptr;
    const Range* range = nullptr;
  };
  struct Arm {
    std::vector<Pattern> patterns;
    bool binds = false;
    Target binding;
    const Code* guard = nullptr;
    const Code* body = nullptr;
  };
  Switch(std::uint32_t at, const Code* subject, int slot, std::vector<Arm> arms)
      : Code(at), subject_(subject), slot_(slot), arms_(std::move(arms)) {}
  bool eval(Run& run, Value& out) const override;

 private:
  bool matches(Run& run, const Arm& arm, bool& out) const;
  const Code* subject_;
  int slot_;
  std::vector<Arm> arms_;
};

}  // namespace r8r::expr
