#include "tests/fault/load.hpp"

#include <array>

namespace r8r::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Kind {
  const char* name;
  const char* yaml;
};

constexpr std::array kKinds = {
    Kind{"chain", R"(
name: chain
nodes:
  - {id: a, type: transform, config: {expression: '#{ n: input.n + 1 }'}}
  - {id: b, type: transform, depends_on: a, config: {expression: '#{ n: input.n + 1 }'}}
)"},
    Kind{"pair", R"(
name: pair
nodes:
  - id: first
    type: http
    config: {url: '{{ input.url }}/pair/first/{{ input.n }}', method: POST, body: {n: '{{ input.n }}'}, timeout_seconds: 10}
    retry: {max_attempts: 20, delay_seconds: 0.2}
  - id: second
    type: http
    depends_on: first
    config: {url: '{{ execution.correlation_id }}/pair/second/{{ input.body.n }}', method: POST, body: {n: '{{ input.body.n }}'}, timeout_seconds: 10}
    retry: {max_attempts: 20, delay_seconds: 0.2}
  - {id: last, type: transform, depends_on: second, config: {expression: '#{ n: input.body.n }'}}
)"},
    Kind{"fan", R"(
name: fan
nodes:
  - id: calls
    type: http
    for_each: '[1, 2, 3]'
    config: {url: '{{ execution.correlation_id }}/fan/calls/{{ item }}', method: POST, body: {item: '{{ item }}'}, timeout_seconds: 10}
    retry: {max_attempts: 20, delay_seconds: 0.2}
  - {id: pure, type: transform, for_each: '[1, 2, 3, 4]', config: {expression: 'item * 2'}}
  - {id: join, type: transform, depends_on: [calls, pure], config: {expression: '#{ items: input.calls.map(|c| c.body.item), doubled: input.pure }'}}
)"},
    Kind{"flaky", R"(
name: flaky
nodes:
  - id: call
    type: http
    config: {url: '{{ input.url }}/flaky/call/{{ input.n }}', method: POST, body: {n: '{{ input.n }}'}, timeout_seconds: 10}
    retry: {max_attempts: 20, delay_seconds: 0.3, backoff: linear, max_delay_seconds: 1}
  - {id: last, type: transform, depends_on: call, config: {expression: '#{ n: input.body.n }'}}
)"},
    Kind{"waits", R"(
name: waits
nodes:
  - {id: first, type: transform, config: {expression: '#{ n: input.n }'}}
  - {id: short, type: wait, depends_on: first, config: {milliseconds: 50}}
  - {id: long, type: wait, depends_on: first, config: {seconds: 3}}
  - {id: last, type: transform, depends_on: [short, long], config: {expression: '#{ n: nodes.first.n }'}}
)"},
    Kind{"parent", R"(
name: parent
nodes:
  - {id: kid, type: subworkflow, config: {workflow: pair}}
  - {id: last, type: transform, depends_on: kid, config: {expression: '#{ n: input.n }'}}
)"},
    Kind{"asks", R"(
name: asks
nodes:
  - {id: first, type: transform, config: {expression: input}}
  - {id: ask, type: approval, depends_on: first, config: {title: go on, timeout_seconds: 2, default_action: approve}}
  - {id: last, type: transform, depends_on: ask, config: {expression: '#{ n: nodes.first.n, status: input.status }'}}
)"},
    Kind{"limited", R"(
name: limited
settings: {max_concurrent_executions: 3}
nodes:
  - {id: pause, type: wait, config: {milliseconds: 50}}
  - {id: last, type: transform, depends_on: pause, config: {expression: '#{ n: input.input.n }'}}
)"},
    Kind{"heard", R"(
name: heard
triggers: [{type: event, event: load.made}]
nodes:
  - {id: last, type: transform, config: {expression: '#{ n: input.data.n }'}}
)"},
};

// Not asked for: each end of a chain starts one.
constexpr const char* kAfterChain = R"(
name: after-chain
depends_on_workflows: [chain]
nodes:
  - {id: a, type: transform, config: {expression: input.upstream.chain.n}}
)";

}  // namespace

void Load::create_workflows(Stack& stack) {
  for (const Kind& kind : kKinds) stack.create(kind.yaml);
  stack.create(kAfterChain);
}

Json Load::expected(const Promise& promise) {
  if (promise.workflow == "chain") return {{"n", promise.n + 2}};
  if (promise.workflow == "fan") return {{"items", {1, 2, 3}}, {"doubled", {2, 4, 6, 8}}};
  if (promise.workflow == "asks") return {{"n", promise.n}, {"status", "approved"}};
  return {{"n", promise.n}};
}

namespace {

// The id of the execution that an answer promised, or empty.
std::string promised_by(const HttpAnswer& answer) {
  const Json json = answer.json();
  if (answer.status == 200 && json.contains("triggered"))
    return json["triggered"].empty() ? "" : json["triggered"][0].value("execution_id", "");
  if (answer.status == 202 || answer.status == 200) return json.value("execution_id", "");
  // 504: it goes on. 409: an answer of before was lost, and the key leads to it.
  if (answer.status == 504 || answer.status == 409) return json["error"].value("execution_id", "");
  return "";
}

}  // namespace

Load::Load(Stack& stack, std::string outside, int clients) : stack_(stack), outside_(std::move(outside)) {
  for (int client = 0; client < clients; ++client) clients_.emplace_back([this, client] { run(client); });
}

void Load::run(int client) {
  for (int i = 0; !stop_; ++i) start_one(client, i);
}

void Load::start_one(int client, int i) {
  const Kind& kind = kKinds[static_cast<std::size_t>(i) % kKinds.size()];
  const int n = client * 1'000'000 + i;
  Json body{{"input", {{"n", n}, {"url", outside_}}},
            {"wait", i % 2 == 0},
            {"timeout_seconds", 20},
            {"correlation_id", outside_}};
  const bool keyed = i % 7 == 0;
  if (keyed) body["idempotency_key"] = "load-" + std::to_string(n);
  std::string path = std::string("/api/workflows/") + kind.name + "/execute";
  if (kind.name == std::string_view("heard")) {
    path = "/api/events/publish";
    body = {{"event", "load.made"}, {"data", {{"n", n}}}};
  }
  const int apis = 2;
  for (int tries = 0; tries < 50 && !stop_; ++tries) {
    const HttpAnswer answer = call({.method = "POST",
                                    .url = stack_.url((i + tries) % apis) + path,
                                    .body = body.dump(),
                                    .headers = {},
                                    .timeout = seconds(25)});
    const std::string promised = promised_by(answer);
    if (!promised.empty()) {
      const std::lock_guard lock(mutex_);
      promises_.push_back({promised, kind.name, n});
      const Json json = answer.json();
      if (json.value("status", "") == "completed") answers_.push_back(json);
      return;
    }
    // Refused or cut off: nothing was promised. Not in a hot loop.
    give_way(milliseconds(50));
    if (!keyed) return;
  }
}

void Load::stop() {
  stop_ = true;
  for (std::thread& client : clients_) client.join();
  clients_.clear();
}

std::vector<Promise> Load::promises() {
  const std::lock_guard lock(mutex_);
  return promises_;
}

std::vector<Json> Load::answers() {
  const std::lock_guard lock(mutex_);
  return answers_;
}

}  // namespace r8r::test
