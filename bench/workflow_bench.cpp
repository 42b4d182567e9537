// How long it takes to read, check and compile workflow files; the target is 30 ms for 1,000 nodes.
//   build/release/bin/workflow_bench

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "common/workflow/workflow.hpp"

namespace {

using namespace r8r;

// One long chain: every node has everything before it upstream.
std::string chain(int nodes) {
  std::string text = "name: chain\nnodes:\n";
  for (int i = 0; i < nodes; ++i) {
    text += fmt::format(
        "  - id: step-{}\n    type: transform\n    config:\n      expression: |\n        #{{ v: input.v + 1, w: "
        "input.w }}\n",
        i);
    if (i > 0) text += fmt::format("    depends_on: [step-{}]\n", i - 1);
  }
  return text;
}

// Layers of ten that all depend on the layer above, with templates, conditions and retries.
std::string layers(int nodes) {
  std::string text = "name: layers\nnodes:\n";
  for (int i = 0; i < nodes; ++i) {
    text += fmt::format(
        "  - id: node_{}\n    type: http\n    config:\n      url: \"https://example.com/{{{{ variables.base }}}}/{}\"\n"
        "      method: POST\n      headers: {{X-Step: \"{}\"}}\n      body: {{a: \"{{{{ input }}}}\", b: [1, 2, 3]}}\n"
        "    retry: {{max_attempts: 3, delay_seconds: 0.5}}\n    on_error: {{action: continue}}\n",
        i, i, i);
    if (i < 10) continue;
    text += fmt::format("    condition: nodes.node_{}.status == 200\n    depends_on: [", i - i % 10 - 10);
    for (int j = 0; j < 10; ++j) text += fmt::format("{}node_{}", j == 0 ? "" : ", ", i - i % 10 - 10 + j);
    text += "]\n";
  }
  return text + "variables: {base: x}\n";
}

// The same as JSON, as programs send it.
std::string chain_json(int nodes) {
  std::string text = R"({"name":"chain","nodes":[)";
  for (int i = 0; i < nodes; ++i) {
    text += fmt::format(
        R"({}{{"id":"step-{}","type":"transform","config":{{"expression":"#{{ v: input.v + 1, w: input.w }}"}})",
        i == 0 ? "" : ",", i);
    text += i == 0 ? "}" : fmt::format(R"(,"depends_on":["step-{}"]}})", i - 1);
  }
  return text + "]}";
}

// Every node is wrong: the slow way, which says where.
std::string broken(int nodes) {
  std::string text = "name: broken\nnodes:\n";
  for (int i = 0; i < nodes; ++i)
    text += fmt::format("  - id: n{}\n    type: set\n    config: {{values: {{a: \"{{{{ nope_{} }}}}\"}}}}\n", i, i);
  return text;
}

void run(benchmark::State& state, std::string (*make)(int), bool is_right) {
  const std::string text = make(static_cast<int>(state.range(0)));
  for (auto step : state) {
    const workflow::LoadResult result = workflow::load(text);
    if ((result.workflow != nullptr) != is_right) {
      state.SkipWithError(result.problems.empty() ? "loads" : result.problems.front().message.c_str());
      break;
    }
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}

BENCHMARK_CAPTURE(run, chain, chain, true)->Arg(10)->Arg(100)->Arg(1'000)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(run, chain_json, chain_json, true)->Arg(1'000)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(run, layers, layers, true)->Arg(10)->Arg(100)->Arg(1'000)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(run, broken, broken, false)->Arg(1'000)->Unit(benchmark::kMillisecond);

void check_input(benchmark::State& state) {
  const auto loaded = workflow::load(
      "name: t\ninput_schema:\n  type: object\n  required: [id, items]\n  properties:\n    id: {type: string, pattern: "
      "'^ORD-'}\n    items:\n      type: array\n      items: {type: object, required: [sku], properties: {sku: {type: "
      "string}, count: {type: integer, minimum: 1}}}\nnodes: [{id: a, type: debug}]\n");
  std::string input = R"({"id":"ORD-1","items":[)";
  for (int i = 0; i < 100; ++i) input += fmt::format(R"({}{{"sku":"A-{}","count":{}}})", i == 0 ? "" : ",", i, i + 1);
  input += "]}";
  for (auto step : state) {
    if (!workflow::check_input(*loaded.workflow, input)) state.SkipWithError("refused");
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(input.size()));
}
BENCHMARK(check_input)->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
