#include "allocations.hpp"

#include <cstdlib>
#include <new>

#include "harness.hpp"

namespace {
std::size_t taken_count = 0;
std::size_t taken_bytes = 0;
}  // namespace

void* operator new(std::size_t size) {
  ++taken_count;
  taken_bytes += size;
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

namespace r8r::expr::testing {

Allocations allocations_so_far() {
  return {taken_count, taken_bytes};
}

namespace {

/// What evaluating costs after the first time, with an input of `rows` rows.
Allocations cost_with(int rows, std::string_view text) {
  World world;
  std::string input = R"({"name":"Ann","order":{"id":17,"total":12.5},"rows":[)";
  for (int i = 0; i < rows; ++i)
    input += (i > 0 ? R"(,{"id":)" : R"({"id":)") + std::to_string(i) + R"(,"text":"0123456789"})";
  world.scope.set_input(World::json(input + "]}"));
  const auto compiled = Template::compile(text, world.options());
  EXPECT_TRUE(compiled.has_value());
  EvalContext context{world.scope};
  EXPECT_TRUE(compiled->evaluate(context).has_value());
  const Allocations before = allocations_so_far();
  const Result<Value> value = compiled->evaluate(context);
  const Allocations after = allocations_so_far();
  return {after.count - before.count, after.bytes - before.bytes};
}

TEST(Allocations, OfATemplateDoNotDependOnTheInput) {
  for (const std::string_view text : {"Dear {{ input.name }}, order {{ input.order.id }}: {{ input.order.total }} EUR",
                                      "{{ input.rows }}", "{{ input }}", "{{ input.rows.len() }}"}) {
    const Allocations small = cost_with(1, text);
    const Allocations large = cost_with(30'000, text);  // about 1 MB
    EXPECT_EQ(large.count, small.count) << text;
    EXPECT_LE(large.bytes, small.bytes + 16) << text;
    EXPECT_LE(large.bytes, 2'000u) << text;
  }
}

}  // namespace
}  // namespace r8r::expr::testing
