#include <gtest/gtest.h>

#include <set>

#include "services/worker/segment_run.hpp"

namespace r8r::worker {
namespace {

bus::Task call() {
  return {.execution_id = *Uuid::parse("0199a1b2-c3d4-7e5f-8a6b-0123456789ab"), .node_ids = {"call"}, .effect = true};
}

TEST(IdempotencyKey, NamesTheAttempt) {
  EXPECT_EQ(idempotency_key(call()), "0199a1b2-c3d4-7e5f-8a6b-0123456789ab:call:1");
}

TEST(IdempotencyKey, IsTheSameHoweverTheAttemptIsSent) {
  bus::Task again = call();
  again.dispatch_id = 7;
  again.epoch = 3;
  EXPECT_EQ(idempotency_key(again), idempotency_key(call()));
}

TEST(IdempotencyKey, IsAnotherForEachAttemptItemRunAndPlace) {
  std::set<std::string> keys = {idempotency_key(call())};
  bus::Task attempt = call();
  attempt.attempt = 2;
  keys.insert(idempotency_key(attempt));
  bus::Task run = call();
  run.run = 2;
  keys.insert(idempotency_key(run));
  for (const int item : {0, 1}) {
    bus::Task task = call();
    task.item_count = 2;
    task.item_index = item;
    keys.insert(idempotency_key(task));
  }
  for (const char* place : {"first", "second"}) {
    bus::Task task = call();
    task.in_place_of = place;
    keys.insert(idempotency_key(task));
  }
  EXPECT_EQ(keys.size(), 7u);
}

}  // namespace
}  // namespace r8r::worker
