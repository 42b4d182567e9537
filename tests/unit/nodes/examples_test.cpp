#include <gtest/gtest.h>

#include "tests/unit/nodes/running.hpp"

namespace r8r::nodes {
namespace {

TEST(ExampleRuns, Hello) {
  EXPECT_EQ(run_file("examples/hello.yaml", R"({"name": " Ada "})"), R"({"greeting":"Hello, Ada!","length":11})");
  EXPECT_EQ(run_file("examples/hello.yaml", "{}"), R"({"greeting":"Hello, world!","length":13})");
}

TEST(ExampleRuns, Diamond) {
  EXPECT_EQ(run_file("examples/diamond.yaml", R"({"numbers": [3, 1, 2]})"), R"({"total":60,"largest":30,"count":3})");
}

TEST(ExampleRuns, Orders) {
  EXPECT_EQ(run_file("examples/orders.yaml", "{}"), R"({"total":112})");
  EXPECT_EQ(run_file("examples/orders.yaml", R"({"lines": [{"price": 2, "count": 2}]})"), R"({"total":4})");
  EXPECT_EQ(run_file("examples/orders.yaml", R"({"lines": [{"price": 2000, "count": 1}]})"),
            R"({"needs":"a person","total":2000})");
}

TEST(ExampleRuns, WebhookEcho) {
  EXPECT_EQ(run_file("examples/webhook-echo.yaml", R"({"ping": 1})"),
            R"({"echo":{"ping":1},"method":"none","execution_id":"exec-1"})");
}

TEST(ExampleRuns, Chain5) {
  EXPECT_EQ(run_file("bench/workflows/chain5.yaml", R"({"v": 1})"), R"({"v":6})");
}

}  // namespace
}  // namespace r8r::nodes
