#include "common/base/json_text.hpp"
#include "common/expr/evaluate.hpp"
#include "common/expr/json.hpp"
#include "common/expr/program.hpp"
#include "common/expr/template.hpp"
#include "tests/fuzz/targets.hpp"

namespace r8r::fuzz {
namespace {

using namespace r8r::expr;

const std::vector<std::string>& node_ids() {
  static const std::vector<std::string> ids = {"fetch", "my-node", "2nd"};
  return ids;
}

Scope surroundings() {
  Scope scope;
  scope.set_input(*parse_json(R"({"name":" Ann ","n":5,"f":1.5,"flag":true,"none":null,"list":[3,1,2],"é":"ü",
    "items":[{"id":1,"price":5,"tag":"b"},{"id":2,"price":7.5,"tag":"a"}],"deep":{"a":{"b":[1,2,3]}}})"));
  scope.set_node("fetch", *parse_json(R"({"status":200,"body":{"ids":[1,2]}})"));
  scope.set_node("my-node", *parse_json(R"({"output":{"x":2}})"));
  scope.set_variables(*parse_json(R"({"limit":10})"));
  scope.set_item(Value::string("one"), 3);
  return scope;
}

/// Small enough that even what uses all of it is over in milliseconds; time beyond that is a bug in the counting.
Limits small_limits() {
  Limits limits;
  limits.operations = 20'000;
  limits.bytes = 64 * 1024;
  limits.elements = 10'000;
  return limits;
}

void check_outcome(const Result<Value>& outcome, const Limits& limits) {
  if (!outcome) {
    promise(!outcome.error().message.empty(), "an error says what is wrong");
    promise(is_valid_utf8(outcome.error().message), "an error is valid UTF-8");
    return;
  }
  promise(outcome->measure().height <= 128, "a result nests at most 128 levels");
  promise(outcome->measure().weight <= limits.bytes * 8, "a result stays within its size");
  const std::string text = to_json(*outcome);
  const Result<Value> again = parse_json(text, 200);
  promise(again.has_value(), "a result is JSON");
  promise(*again == *outcome, "a result survives JSON");
  promise(to_json(*again) == text, "writing JSON is stable");
}

}  // namespace

void read_json_text(std::string_view input) {
  const Result<Value> value = parse_json(input);
  if (!value) {
    promise(is_valid_utf8(value.error().message), "an error is valid UTF-8");
    return;
  }
  for (const std::string& text : {to_json(*value), to_pretty_json(*value)}) {
    const Result<Value> again = parse_json(text);
    promise(again.has_value(), "what is written can be read");
    promise(*again == *value, "reading gives what was written");
    promise(again->hash() == value->hash(), "equal values have equal hashes");
    promise(to_json(*again) == to_json(*value), "writing is stable");
  }
}

void run_expression(std::string_view input) {
  CompileOptions options;
  options.node_ids = node_ids();
  options.extra_names = {"error"};
  const auto program = Program::compile(input, options);
  if (!program) {
    promise(!program.error().message.empty() && program.error().line >= 1 && program.error().column >= 1,
            "a mistake has a message and a place");
    return;
  }
  const Scope scope = surroundings();
  const std::string input_before = to_json(scope.input());
  std::string log;
  const auto run = [&] {
    log.clear();
    EvalContext context{scope, small_limits(), from_unix_us(1'768'919'400'120'000), 7, &log};
    return evaluate(*program, context);
  };
  const Result<Value> outcome = run();
  check_outcome(outcome, small_limits());
  promise(log.size() <= kLogBytes, "the log stays within its size");
  promise(to_json(scope.input()) == input_before, "an evaluation leaves its input alone");
  const std::string first_log = log;
  const Result<Value> second = run();
  promise(outcome.has_value() == second.has_value() && log == first_log, "running again gives the same");
  if (outcome) {
    promise(to_json(*outcome) == to_json(*second), "running again gives the same value");
  } else {
    promise(outcome.error().message == second.error().message, "running again gives the same error");
  }
}

void render_template(std::string_view input) {
  if (!is_valid_utf8(input)) return;  // strings of a workflow are UTF-8
  CompileOptions options;
  options.node_ids = node_ids();
  const auto compiled = Template::compile(input, options);
  if (!compiled) {
    promise(!compiled.error().message.empty() && compiled.error().line >= 1 && compiled.error().column >= 1,
            "a mistake has a message and a place");
    return;
  }
  const Scope scope = surroundings();
  EvalContext context{scope, small_limits(), from_unix_us(1'768'919'400'120'000), 7, nullptr};
  const Result<Value> outcome = compiled->evaluate(context);
  check_outcome(outcome, small_limits());
  if (compiled->is_constant()) promise(outcome.has_value() && outcome->is_string(), "a constant text is a string");
}

}  // namespace r8r::fuzz
