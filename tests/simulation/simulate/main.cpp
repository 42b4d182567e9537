// Plays clusters, one seed after another, until enough executions have run or one breaks a promise.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>

#include "common/base/log.hpp"
#include "tests/simulation/cluster/samples.hpp"

int main(int argc, char** argv) {
  using namespace r8r;
  std::uint64_t first = 1;
  std::uint64_t seeds = 100;
  int executions = 100;
  std::string bug_name;
  CLI::App app(
      "Plays simulated clusters under faults and checks the engine's promises. The same seed gives the same history.");
  app.add_option("--first", first, "the first seed")->capture_default_str();
  app.add_option("--seeds", seeds, "how many seeds, one cluster each")->capture_default_str();
  app.add_option("--executions", executions, "executions in each cluster")->capture_default_str();
  app.add_option("--bug", bug_name, "with this mistake put in, which should be noticed");
  CLI11_PARSE(app, argc, argv);

  sim::Bug bug = sim::Bug::none;
  for (const sim::NamedBug& known : sim::kBugs) {
    if (known.name == bug_name) bug = known.bug;
  }
  if (!bug_name.empty() && bug == sim::Bug::none) {
    fmt::print(stderr, "no such bug: {}; known are:", bug_name);
    for (const sim::NamedBug& known : sim::kBugs) fmt::print(stderr, " {}", known.name);
    fmt::print(stderr, "\n");
    return 2;
  }
  log::configure("simulate", log::Level::none, log::Format::text);

  const auto began = std::chrono::steady_clock::now();
  auto told = began;
  std::size_t run = 0, steps = 0, calls = 0, repeated = 0, kills = 0;
  const auto say = [&](std::uint64_t seed) {
    const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    fmt::print(
        "seed {}: {} executions, {:.0f}/s; {} steps, {} processes killed, {} calls outside, {} of them repeated\n",
        seed, run, static_cast<double>(run) / took, steps, kills, calls, repeated);
    std::fflush(stdout);
  };
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    const std::vector<sim::Sample> samples = sim::make_samples(seed);
    const sim::Verdict verdict = sim::play({.seed = seed, .executions = executions, .bug = bug}, samples);
    run += verdict.executions;
    steps += verdict.steps;
    calls += verdict.effect_calls;
    repeated += verdict.repeated_calls;
    kills += verdict.kills;
    if (!verdict.broken.empty()) {
      say(seed);
      fmt::print("seed {} breaks {} promises:\n", seed, verdict.broken.size());
      for (std::size_t i = 0; i < verdict.broken.size() && i < 20; ++i) fmt::print("  {}\n", verdict.broken[i]);
      return 1;
    }
    if (const auto now = std::chrono::steady_clock::now(); now - told > std::chrono::seconds(10)) {
      told = now;
      say(seed);
    }
  }
  say(first + seeds - 1);
  return 0;
}
