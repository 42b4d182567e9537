#include "tests/simulation/cluster/samples.hpp"

#include "tests/simulation/play/play.hpp"
#include "tests/simulation/play/random_workflow.hpp"

namespace r8r::sim {

std::vector<Sample> make_samples(std::uint64_t seed, int count) {
  std::vector<Sample> samples;
  for (int i = 0; i < count; ++i) {
    Sample sample;
    RandomWorkflow random(seed * 1'000 + static_cast<std::uint64_t>(i));
    sample.yaml = i % 4 == 3 ? random.failing_text() : random.text();
    Play play(sample.yaml, R"({"v": 1})");
    play.effects([](const Play::Effect& effect) { return Effects::answer(effect.url, effect.attempt); });
    play.run();
    sample.id.bytes[0] = 1;
    sample.id.bytes[15] = static_cast<std::uint8_t>(i);
    sample.workflow = play.machine().shared_workflow();
    sample.status = play.status();
    sample.output = play.output();
    sample.error = play.error();
    samples.push_back(std::move(sample));
  }
  return samples;
}

}  // namespace r8r::sim
