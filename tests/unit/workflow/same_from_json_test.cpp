#include <gtest/gtest.h>

#include "common/expr/json.hpp"
#include "common/workflow/source_reader.hpp"
#include "tests/unit/workflow/loading.hpp"

namespace r8r::workflow {
namespace {

// Everything but the places, which differ between the two forms.
std::vector<std::string> findings(std::string_view text) {
  const LoadResult result = load(text);
  std::vector<std::string> all;
  for (const auto* list : {&result.problems, &result.warnings, &result.not_run}) {
    for (const Problem& problem : *list) {
      if (problem.hint.find(" on line ") == std::string::npos)
        all.push_back(fmt::format("{}: {} ({})", problem.path, problem.message, problem.hint));
      else
        all.push_back(fmt::format("{}: {}", problem.path, problem.message));
    }
  }
  std::sort(all.begin(), all.end());
  return all;
}

const std::vector<std::string> kFiles = {
    R"(
name: all-fields
description: Everything at once
version: 1.2.3
triggers:
  - {type: manual}
  - type: webhook
    config: {path: "/a/{id}", method: [get, POST], header_filter: [{header: X-A, value: b}], dedupe: true}
inputs: {n: {type: float, default: 1.5}, s: {type: string, required: true}}
input_schema: {type: object, properties: {n: {minimum: 0}}, unevaluatedProperties: false}
variables: {rate: 1.0, yes: no}
settings: {timezone: Europe/Berlin, rate_limit: {limit: 1, per_seconds: 2.5, key: "{{ input.s }}"}}
nodes:
  - {id: a, type: transform, config: {expression: variables.rate * input.n}}
  - id: b
    type: set
    depends_on: a
    config: {values: {x: "{{ a }}", "y.z": ~}}
    retry: {initial_delay_ms: 5}
    on_error: {continue: true}
)",
    R"(
name: a b
versoin: 1
triggers: [{type: cronn}, 5, {type: webhook, path: "a b", signature: {scheme: x}, debounce: {wait_seconds: -1}}]
inputs: {n: integer, m: {type: strin, default: 5}, k: {requird: true}}
input_schema: {type: [objekt], minLength: x, $ref: "#/nowhere"}
depends_on_workflows: [5, {status: x}]
settings: {timeout_seconds: 0, debug: yes, timezone: Mars, error_workflow: "-", chunk_size: 1.5}
nodes:
  - {id: a, type: transfrom}
  - {id: a, type: set, config: {values: {x: "{{ nope }} {{ b.x }}"}}, depends_on: [c, d]}
  - {id: c, type: transform, config: {expression: "1 +"}, depends_on: d, retry: {backoff: fast}}
  - {id: d, type: http, config: {url: ftp://x, methd: GET, headers: {"a b": [1]}}, depends_on: c}
  - {id: e, type: wait, on_error: {action: fallback}, timeout_seconds: 100000, pool: "a b", condition: [1]}
  - 5
)"};

TEST(Json, TheSameStructureHasTheSameProblems) {
  for (const std::string& yaml : kFiles) {
    const ReadResult read = read_yaml(yaml);
    ASSERT_TRUE(read.root);
    const std::string json = expr::to_json(to_value(*read.root));
    EXPECT_EQ(findings(yaml), findings(json)) << json;
  }
  EXPECT_GT(findings(kFiles[1]).size(), 30u);
  EXPECT_EQ(problems_of(with_node_lines("")), "");
}

}  // namespace
}  // namespace r8r::workflow
