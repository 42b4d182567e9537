#include <cstddef>
#include <cstdint>

#include "tests/fuzz/targets.hpp"

// One program for each target: R8R_FUZZ_TARGET is its entry function.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  r8r::fuzz::R8R_FUZZ_TARGET({reinterpret_cast<const char*>(data), size});
  return 0;
}
