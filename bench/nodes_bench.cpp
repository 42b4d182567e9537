// What a worker spends on nodes that work on lists, and on the smallest nodes: config, body and the output as JSON. The
// input is parsed once, as a task's is.
//   build/release/bin/nodes_bench

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "common/nodes/segment.hpp"
#include "common/workflow/workflow.hpp"

namespace {

using namespace r8r;

std::string rows(int count) {
  std::string text = "[";
  for (int i = 0; i < count; ++i) {
    text += fmt::format(R"({}{{"id":{},"price":{},"status":"{}","city":"{}"}})", i == 0 ? "" : ",", i,
                        (i * 7919) % 1000 + 0.5, i % 3 == 0 ? "open" : "done", i % 2 == 0 ? "Berlin" : "Oslo");
  }
  return text + "]";
}

void run_node(benchmark::State& state, std::string_view node, std::string_view input) {
  const auto loaded = workflow::load(fmt::format("name: bench\nnodes:\n  - {{id: n, {}}}\n", node));
  if (!loaded.workflow) return state.SkipWithError(loaded.problems.front().message.c_str());
  nodes::Segment segment(loaded.workflow, {}, expr::Value::map({}), Timestamp{}, 1);
  if (!segment.set_input(input)) return state.SkipWithError("the input is no JSON");
  for (auto _ : state) {
    const nodes::NodeRun run = segment.run(0);
    if (run.outcome != nodes::Outcome::completed) return state.SkipWithError(run.error.c_str());
    benchmark::DoNotOptimize(run.output.data());
  }
}

#define NODE(name, items, node)         \
  void name(benchmark::State& state) {  \
    run_node(state, node, rows(items)); \
  }                                     \
  BENCHMARK(name)

NODE(FilterByExpression10k, 10'000, "type: filter, config: {condition: 'item.status == \"open\"'}");
NODE(FilterByConditions10k, 10'000,
     "type: filter, config: {conditions: [{field: status, operator: equals, value: open}]}");
NODE(Sort10k, 10'000, "type: sort, config: {field: price}");
NODE(Aggregate10k, 10'000, "type: aggregate, config: {group_by: city, operations: [{field: price, function: sum}]}");
NODE(FilterTiny, 3, "type: filter, config: {condition: 'item.status == \"open\"'}");
NODE(SetTiny, 1, "type: set, config: {keep_input: false, values: {a: 1, b: '{{ input[0].id }}'}}");
NODE(DebugTiny, 1, "type: debug, config: {message: 'row {{ input[0].id }}'}");

}  // namespace

BENCHMARK_MAIN();
