#include "common/store/execution_list.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "tests/unit/store/store_test.hpp"

namespace r8r::store::test {
namespace {

struct Row {
  std::string workflow = "orders";
  std::string status = "completed";
  std::string trigger = "api";
  std::string correlation = {};  // empty: its own id
  std::string key = {};
  int run = 1;
  std::string output = "{}";
};

class ExecutionListTest : public StoreTest {
 protected:
  // The n-th execution of this test: ids and starts grow with n.
  static Uuid id_of(int n) { return *Uuid::parse(fmt::format("01990000-{:04x}-7000-8000-000000000000", n)); }
  static Timestamp start_of(int n) { return from_unix_us(1'700'000'000'000'000 + n * 1'000'000LL); }

  void ended(int n, const Row& row = {}) {
    const std::string id = id_of(n).to_string();
    execute(fmt::format(
        "insert into executions values ('{0}', {1}, '{0}', 2, '{2}', '{3}', '{4}', 'api', '{{\"n\":{5}}}', null, "
        "'{6}', {7}, "
        "null, {8}, {8}, {8} + interval '1 second', '{9}', null, null, '[]')",
        id, row.run, row.workflow, row.status, row.trigger, n, row.correlation.empty() ? id : row.correlation,
        row.key.empty() ? "null" : "'" + row.key + "'", time_text(start_of(n)), row.output));
  }
  void live(int n, const Row& row = {}) {
    const std::string id = id_of(n).to_string();
    const bool pending = row.status == "pending";
    execute(
        fmt::format("insert into live_executions values ('{0}', {1}, 0, '{0}', 2, '{2}', '{3}', '{4}', 'api', "
                    "'{{}}', null, '{0}', null, null, {5}, {6})",
                    id, row.run, row.workflow, row.status, row.trigger, time_text(start_of(n)),
                    pending ? "null" : time_text(start_of(n))));
  }
  static std::string time_text(Timestamp time) { return fmt::format("'{}'::timestamptz", to_rfc3339(time)); }

  std::vector<Uuid> ids(ListFilter filter, int limit = 100, int offset = 0) {
    std::vector<Uuid> found;
    const auto page = loop.run(list.page(std::move(filter), std::nullopt, limit, offset));
    EXPECT_TRUE(page) << page.error().message;
    if (!page) return found;
    for (const ExecutionSummary& execution : *page) found.push_back(execution.id);
    return found;
  }
  static std::vector<Uuid> these(std::initializer_list<int> numbers) {
    std::vector<Uuid> all;
    for (const int n : numbers) all.push_back(id_of(n));
    return all;
  }

  ExecutionList list{*pool};
};

TEST_F(ExecutionListTest, LiveAndEndedOnesComeTogetherNewestFirst) {
  ended(1);
  live(2, {.status = "running"});
  ended(3, {.status = "failed"});
  live(4, {.status = "pending"});
  EXPECT_EQ(ids({}), these({4, 3, 2, 1}));
  EXPECT_EQ(ids({}, 2, 1), these({3, 2}));

  const auto page = loop.run(list.page({}, std::nullopt, 4));
  ASSERT_TRUE(page);
  const ExecutionSummary& pending = (*page)[0];
  EXPECT_EQ(pending.status, "pending");
  EXPECT_EQ(pending.started_at, start_of(4));
  EXPECT_FALSE(pending.finished_at);
  const ExecutionSummary& failed = (*page)[1];
  EXPECT_EQ(failed.workflow_version, 2);
  EXPECT_EQ(failed.workflow_name, "orders");
  EXPECT_EQ(failed.finished_at, start_of(3) + std::chrono::seconds(1));
  EXPECT_EQ(failed.correlation_id, id_of(3).to_string());
}

TEST_F(ExecutionListTest, PagesHoldEachOnceWhateverComesMeanwhile) {
  std::vector<Uuid> wanted;
  for (int n = 40; n >= 1; --n) {
    n % 3 == 0 ? live(n, {.status = "running"}) : ended(n);
    wanted.push_back(id_of(n));
  }
  std::vector<Uuid> seen;
  std::optional<ListPosition> after;
  for (int newer = 100; true; ++newer) {
    const auto page = loop.run(list.page({}, after, 7));
    ASSERT_TRUE(page);
    if (page->empty()) break;
    for (const ExecutionSummary& execution : *page) seen.push_back(execution.id);
    after = ListPosition{page->back().started_at, page->back().id};
    ended(newer);
  }
  EXPECT_EQ(seen, wanted);
}

TEST_F(ExecutionListTest, FiltersNarrowTheList) {
  ended(1, {.workflow = "a", .trigger = "event:order.created"});
  ended(2, {.workflow = "b", .status = "failed", .correlation = "mine", .key = "k"});
  ended(3, {.workflow = "a", .status = "cancelled", .output = R"({"note":"100% Done"})"});
  live(4, {.workflow = "a", .status = "paused"});
  live(5, {.workflow = "b", .status = "running", .trigger = "event"});

  EXPECT_EQ(ids({.workflow = "a"}), these({4, 3, 1}));
  EXPECT_EQ(ids({.workflow = "a", .statuses = {"cancelled", "failed"}}), these({3}));
  EXPECT_EQ(ids({.statuses = {"failed", "cancelled"}}), these({3, 2}));
  EXPECT_EQ(ids({.statuses = {"completed"}}), these({1}));
  EXPECT_EQ(ids({.statuses = {"running", "paused"}}), these({5, 4}));
  EXPECT_EQ(ids({.workflow = "a", .statuses = {"paused"}}), these({4}));
  EXPECT_EQ(ids({.statuses = {"paused", "failed"}}), these({4, 2}));
  EXPECT_EQ(ids({.trigger = "event"}), these({5, 1}));
  EXPECT_EQ(ids({.trigger = "event:order.created"}), these({1}));
  EXPECT_EQ(ids({.correlation_id = "mine"}), these({2}));
  EXPECT_EQ(ids({.correlation_id = id_of(3).to_string()}), these({3}));
  EXPECT_EQ(ids({.correlation_id = id_of(4).to_string()}), these({4}));
  EXPECT_EQ(ids({.idempotency_key = "k"}), these({2}));
  EXPECT_EQ(ids({.started_after = start_of(2), .started_before = start_of(4)}), these({4, 3, 2}));
  EXPECT_EQ(ids({.workflow = "a", .search = "100% done"}), these({3}));
  EXPECT_EQ(ids({.workflow = "a", .search = "100_ done"}), these({})) << "no character stands for others";
  EXPECT_EQ(ids({.workflow = "none"}), these({}));
}

TEST_F(ExecutionListTest, OnlyTheLatestRunIsListed) {
  ended(1, {.status = "failed"});
  ended(1, {.status = "completed", .run = 2});
  ended(2, {.status = "failed"});
  live(2, {.status = "running", .run = 2});
  EXPECT_EQ(ids({}), these({2, 1}));
  EXPECT_EQ(ids({.statuses = {"failed"}}), these({}));
  EXPECT_EQ(ids({.statuses = {"completed"}}), these({1}));
}

TEST_F(ExecutionListTest, CountsToALimit) {
  for (int n = 1; n <= 6; ++n) ended(n, {.workflow = n % 2 == 0 ? "even" : "odd"});
  live(7, {.workflow = "odd", .status = "running"});
  EXPECT_EQ(loop.run(list.count({}, 100)), 7);
  EXPECT_EQ(loop.run(list.count({.workflow = "odd"}, 100)), 4);
  EXPECT_EQ(loop.run(list.count({}, 5)), 5);
}

}  // namespace
}  // namespace r8r::store::test
