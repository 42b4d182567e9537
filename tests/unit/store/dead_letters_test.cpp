#include "common/store/dead_letters.hpp"

#include <gmock/gmock.h>

#include "common/store/progress_batch.hpp"
#include "common/store/retention.hpp"
#include "tests/unit/store/store_test.hpp"

namespace r8r::store::test {
namespace {

using testing::ElementsAre;

class DeadLettersTest : public StoreTest {
 protected:
  DeadLettersTest() : incarnation(*loop.run(Leases(*pool).begin_incarnation("scheduler", 600s))) {}

  void end(Uuid id, const std::string& status, int run = 1) {
    ExecutionProgress progress{.id = id, .run = run, .ending = ending(status)};
    if (status == "failed") {
      progress.ending->output.reset();
      progress.ending->error = "The card was refused";
      progress.ending->error_node = "pay";
    }
    ASSERT_EQ(commit(queue, std::move(progress)), ProgressOutcome::committed);
  }
  Uuid failed() {
    const Uuid id = accept_all(accepts, 1).front();
    end(id, "failed");
    return id;
  }
  DeadLetter entry(Uuid id) {
    const auto found = loop.run(entries.find(id));
    EXPECT_TRUE(found && *found);
    return found && *found ? **found : DeadLetter();
  }
  std::vector<Uuid> ids(DeadLetterFilter filter, int limit = 100) {
    const auto page = loop.run(entries.page(std::move(filter), std::nullopt, limit));
    EXPECT_TRUE(page) << page.error().message;
    std::vector<Uuid> all;
    for (const DeadLetter& one : *page) all.push_back(one.execution_id);
    return all;
  }

  std::int64_t incarnation;
  AcceptQueue accepts{loop.io, commit_options()};
  ProgressQueue queue{loop.io, commit_options("writer"), incarnation};
  Executions executions{*pool};
  DeadLetters entries{*pool};
};

TEST_F(DeadLettersTest, AFailedExecutionHasOne) {
  const Uuid id = failed();
  const DeadLetter found = entry(id);
  EXPECT_EQ(found.workflow_name, "orders");
  EXPECT_EQ(found.trigger_type, "api");
  EXPECT_EQ(found.input, R"({"v":1})");
  EXPECT_EQ(found.error, "The card was refused");
  EXPECT_EQ(found.failed_node_id, "pay");
  EXPECT_EQ(found.status, "pending");
  EXPECT_EQ(found.run, 1);
  EXPECT_EQ(entry(found.id).execution_id, id);
}

TEST_F(DeadLettersTest, OthersHaveNone) {
  const std::vector<Uuid> all = accept_all(accepts, 2);
  end(all[0], "completed");
  end(all[1], "cancelled");
  EXPECT_EQ(count("dead_letters"), 0);
}

TEST_F(DeadLettersTest, OneThatCompletesCostsNoStatement) {
  ProgressItem item;
  item.progress = {.id = Uuid::v7(), .ending = ending("completed")};
  std::vector<CommitItem*> items{&item};
  std::vector<std::string> names;
  for (const Query& query : ProgressBatch(1, items).statements()) names.emplace_back(query.statement->name);
  EXPECT_THAT(names, ElementsAre("progress_lock", "progress_not_fenced", "progress_end"));
}

TEST_F(DeadLettersTest, TheRunThatFollowsResolvesItOrBringsItBack) {
  const Uuid well = failed();
  const Uuid badly = failed();
  const Uuid stopped = failed();
  for (const Uuid id : {well, badly, stopped}) {
    ASSERT_TRUE(*loop.run(executions.begin_again(id, 0)));
    EXPECT_FALSE(*loop.run(executions.begin_again(id, 0))) << "it lives already";
    EXPECT_EQ(entry(id).status, "scheduled");
    EXPECT_EQ(entry(id).retry_count, 1);
  }
  const Uuid its_own = entry(badly).id;
  end(well, "completed", 2);
  end(badly, "failed", 2);
  end(stopped, "cancelled", 2);
  EXPECT_EQ(entry(well).status, "resolved");
  EXPECT_EQ(entry(badly).status, "pending");
  EXPECT_EQ(entry(badly).run, 2);
  EXPECT_EQ(entry(badly).id, its_own);
  EXPECT_EQ(entry(stopped).status, "acknowledged");
  EXPECT_EQ(count("dead_letters"), 3);
}

TEST_F(DeadLettersTest, OfThoseWhoClaimWhatTheySawOneGetsIt) {
  const Uuid id = failed();
  const DeadLetter seen = entry(id);
  EXPECT_TRUE(*loop.run(entries.claim(seen.id, 0)));
  EXPECT_FALSE(*loop.run(entries.claim(seen.id, 0)));
  ASSERT_TRUE(*loop.run(executions.begin_again(id, 0)));
  EXPECT_EQ(entry(id).retry_count, 1) << "counted once";
  ASSERT_TRUE(loop.run(entries.give_back(seen.id, 0)));
  EXPECT_EQ(entry(id).status, "scheduled") << "it lives";
  end(id, "failed", 2);
  EXPECT_FALSE(*loop.run(entries.claim(seen.id, 0))) << "what was seen is not true any more";
  EXPECT_TRUE(*loop.run(entries.claim(seen.id, 1)));
  ASSERT_TRUE(loop.run(entries.give_back(seen.id, 1)));
  EXPECT_EQ(entry(id).status, "pending");
  EXPECT_EQ(entry(id).retry_count, 1);
}

TEST_F(DeadLettersTest, OneWhoseRetryNeverCameAboutIsPendingAgain) {
  const Uuid id = failed();
  ASSERT_TRUE(*loop.run(entries.claim(entry(id).id, 0)));
  ASSERT_TRUE(loop.run(Retention(*pool).run({}, wall_now())));
  EXPECT_EQ(entry(id).status, "scheduled");
  execute("update dead_letters set updated_at = now() - interval '6 minutes'");
  ASSERT_TRUE(loop.run(Retention(*pool).run({}, wall_now())));
  EXPECT_EQ(entry(id).status, "pending");
}

TEST_F(DeadLettersTest, OnlyPendingOnesAreDiscarded) {
  const Uuid id = failed();
  EXPECT_TRUE(*loop.run(entries.discard(entry(id).id)));
  EXPECT_EQ(entry(id).status, "discarded");
  EXPECT_FALSE(*loop.run(entries.discard(entry(id).id)));
  const Uuid other = failed();
  ASSERT_TRUE(*loop.run(executions.begin_again(other, 0)));
  EXPECT_FALSE(*loop.run(entries.discard(entry(other).id)));
  EXPECT_EQ(entry(other).status, "scheduled");
}

TEST_F(DeadLettersTest, PagesAreNewestFirstAndFiltered) {
  std::vector<Uuid> all;
  for (int i = 0; i < 5; ++i) all.insert(all.begin(), failed());
  EXPECT_EQ(ids({}), all);
  EXPECT_EQ(ids({.status = "resolved"}), std::vector<Uuid>());
  EXPECT_EQ(ids({.workflow = "orders"}), all);
  EXPECT_EQ(ids({.workflow = "other"}), std::vector<Uuid>());
  EXPECT_EQ(ids({.error = "CARD"}), all);
  EXPECT_EQ(ids({.error = "%"}), std::vector<Uuid>()) << "text, not a pattern";
  EXPECT_EQ(ids({.since = wall_now() + 1h}), std::vector<Uuid>());
  EXPECT_EQ(ids({.since = wall_now() - 1h}), all);
  std::vector<Uuid> seen;
  std::optional<DeadLetterPosition> after;
  while (true) {
    const auto page = loop.run(entries.page({}, after, 2));
    ASSERT_TRUE(page) << page.error().message;
    if (page->empty()) break;
    for (const DeadLetter& one : *page) seen.push_back(one.execution_id);
    after = DeadLetterPosition{page->back().created_at, page->back().id};
  }
  EXPECT_EQ(seen, all);
  const auto stats = loop.run(entries.stats());
  EXPECT_EQ(stats->pending, 5);
  EXPECT_EQ(stats->resolved, 0);
}

TEST_F(DeadLettersTest, TheyGoWithTheirExecutions) {
  const Uuid id = failed();
  execute("delete from executions");
  ASSERT_TRUE(loop.run(Retention(*pool).run({}, wall_now())));
  EXPECT_FALSE(*loop.run(entries.find(id)));
}

}  // namespace
}  // namespace r8r::store::test
