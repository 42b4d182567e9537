#pragma once
#include "common/expr/code.hpp"

/// Code that gives values without computing: constants, names, literals, closures.
namespace r8r::expr {

class Constant final : public Code {
 public:
  Constant(std::uint32_t at, Value value) : Code(at), value_(std::move(value)) {}
  bool eval(Run&, Value& out) const override {
    out = value_;
    return true;
  }
  const Value* peek(Run&, Value&) const override { return &value_; }
  bool inert() const override { return true; }
  const Value* constant() const override { return &value_; }

 private:
  Value value_;
};

/// A local variable, directly in its slot or in the box there.
class LocalName final : public Code {
 public:
  LocalName(std::uint32_t at, int slot, bool boxed) : Code(at), slot_(slot), boxed_(boxed) {}
  bool eval(Run& run, Value& out) const override {
    out = *place(run);
    return true;
  }
  const Value* peek(Run& run, Value&) const override { return place(run); }
  bool inert() const override { return true; }
  int plain_slot() const override { return boxed_ ? -1 : slot_; }
  Value* place(Run& run) const {
    Value& slot = run.locals[slot_];
    return boxed_ ? &slot.box_cell()->value : &slot;
  }

 private:
  int slot_;
  bool boxed_;
};

/// A name from outside.
class OuterName final : public Code {
 public:
  OuterName(std::uint32_t at, int number) : Code(at), number_(number) {}
  bool eval(Run& run, Value& out) const override {
    out = run.globals[number_];
    return true;
  }
  const Value* peek(Run& run, Value&) const override { return &run.globals[number_]; }
  bool inert() const override { return true; }
  Value* place(Run& run) const { return &run.globals[number_]; }

 private:
  int number_;
};

/// credentials.name, or a field of it.
class Credential final : public Code {
 public:
  Credential(std::uint32_t at, std::vector<std::string> path) : Code(at), path_(std::move(path)) {}
  bool eval(Run& run, Value& out) const override;

 private:
  std::vector<std::string> path_;
};

/// A name that means nothing: an error when it is reached.
class Refusal final : public Code {
 public:
  Refusal(std::uint32_t at, std::string message) : Code(at), message_(std::move(message)) {}
  bool eval(Run& run, Value&) const override { return run.fail(offset, message_); }

 private:
  std::string message_;
};

class ArrayLiteral final : public Code {
 public:
  ArrayLiteral(std::uint32_t at, std::vector<const Code*> elements) : Code(at), elements_(std::move(elements)) {}
  bool eval(Run& run, Value& out) const override;

 private:
  std::vector<const Code*> elements_;
};

class MapLiteral final : public Code {
 public:
  MapLiteral(std::uint32_t at, std::vector<Value> keys, std::vector<const Code*> values);
  bool eval(Run& run, Value& out) const override;

 private:
  std::vector<Value> keys_;
  std::vector<const Code*> values_;
  bool distinct_ = true;
};

/// `text ${expression}`.
class Interpolation final : public Code {
 public:
  Interpolation(std::uint32_t at, std::vector<const Code*> parts) : Code(at), parts_(std::move(parts)) {}
  bool eval(Run& run, Value& out) const override;

 private:
  std::vector<const Code*> parts_;
};

class MakeClosure final : public Code {
 public:
  MakeClosure(std::uint32_t at, const FunctionCode* code, std::vector<int> captured)
      : Code(at), code_(code), captured_(std::move(captured)) {}
  bool eval(Run& run, Value& out) const override;

 private:
  const FunctionCode* code_;
  std::vector<int> captured_;  ///< slots of the frame that it is made in
};

/// A built-in function as a value: Fn("trim").
class BuiltInName final : public Code {
 public:
  BuiltInName(std::uint32_t at, const FunctionSet* set) : Code(at), set_(set) {}
  bool eval(Run& run, Value& out) const override;

 private:
  const FunctionSet* set_;
};

}  // namespace r8r::expr
