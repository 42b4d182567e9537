#include <gtest/gtest.h>

#include "tests/unit/workflow/loading.hpp"

namespace r8r::workflow {
namespace {

using std::chrono::milliseconds;

RetryPolicy retry_of(std::string_view fields) {
  return must_load(with_node_lines(fmt::format("    retry: {{{}}}\n", fields)))->nodes[0].retry;
}

TEST(Retry, WithoutTheFieldThereIsOneAttempt) {
  EXPECT_EQ(must_load(with_node_lines(""))->nodes[0].retry.max_attempts, 1);
}

TEST(Retry, DefaultsAreThreeAttemptsASecondApart) {
  const RetryPolicy retry = retry_of("");
  EXPECT_EQ(retry.max_attempts, 3);
  EXPECT_EQ(retry.delay, milliseconds(1'000));
  EXPECT_EQ(retry.backoff, Backoff::fixed);
  EXPECT_FALSE(retry.jitter);
  EXPECT_FALSE(retry.all_errors);
}

TEST(Retry, EveryFieldIsRead) {
  const RetryPolicy retry = retry_of(
      "max_attempts: 7, delay_seconds: 0.25, backoff: exponential, max_delay_seconds: 30, jitter: true, retry_on: all");
  EXPECT_EQ(retry.max_attempts, 7);
  EXPECT_EQ(retry.delay, milliseconds(250));
  EXPECT_EQ(retry.backoff, Backoff::exponential);
  EXPECT_EQ(retry.max_delay, milliseconds(30'000));
  EXPECT_TRUE(retry.jitter);
  EXPECT_TRUE(retry.all_errors);
  EXPECT_EQ(retry_of("initial_delay_ms: 1500, backoff: linear").delay, milliseconds(1'500));
}

TEST(Retry, BoundsAreChecked) {
  EXPECT_EQ(problems_of(with_node_lines(
                "    retry: {max_attempts: 101, delay_seconds: -1, backoff: expo, jitter: 1, retry_on: some}\n")),
            "6:27 nodes[0].retry.max_attempts: 'max_attempts' must be an integer from 1 to 100, not '101'\n"
            "6:47 nodes[0].retry.delay_seconds: 'delay_seconds' must be a number from 0 to 2592000, not '-1'\n"
            "6:60 nodes[0].retry.backoff: 'backoff' must be one of fixed, linear, exponential, not 'expo'\n"
            "6:74 nodes[0].retry.jitter: 'jitter' must be true or false, not '1'\n"
            "6:87 nodes[0].retry.retry_on: 'retry_on' must be one of transient, all, not 'some'\n");
  EXPECT_NE(problems_of(with_node_lines("    retry: {delay_seconds: 1, initial_delay_ms: 5}\n"))
                .find("two names of one field"),
            std::string::npos);
  EXPECT_NE(problems_of(with_node_lines("    retry: {max_attempts: 2.5}\n")).find("must be an integer"),
            std::string::npos);
}

Node on_error_of(std::string_view fields) {
  return must_load(with_node_lines(fmt::format("    on_error: {{{}}}\n", fields)))->nodes[0];
}

TEST(OnError, ActionsAreRead) {
  EXPECT_EQ(must_load(with_node_lines(""))->nodes[0].on_error, OnError::fail);
  EXPECT_EQ(on_error_of("action: fail").on_error, OnError::fail);
  EXPECT_EQ(on_error_of("action: continue").on_error, OnError::use_null);
  EXPECT_EQ(on_error_of("action: skip").on_error, OnError::use_null);
  EXPECT_EQ(on_error_of("continue: true").on_error, OnError::use_null);
  EXPECT_EQ(on_error_of("continue: false").on_error, OnError::fail);
}

TEST(OnError, AFallbackValueMayBeAnyJsonNullIncluded) {
  for (const std::string value : {"5", "null", "~", "[1, {a: b}]", "'{{ error.message }}'", "{x: '{{ input }}'}"}) {
    const Node node = on_error_of("action: fallback, fallback_value: " + value);
    EXPECT_EQ(node.on_error, OnError::use_fallback) << value;
    EXPECT_TRUE(node.fallback_value.has_value()) << value;
  }
  EXPECT_EQ(on_error_of("fallback_value: 1").on_error, OnError::use_fallback);
}

TEST(OnError, ContradictionsAreProblems) {
  EXPECT_EQ(
      problems_of(with_node_lines("    on_error: {action: fallback}\n")),
      "6:15 nodes[0].on_error.fallback_value: 'action: fallback' needs a 'fallback_value' or a 'fallback_node'\n");
  EXPECT_EQ(problems_of(with_node_lines("    on_error: {action: continue, fallback_value: 5}\n")),
            "6:50 nodes[0].on_error.fallback_value: 'fallback_value' has no effect with 'action: continue' (write "
            "action: fallback, or "
            "remove it)\n");
  EXPECT_EQ(problems_of(with_node_lines("    on_error: {action: fail, continue: true}\n")),
            "6:40 nodes[0].on_error.continue: 'continue: true' contradicts 'action: fail' (give one of them)\n");
  EXPECT_EQ(problems_of(with_node_lines("    on_error: {action: ignore}\n")),
            "6:24 nodes[0].on_error.action: 'action' must be one of fail, continue, skip, fallback, not 'ignore'\n");
  EXPECT_EQ(problems_of(with_node_lines("    on_error: continue\n")),
            "6:15 nodes[0].on_error: 'on_error' must be a map (write on_error: {action: continue})\n");
}

TEST(OnError, TheErrorIsOnlyInScopeOfTheFallback) {
  EXPECT_NE(problems_of(with_head("nodes: [{id: a, type: set, config: {values: {x: '{{ error.message }}'}}}]\n"))
                .find("unknown name 'error'"),
            std::string::npos);
}

TEST(NodeTimeout, HasBounds) {
  EXPECT_NE(problems_of(with_node_lines("    timeout_seconds: 0\n")).find("must be a number from 1 to 86400"),
            std::string::npos);
  EXPECT_NE(problems_of(with_node_lines("    timeout_seconds: 86401\n")).find("must be a number from 1 to 86400"),
            std::string::npos);
  EXPECT_EQ(must_load(with_node_lines("    timeout_seconds: 1.5\n"))->nodes[0].timeout, milliseconds(1'500));
}

}  // namespace
}  // namespace r8r::workflow
