#include <gtest/gtest.h>

#include "tests/conformance/case.hpp"

namespace r8r::conformance {
namespace {

class Conformance : public testing::TestWithParam<std::string> {};

TEST_P(Conformance, Case) {
  const std::string wrong = check_case(GetParam());
  if (!wrong.empty()) ADD_FAILURE() << "tests/conformance/" << GetParam() << '\n' << wrong;
}

INSTANTIATE_TEST_SUITE_P(Files, Conformance, testing::ValuesIn(case_names()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace r8r::conformance
