#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.hpp"
#include "common/base/time.hpp"
#include "common/expr/program.hpp"
#include "common/expr/value.hpp"

namespace r8r::expr {

/// Bounds of one evaluation; past one it fails with "expression limit exceeded: …", which scripts cannot catch.
struct Limits {
  /// Steps. Built-in functions count one per element and one per 64 bytes of text that they make or look through.
  std::int64_t operations = 1'000'000;
  /// Function calls inside one another.
  int depth = 64;
  /// Of one string. All text and structure of one value together may take eight times as much.
  std::size_t bytes = 8u << 20;
  /// Of one array or map.
  std::size_t elements = 1'000'000;
};

/// What the names mean in one evaluation. Filling it copies no data.
class Scope {
 public:
  void set_input(Value value) { input_ = std::move(value); }
  void set_node(std::string_view id, Value output) { nodes_.mutable_map().set(id, std::move(output)); }
  void set_variables(Value map) { variables_ = std::move(map); }
  void set_env(Value map) { env_ = std::move(map); }
  void set_execution(Value map) { execution_ = std::move(map); }
  void set_item(Value item, std::int64_t index) {
    item_ = std::move(item);
    index_ = Value::integer(index);
  }
  void clear_item() {
    item_ = Value();
    index_ = Value();
  }
  /// A map from the names of credentials to their secrets. Without it `credentials.x` is an error.
  void set_credentials(Value map) { credentials_ = std::move(map); }
  /// Any name besides those above: `error`, `value`.
  void set(std::string_view name, Value value) { others_.set(name, std::move(value)); }

  const Value& input() const { return input_; }
  const Value& nodes() const { return nodes_; }
  const Value& variables() const { return variables_; }
  const Value& env() const { return env_; }
  const Value& execution() const { return execution_; }
  const Value& item() const { return item_; }
  const Value& index() const { return index_; }
  const Value& credentials() const { return credentials_; }
  const Map& others() const { return others_; }

 private:
  Value input_;
  Value nodes_ = Value::map({});
  Value variables_ = Value::map({});
  Value env_ = Value::map({});
  Value execution_ = Value::map({});
  Value item_;
  Value index_;
  Value credentials_;
  Map others_;
};

/// One evaluation's surroundings. Two contexts with the same scope, now and seed give the same values; evaluating
/// advances `seed` when random values were taken, so that the next evaluation in the same context gets others.
struct EvalContext {
  const Scope& scope;
  Limits limits = {};
  Timestamp now = {};
  std::uint64_t seed = 0;
  /// What print and debug write, a line each, kLogBytes at most; may be null.
  std::string* log = nullptr;
  /// Every credential reads as `***`: what a trace may show of a value. A program that reads real secrets writes no
  /// log, and its error does not quote what it computed with.
  bool mask_secrets = false;
  /// Containers inside the text of a template become JSON of several lines.
  bool pretty_text = false;
  /// Steps that evaluations in this context have taken so far, for callers that bound several of them together.
  std::int64_t used = 0;

  /// The same surroundings with another scope, for instance with an item in it: also what is masked stays masked. Steps
  /// are counted anew. `other` must outlive the context.
  EvalContext with(const Scope& other) const {
    return {.scope = other,
            .limits = limits,
            .now = now,
            .seed = seed,
            .log = log,
            .mask_secrets = mask_secrets,
            .pretty_text = pretty_text};
  }
};
inline constexpr std::size_t kLogBytes = 64 * 1024;

/// Runs the program. Fails with invalid_input and "message (line L, column C)". The value holds no closures and no NaN
/// or infinity (they are null), nests at most 128 levels and stays within the limits.
Result<Value> evaluate(const Program& program, EvalContext& context);

}  // namespace r8r::expr
