#include "common/store/payloads.hpp"

#include "tests/unit/store/store_test.hpp"

namespace r8r::store::test {
namespace {

class PayloadsTest : public StoreTest {
 protected:
  std::string stored(Uuid id, const std::string& data) {
    std::vector<StoredPayload> one{{payload_key(data), data}};
    EXPECT_TRUE(loop.run(payloads.put(id, std::move(one))));
    return payload::reference(payload_key(data), 0, data.size());
  }

  Payloads payloads{*pool};
};

TEST_F(PayloadsTest, WhatWasStoredIsReadBackInWholeAndInParts) {
  const Uuid id = Uuid::v7();
  const std::string large = "\"" + std::string(5'000'000, 'x') + "\xc3\xa4\"";
  const std::string reference = stored(id, large);
  const auto whole =
      loop.run(payloads.whole(id, {reference, "[1]", payload::reference(payload_key(large), 5'000'001, 2),
                                   R"(@["[",{"p":")" + payload_key(large) + R"(","at":0,"n":3},",2]"])"}));
  ASSERT_TRUE(whole) << whole.error().message;
  EXPECT_EQ(whole->at(0), large);
  EXPECT_EQ(whole->at(1), "[1]");
  EXPECT_EQ(whole->at(2), "\xc3\xa4");
  EXPECT_EQ(whole->at(3), "[\"xx,2]");
}

TEST_F(PayloadsTest, TheSameIsKeptOnceForEachExecution) {
  const Uuid first = Uuid::v7();
  const Uuid second = Uuid::v7();
  stored(first, "[1]");
  stored(first, "[1]");
  stored(second, "[1]");
  EXPECT_EQ(count("payloads"), 2);
}

TEST_F(PayloadsTest, WhatIsNotThereIsAnError) {
  const Uuid id = Uuid::v7();
  const std::string reference = stored(id, "[1,2,3]");
  EXPECT_EQ(loop.run(payloads.whole(Uuid::v7(), {reference})).error().code, ErrorCode::invalid_state);
  const auto longer = loop.run(payloads.whole(id, {payload::reference(payload_key("[1,2,3]"), 0, 8)}));
  EXPECT_EQ(longer.error().code, ErrorCode::invalid_state);
}

TEST_F(PayloadsTest, AnExecutionEndsWithTheWholeOfItsOutput) {
  const std::int64_t incarnation = *loop.run(Leases(*pool).begin_incarnation("scheduler", 600s));
  AcceptQueue accepts{loop.io, commit_options()};
  ProgressQueue queue{loop.io, commit_options("writer"), incarnation};
  Executions executions{*pool};
  const std::vector<Uuid> ids = accept_all(accepts, 3);
  const std::string text = R"({"text":"\u0000 \"ä\" ]"})";
  const std::string part = stored(ids[0], text);
  payload::ArrayBuilder list;
  list.add(R"("\u0000")");
  list.add(part);
  const std::vector<std::string> outputs = {list.take(), R"("@[]")", payload::reference("nowhere", 0, 10)};
  for (std::size_t i = 0; i < ids.size(); ++i) {
    ExecutionProgress progress{.id = ids[i], .ending = ending()};
    progress.ending->output = outputs[i];
    ASSERT_EQ(commit(queue, std::move(progress)), ProgressOutcome::committed);
  }
  EXPECT_EQ((*loop.run(executions.find(ids[0])))->output, "[\"\\u0000\"," + text + "]");
  EXPECT_EQ((*loop.run(executions.find(ids[1])))->output, R"("@[]")");
  EXPECT_EQ((*loop.run(executions.find(ids[2])))->output, std::nullopt) << "lost, and nobody else is held up by it";
}

}  // namespace
}  // namespace r8r::store::test
