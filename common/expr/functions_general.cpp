#include <cmath>

#include "common/expr/functions.hpp"
#include "common/expr/json.hpp"
#include "common/expr/operators.hpp"
#include "common/expr/run.hpp"

/// Functions of any value, JSON, closures and the log.
namespace r8r::expr {
namespace {

bool type_of(Call& call, Value& out) {
  out = Value::string(call.args[0].type_name());
  return true;
}

bool is_null(Call& call, Value& out) {
  out = Value::boolean(call.args[0].is_null());
  return true;
}

bool or_default(Call& call, Value& out) {
  out = call.args[0].is_null() ? call.args[1] : call.args[0];
  return true;
}

bool to_string(Call& call, Value& out) {
  if (call.args[0].is_string()) {
    out = call.args[0];
    return true;
  }
  if (!call.run.admit(call.args[0], call.offset)) return false;
  std::string text;
  if (call.args[0].is_closure()) {
    text = "Fn";
  } else {
    append_rendered(text, call.args[0]);
  }
  return call.give(text, out);
}

bool debug_text(Call& call, std::string& text) {
  if (!call.run.admit(call.args[0], call.offset)) return false;
  if (call.args[0].is_null()) {
    text = "()";
  } else if (call.args[0].is_closure()) {
    text = "Fn";
  } else {
    append_json(text, call.args[0]);
  }
  return true;
}

bool to_debug(Call& call, Value& out) {
  std::string text;
  return debug_text(call, text) && call.give(text, out);
}

/// to_json() or to_json(true) for several lines.
bool json_of(Call& call, Value& out) {
  bool pretty = false;
  if (call.has(1)) {
    if (!call.args[1].is_bool()) return call.wrong(1, "true or false");
    pretty = call.args[1].as_bool();
  }
  if (!call.run.admit(call.args[0], call.offset)) return false;
  return call.give(pretty ? to_pretty_json(call.args[0]) : to_json(call.args[0]), out);
}

/// What is not text is taken to be parsed already.
bool from_json(Call& call, Value& out) {
  if (!call.args[0].is_string()) {
    out = call.args[0];
    return true;
  }
  const std::string_view text = call.text_of(0);
  if (!call.charge(1 + text.size() / 16)) return false;
  auto parsed = parse_json(text);
  if (!parsed) return call.fail(fmt::format("'{}': {}", call.name, parsed.error().message));
  out = std::move(*parsed);
  return true;
}

/// range(from, to[, step]): `to` itself is left out.
bool range(Call& call, Value& out) {
  if (!call.args[0].is_number()) return call.wrong(0, "a number");
  if (!call.args[1].is_number()) return call.wrong(1, "a number");
  Value step = Value::integer(1);
  if (call.has(2)) step = call.args[2];
  if (!step.is_number()) return call.wrong(2, "a number");
  const bool whole = call.args[0].is_int() && call.args[1].is_int() && step.is_int();
  if (step.as_number() == 0 || std::isnan(step.as_number())) return call.fail("'range': the step must not be 0");
  const std::size_t most = call.run.context().limits.elements + 1;
  std::size_t count = 0;
  if (whole) {
    // Distances of 64-bit integers need 64 bits without a sign.
    const std::int64_t from = call.args[0].as_int();
    const std::int64_t to = call.args[1].as_int();
    const std::int64_t by = step.as_int();
    const auto low = static_cast<std::uint64_t>(by > 0 ? from : to);
    const auto high = static_cast<std::uint64_t>(by > 0 ? to : from);
    const std::uint64_t width = by > 0 ? static_cast<std::uint64_t>(by) : 0 - static_cast<std::uint64_t>(by);
    if (by > 0 ? to > from : from > to)
      count = static_cast<std::size_t>(std::min<std::uint64_t>((high - low - 1) / width + 1, most));
  } else {
    const double turns = std::ceil((call.args[1].as_number() - call.args[0].as_number()) / step.as_number());
    if (turns > 0) count = static_cast<std::size_t>(std::min(turns, static_cast<double>(most)));
  }
  if (!call.fits_elements(count) || !call.charge(count / 4)) return false;
  std::vector<Value> elements;
  elements.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    if (!whole) {
      elements.push_back(Value::number(call.args[0].as_number() + static_cast<double>(i) * step.as_number()));
      continue;
    }
    // The result fits, as the count keeps it before `to`; what leads to it may wrap.
    elements.push_back(Value::integer(static_cast<std::int64_t>(static_cast<std::uint64_t>(call.args[0].as_int()) +
                                                                i * static_cast<std::uint64_t>(step.as_int()))));
  }
  return call.give(std::move(elements), out);
}

bool print(Call& call, Value& out) {
  std::string text;
  if (call.has(0)) {
    if (!call.run.admit(call.args[0], call.offset)) return false;
    append_rendered(text, call.args[0]);
  }
  if (!call.charge(1 + text.size() / 64)) return false;
  call.run.write_log(text);
  out = Value();
  return true;
}

bool debug(Call& call, Value& out) {
  std::string text;
  if (call.has(0) && !debug_text(call, text)) return false;
  if (!call.charge(1 + text.size() / 64)) return false;
  call.run.write_log(text);
  out = Value();
  return true;
}

/// f.call(a, b)
bool call_closure(Call& call, Value& out) {
  const Value function = call.args[0];
  return call.run.call(function, call.args + 1, call.count - 1, false, call.offset, out);
}

/// f.curry(a): the closure with its first arguments given.
bool curry(Call& call, Value& out) {
  const ClosureCell& old = *call.args[0].closure_cell();
  const std::size_t bound = old.bound.size() + static_cast<std::size_t>(call.count - 1);
  if (bound > 32) return call.fail("'curry': more than 32 arguments");
  auto* cell = new ClosureCell;
  ++live_closures();
  Value closure = Value::adopt(Value::Kind::closure, cell);
  cell->code = old.code;
  cell->builtin = old.builtin;
  cell->captured = old.captured;
  cell->bound = old.bound;
  for (int i = 1; i < call.count; ++i) cell->bound.push_back(call.args[i]);
  out = std::move(closure);
  return true;
}

constexpr Function kFunctions[] = {
    {"type_of", kAnything, 1, 1, type_of},      {"is_null", kAnything, 1, 1, is_null},
    {"default", kAnything, 2, 2, or_default},   {"to_string", kAnything, 1, 1, to_string},
    {"to_debug", kAnything, 1, 1, to_debug},    {"to_json", kAnything, 1, 2, json_of},
    {"tojson", kAnything, 1, 2, json_of},       {"from_json", kAnything, 1, 1, from_json},
    {"parse_json", kAnything, 1, 1, from_json}, {"range", kAnything, 2, 3, range},
    {"print", kAnything, 0, 1, print},          {"debug", kAnything, 0, 1, debug},
    {"call", kClosure, 1, 33, call_closure},    {"curry", kClosure, 2, 33, curry},
};

}  // namespace

std::span<const Function> general_functions() {
  return kFunctions;
}

}  // namespace r8r::expr
