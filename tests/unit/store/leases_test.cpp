#include "common/store/leases.hpp"

#include <algorithm>
#include <set>

#include "tests/unit/store/store_test.hpp"

namespace r8r::store::test {
namespace {

class LeasesTest : public StoreTest {
 protected:
  std::int64_t begin(const std::string& name = "a", std::chrono::milliseconds lease = 600s) {
    return loop.run(leases.begin_incarnation(name, lease)).value();
  }
  void expire(std::int64_t incarnation) {
    execute("update schedulers set lease_until = now() - interval '1 second' where incarnation = " +
            std::to_string(incarnation));
  }
  bool fence(std::int64_t incarnation) {
    const Result<bool> fenced = loop.run(leases.fence(incarnation));
    if (!fenced) throw std::runtime_error("fence: " + fenced.error().message);
    return *fenced;
  }
  ExecutionProgress end(Uuid id) const {
    ExecutionProgress progress;
    progress.id = id;
    progress.ending = ending();
    return progress;
  }
  /// A session of this incarnation's writer that stands still in the middle of a transaction, with the shared lock.
  std::unique_ptr<Connection> frozen_writer(std::int64_t incarnation) {
    static constexpr Statement kBegin{"test_frozen_begin", "begin"};
    static constexpr Statement kLock{"test_frozen_lock", "select pg_advisory_xact_lock_shared($1)"};
    auto writer = connect(Leases::writer_name(incarnation));
    Params who;
    who.add(incarnation);
    std::vector<Query> queries;
    queries.push_back({&kBegin, {}});
    queries.push_back({&kLock, std::move(who)});
    if (!loop.run(writer->run(std::move(queries), Grouping::separate, 5s))) throw std::runtime_error("cannot freeze");
    return writer;
  }
  Leases leases{*pool};
};

TEST_F(LeasesTest, IncarnationsAreNumberedUpwards) {
  const std::int64_t first = begin();
  EXPECT_GT(begin(), first);
}

TEST_F(LeasesTest, ALeaseRunsOutByTheDatabasesClock) {
  const std::int64_t mine = begin("mine", 300ms);
  const auto left = [&] {
    const std::vector<Peer> peers = loop.run(leases.peers()).value();
    for (const Peer& peer : peers) {
      if (peer.incarnation == mine) return peer.lease_left;
    }
    return std::chrono::milliseconds(-1'000'000);
  };
  EXPECT_GT(left(), 0ms);
  EXPECT_FALSE(fence(mine));
  EXPECT_TRUE(loop.until([&] { return left() < 0ms; }));
  EXPECT_EQ(loop.run(leases.renew(mine, 600s)).value(), true);
  EXPECT_GT(left(), 500s);
  EXPECT_FALSE(fence(mine));
}

TEST_F(LeasesTest, AFencedIncarnationCannotRenew) {
  const std::int64_t mine = begin();
  expire(mine);
  EXPECT_TRUE(fence(mine));
  EXPECT_FALSE(loop.run(leases.renew(mine, 600s)).value());
  EXPECT_TRUE(fence(mine));
  EXPECT_TRUE(fence(999'999));
}

TEST_F(LeasesTest, AFencedWriterWritesNothing) {
  AcceptQueue accepts(loop.io, commit_options());
  const std::vector<Uuid> ids = accept_all(accepts, 3);
  const std::int64_t mine = begin();
  ProgressQueue queue(loop.io, commit_options(Leases::writer_name(mine)), mine);
  ASSERT_EQ(commit(queue, end(ids[0])), ProgressOutcome::committed);
  expire(mine);
  ASSERT_TRUE(fence(mine));
  const auto refused = commit(queue, end(ids[1]));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::fenced);
  const auto again = commit(queue, end(ids[2]));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::fenced);
  EXPECT_EQ(count("executions"), 1);
}

TEST_F(LeasesTest, AnUnknownIncarnationWritesNothing) {
  AcceptQueue accepts(loop.io, commit_options());
  const Uuid id = accept_all(accepts, 1).front();
  ProgressQueue queue(loop.io, commit_options("nobody"), 424'242);
  const auto refused = commit(queue, end(id));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::fenced);
  EXPECT_EQ(count("executions"), 0);
}

TEST_F(LeasesTest, UnderLoadNothingIsWrittenAfterTheFence) {
  AcceptQueue accepts(loop.io, commit_options());
  const std::vector<Uuid> ids = accept_all(accepts, 4'000);
  const std::int64_t mine = begin();
  CommitOptions options = commit_options(Leases::writer_name(mine));
  options.max_batch_items = 8;
  ProgressQueue queue(loop.io, options, mine);
  std::size_t committed = 0, fenced = 0;
  for (const Uuid& id : ids) {
    queue.commit(end(id), [&](Result<ProgressOutcome> outcome) { outcome ? ++committed : ++fenced; });
  }
  ASSERT_TRUE(loop.until([&] { return committed > 100; }));
  expire(mine);
  ASSERT_TRUE(fence(mine));
  const std::int64_t at_fence = count("executions");
  ASSERT_TRUE(loop.until([&] { return committed + fenced == ids.size(); }));
  EXPECT_GT(fenced, 0u);
  EXPECT_EQ(count("executions"), at_fence);
  EXPECT_EQ(static_cast<std::int64_t>(committed), at_fence);
}

TEST_F(LeasesTest, AWriterFrozenInMidTransactionDelaysATakerLessThanThreeSeconds) {
  const std::int64_t theirs = begin("theirs");
  const auto writer = frozen_writer(theirs);
  expire(theirs);
  const auto begun = SteadyClock::now();
  EXPECT_TRUE(fence(theirs));
  EXPECT_LT(SteadyClock::now() - begun, 3s);
  EXPECT_TRUE(loop.until([&] { return !writer->alive(); }));
}

TEST_F(LeasesTest, TheSessionsOfALiveIncarnationAreLeftAlone) {
  const std::int64_t theirs = begin("theirs");
  const auto writer = frozen_writer(theirs);
  EXPECT_FALSE(fence(theirs));
  EXPECT_TRUE(writer->alive());
}

TEST_F(LeasesTest, SessionsOfTheSameNameInAnotherDatabaseAreLeftAlone) {
  const std::int64_t theirs = begin("theirs");
  const auto frozen = frozen_writer(theirs);
  ConnectionOptions options;
  options.url = PostgresServer::shared().create_database();
  options.application_name = Leases::writer_name(theirs);
  const auto stranger = loop.run(Connection::open(loop.io, options, std::make_shared<LinkLog>("test")));
  ASSERT_TRUE(stranger);
  expire(theirs);
  ASSERT_TRUE(fence(theirs));
  EXPECT_TRUE((*stranger)->alive());
}

TEST_F(LeasesTest, ClaimsOfTwoNeverOverlap) {
  const std::int64_t a = begin("a"), b = begin("b");
  std::vector<std::shared_ptr<std::optional<Result<std::vector<int>>>>> answers;
  for (int i = 0; i < 8; ++i) answers.push_back(loop.start(leases.claim(i % 2 == 0 ? a : b, 1)));
  ASSERT_TRUE(loop.until(
      [&] { return std::all_of(answers.begin(), answers.end(), [](const auto& x) { return x->has_value(); }); }));
  std::set<int> taken;
  std::size_t total = 0;
  for (const auto& answer : answers) {
    ASSERT_TRUE(**answer);
    for (const int partition : (*answer)->value()) taken.insert(partition);
    total += (*answer)->value().size();
  }
  EXPECT_EQ(taken.size(), total);
  EXPECT_EQ(total, 8u);
  EXPECT_EQ(loop.run(leases.claim(a, 8)).value(), std::vector<int>{});
}

TEST_F(LeasesTest, OnlyWhatIsFreeOrFencedCanBeClaimed) {
  const std::int64_t a = begin("a"), b = begin("b");
  EXPECT_EQ(loop.run(leases.claim(a, 5)).value(), (std::vector<int>{0, 1, 2, 3, 4}));
  EXPECT_EQ(loop.run(leases.claim(b, 8)).value(), (std::vector<int>{5, 6, 7}));
  ASSERT_TRUE(loop.run(leases.release(a, {1, 3, 6})));  // 6 is not a's to give
  EXPECT_EQ(loop.run(leases.claim(b, 8)).value(), (std::vector<int>{1, 3}));
  expire(a);
  EXPECT_EQ(loop.run(leases.claim(b, 8)).value(), std::vector<int>{});  // expired is not fenced yet
  ASSERT_TRUE(fence(a));
  const std::vector<Peer> peers = loop.run(leases.peers()).value();
  ASSERT_EQ(peers.size(), 2u);  // fenced, but still an owner
  EXPECT_TRUE(peers[0].fenced);
  EXPECT_EQ(loop.run(leases.claim(b, 2)).value(), (std::vector<int>{0, 2}));
  EXPECT_EQ(loop.run(leases.claim(a, 8)).value(), std::vector<int>{});  // the fenced one gets nothing
  EXPECT_EQ(loop.run(leases.claim(b, 8)).value(), (std::vector<int>{4}));
  const std::vector<PartitionOwner> owners = loop.run(leases.partitions()).value();
  ASSERT_EQ(owners.size(), 8u);
  for (const PartitionOwner& partition : owners) EXPECT_EQ(partition.owner, b);
}

TEST_F(LeasesTest, ACleanEndFreesEverythingAtOnce) {
  const std::int64_t a = begin("a"), b = begin("b");
  ASSERT_EQ(loop.run(leases.claim(a, 8)).value().size(), 8u);
  ASSERT_TRUE(loop.run(leases.end_incarnation(a)));
  EXPECT_EQ(loop.run(leases.claim(b, 8)).value().size(), 8u);
  EXPECT_FALSE(loop.run(leases.renew(a, 600s)).value());
}

TEST_F(LeasesTest, OldFencedIncarnationsAreForgotten) {
  const std::int64_t old = begin("old"), owner = begin("owner");
  ASSERT_EQ(loop.run(leases.claim(owner, 1)).value().size(), 1u);
  execute("update schedulers set fenced = true, lease_until = now() - interval '2 hours'");
  begin("new");
  EXPECT_EQ(count("schedulers where incarnation = " + std::to_string(old)), 0);
  EXPECT_EQ(count("schedulers where incarnation = " + std::to_string(owner)), 1);  // it still owns a partition
}

}  // namespace
}  // namespace r8r::store::test
