#include "allocations.hpp"
#include "common/expr/parser.hpp"
#include "harness.hpp"
#include "sketch.hpp"

// Laws that hold for every program, tried with random ones.
namespace r8r::expr::testing {
namespace {

TEST(Properties, WhatIsWrittenIsParsedAsMeant) {
  for_seeds(4'000, [](Random& random) {
    const Sketch sketch = random_script(random, 5 + static_cast<int>(random.below(80)));
    const std::string source = source_of(sketch);
    const auto tokens = tokenize(source, 0, false);
    ASSERT_TRUE(tokens.has_value()) << source;
    ParseOptions options;
    options.is_known_name = [](std::string_view) { return false; };
    const auto tree = parse(source, tokens->tokens, options);
    ASSERT_TRUE(tree.has_value()) << source << "\n" << tree.error().message << " at " << tree.error().offset;
    ASSERT_EQ(shape_of(*tree->main->body), shape_of(sketch)) << source;
  });
}

TEST(Properties, ProgramsKeepWithinTheirLimits) {
  World world;
  world.limits.operations = 5'000;
  world.limits.bytes = 32 * 1024;
  world.limits.elements = 5'000;
  world.limits.depth = 16;
  world.scope.set_item(World::json("[1,2,3]"), 0);
  for_seeds(20'000, [&](Random& random) {
    const std::string source = source_of(random_script(random, 5 + static_cast<int>(random.below(60))));
    const auto program = Program::compile(source, world.options());
    if (!program) return;
    std::string log;
    EvalContext context{world.scope, world.limits, {}, 1, &log};
    const std::size_t before = allocations_so_far().bytes;
    const Result<Value> value = evaluate(*program, context);
    // A budget of operations is one of memory: nothing takes more than this per operation.
    ASSERT_LE(allocations_so_far().bytes - before, 512 * 1024 + 1'000 * 5'000u) << source;
    ASSERT_LE(log.size(), kLogBytes);
    if (!value) {
      ASSERT_FALSE(value.error().message.empty()) << source;
      return;
    }
    ASSERT_LE(value->measure().height, 128u) << source;
    ASSERT_LE(value->measure().weight, world.limits.bytes * 8) << source;
    // The same program in the same surroundings gives the same.
    EvalContext again{world.scope, world.limits, {}, 1, nullptr};
    ASSERT_EQ(to_json(*evaluate(*program, again)), to_json(*value)) << source;
  });
}

}  // namespace
}  // namespace r8r::expr::testing
