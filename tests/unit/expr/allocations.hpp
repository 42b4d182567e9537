#pragma once
#include <cstddef>

namespace r8r::expr::testing {

/// What this test program has taken from the heap so far.
struct Allocations {
  std::size_t count = 0;
  std::size_t bytes = 0;
};
Allocations allocations_so_far();

}  // namespace r8r::expr::testing
