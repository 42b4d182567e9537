#include <cstdlib>
#include <new>

#include <benchmark/benchmark.h>

#include "common/expr/evaluate.hpp"
#include "common/expr/json.hpp"
#include "common/expr/program.hpp"
#include "common/expr/template.hpp"

namespace {

std::size_t allocations = 0;
std::size_t allocated_bytes = 0;

}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  allocated_bytes += size;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return std::malloc(size);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace {

using namespace r8r::expr;

Value json(std::string_view text) {
  return *parse_json(text);
}

Value order_rows(int count) {
  std::vector<Value> rows;
  for (int i = 0; i < count; ++i) {
    Map row;
    row.set("id", Value::integer(i));
    row.set("price", Value::number(i % 100 + 0.5));
    row.set("status", Value::string(i % 3 == 0 ? "open" : "done"));
    row.set("customer", json(R"({"name":"Ann","city":"Berlin"})"));
    rows.push_back(Value::map(std::move(row)));
  }
  Map input;
  input.set("rows", Value::array(std::move(rows)));
  input.set("v", Value::integer(1));
  input.set("a", Value::integer(2));
  input.set("name", Value::string(" Ann "));
  return Value::map(std::move(input));
}

void run_script(benchmark::State& state, const char* source, int rows) {
  Scope scope;
  scope.set_input(order_rows(rows));
  const auto program = Program::compile(source, {});
  if (!program) return state.SkipWithError(program.error().message.c_str());
  EvalContext context{scope};
  for (auto _ : state) {
    auto value = evaluate(*program, context);
    if (!value) return state.SkipWithError(value.error().message.c_str());
    benchmark::DoNotOptimize(*value);
  }
}

#define SCRIPT(name, rows, source)     \
  void name(benchmark::State& state) { \
    run_script(state, source, rows);   \
  }                                    \
  BENCHMARK(name)

SCRIPT(AddOne, 10, "#{ v: input.v + 1 }");
SCRIPT(FiveOperations, 10,
       "#{ v: input.v + 1, total: input.a * 2 + input.v, big: input.a > 1, name: input.name.trim().to_upper() }");
SCRIPT(ReadOnePath, 10, "input.rows[3].customer.city");
SCRIPT(MapFilterSum10k, 10'000,
       "input.rows.filter(|r| r.status == \"open\").map(|r| r.price * 2).reduce(|s, x| s + x, 0.0)");
SCRIPT(PlainLoop10k, 10'000,
       "let total = 0.0; for r in input.rows { if r.status == \"open\" { total += r.price * 2; } } total");
SCRIPT(MapOnly10k, 10'000, "input.rows.map(|r| r.id + 1).len()");
SCRIPT(BuildMaps10k, 10'000, "input.rows.map(|r| #{ id: r.id, gross: r.price * 1.19, city: r.customer.city }).len()");
SCRIPT(SumByKey10k, 10'000, "input.rows.sum(\"price\")");
SCRIPT(SortBy10k, 10'000, "input.rows.sort_by(\"price\").len()");
SCRIPT(GroupBy10k, 10'000, "input.rows.group_by(\"status\").len()");
SCRIPT(Loop10k, 1, "let t = 0; for i in 0..10000 { if i % 2 == 0 { t += i; } } t");
SCRIPT(WhileLoop10k, 1, "let t = 0; let i = 0; while i < 10000 { t += i; i += 1; } t");
SCRIPT(Fibonacci20, 1, "fn fib(n) { if n < 2 { n } else { fib(n - 1) + fib(n - 2) } } fib(20)");
SCRIPT(Concatenate10k, 1, "let s = \"\"; for i in 0..10000 { s += \"abc\"; } s.len()");

void CompileFiveOperations(benchmark::State& state) {
  for (auto _ : state) {
    auto program = Program::compile(
        "#{ v: input.v + 1, total: input.a * 2 + input.v, big: input.a > 1, name: input.name.trim().to_upper() }", {});
    benchmark::DoNotOptimize(program);
  }
}
BENCHMARK(CompileFiveOperations);

void CompileCondition(benchmark::State& state) {
  for (auto _ : state) {
    auto program = Program::compile("input.items.filter(|i| i.price > 10).len() > 0 && nodes.fetch.status == 200", {});
    benchmark::DoNotOptimize(program);
  }
}
BENCHMARK(CompileCondition);

/// Three references into an input of about state.range(0) bytes: what it costs must not depend on that.
void RenderTemplate(benchmark::State& state) {
  Scope scope;
  Value input = json(R"({"name":"Ann","order":{"id":17,"total":12.5}})");
  if (state.range(0) > 0) {
    const auto rows = static_cast<int>(state.range(0) / 80);
    input.mutable_map().set("rows", *order_rows(rows).as_map().find("rows"));
  }
  scope.set_input(std::move(input));
  const auto compiled =
      Template::compile("Dear {{ input.name }}, your order {{ input.order.id }} of {{ input.order.total }} EUR", {});
  EvalContext context{scope};
  const std::size_t allocations_before = allocations;
  const std::size_t bytes_before = allocated_bytes;
  for (auto _ : state) benchmark::DoNotOptimize(*compiled->evaluate(context));
  const auto turns = static_cast<double>(state.iterations());
  state.counters["allocations"] = static_cast<double>(allocations - allocations_before) / turns;
  state.counters["bytes"] = static_cast<double>(allocated_bytes - bytes_before) / turns;
}
BENCHMARK(RenderTemplate)->Arg(0)->Arg(1'000'000);

void ReadJson(benchmark::State& state) {
  const std::string text = to_json(order_rows(static_cast<int>(state.range(0))));
  for (auto _ : state) benchmark::DoNotOptimize(*parse_json(text));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * text.size()));
}
BENCHMARK(ReadJson)->Arg(1)->Arg(10'000);

void WriteJson(benchmark::State& state) {
  const Value value = order_rows(static_cast<int>(state.range(0)));
  std::size_t size = 0;
  for (auto _ : state) {
    const std::string text = to_json(value);
    size = text.size();
    benchmark::DoNotOptimize(text.data());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * size));
}
BENCHMARK(WriteJson)->Arg(1)->Arg(10'000);

}  // namespace

BENCHMARK_MAIN();
