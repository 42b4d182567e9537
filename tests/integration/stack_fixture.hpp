#pragma once
#include <gtest/gtest.h>

#include "tests/support/stack.hpp"

namespace r8r::test {

/// One stack for all tests of a program; tests use workflows of their own names.
class StackTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (stack_ != nullptr) return;
    stack_ = new Stack();
    stack_->start();
  }
  static void TearDownTestSuite() {
    delete stack_;
    stack_ = nullptr;
  }
  void SetUp() override {
    if (HasFatalFailure()) GTEST_FAIL() << "no stack";
  }
  static Stack& stack() { return *stack_; }

 private:
  static inline Stack* stack_ = nullptr;
};

}  // namespace r8r::test
