#include "tests/simulation/cluster/samples.hpp"

#include <fmt/format.h>

#include <array>

#include "tests/simulation/play/play.hpp"
#include "tests/simulation/play/random_workflow.hpp"

namespace r8r::sim {
namespace {

using Traits = RandomWorkflow::Traits;

struct Kind {
  enum class Ends { well, failed, late } ends = Ends::well;
  Traits traits;
};

/// That the others call, so it is made first.
constexpr std::size_t kCalled = 4;

std::vector<Kind> kinds() {
  const std::string called = fmt::format("s{}", kCalled);
  const Traits everything{.child = called, .asks = true};
  std::vector<Kind> all(8, Kind{.traits = everything});
  all[2].traits = {.settings = "max_concurrent_executions: 5", .asks = true};
  all[3].ends = Kind::Ends::failed;
  all[3].traits.settings = fmt::format("error_workflow: {}", called);
  all[kCalled].traits = {.settings = "max_concurrent_executions: 8", .long_waits = false};
  all[5].ends = Kind::Ends::late;
  all[5].traits.settings = "timeout_seconds: 300";
  all[6].traits.settings = "enable_checkpoints: false";
  all[7].ends = Kind::Ends::failed;
  return all;
}

Sample make_sample(std::size_t number, const Kind& kind, std::uint64_t seed, const Sample& called) {
  Sample sample;
  sample.name = fmt::format("s{}", number);
  sample.id.bytes[0] = 1;
  sample.id.bytes[15] = static_cast<std::uint8_t>(number);
  RandomWorkflow random(seed * 1'000 + number, kind.traits);
  sample.yaml = kind.ends == Kind::Ends::failed ? random.failing_text()
                : kind.ends == Kind::Ends::late ? random.late_text()
                                                : random.text();
  Play play(sample.yaml, R"({"v": 1})");
  play.effects([](const Play::Effect& effect) { return Effects::answer(effect.url, effect.attempt); });
  play.children([&](const Play::Child&) -> engine::ChildEnd {
    return {.status = called.status, .output = called.output, .error = called.error};
  });
  play.run();
  sample.workflow = play.machine().shared_workflow();
  sample.status = play.status();
  sample.output = play.output();
  sample.error = play.error();
  return sample;
}

}  // namespace

std::vector<Sample> make_samples(std::uint64_t seed) {
  const std::vector<Kind> all = kinds();
  const Sample called = make_sample(kCalled, all[kCalled], seed, {});
  std::vector<Sample> samples;
  for (std::size_t i = 0; i < all.size(); ++i)
    samples.push_back(i == kCalled ? called : make_sample(i, all[i], seed, called));
  return samples;
}

}  // namespace r8r::sim
