// Lists of executions as clients page through them.
#include <gmock/gmock.h>

#include <set>

#include "common/base/time.hpp"
#include "tests/integration/stack_fixture.hpp"

namespace r8r::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ExecutionLists : public StackTest {
 protected:
  static Json list(const std::string& query) {
    const HttpAnswer answer = stack().get("/api/executions" + query);
    EXPECT_EQ(answer.status, 200) << query << " " << answer.body;
    return answer.json();
  }
  static std::vector<std::string> ids(const Json& answer) {
    std::vector<std::string> all;
    for (const Json& execution : answer["executions"]) all.push_back(execution.value("id", ""));
    return all;
  }
  static std::string id_of(const Json& answer) { return answer.value("execution_id", ""); }
};

TEST_F(ExecutionLists, PagesGoBackwardsInTime) {
  stack().create("name: listed\nnodes: [{id: a, type: transform, config: {expression: 'input.n > 0'}}]\n");
  std::vector<std::string> wanted;
  for (int n = 0; n < 7; ++n) wanted.insert(wanted.begin(), id_of(stack().execute("listed", {{"n", n}}, n % 2)));
  EXPECT_EQ(ids(list("?workflow=listed")), wanted);

  std::vector<std::string> seen;
  std::string cursor;
  for (int page = 0; page < 10; ++page) {
    const Json answer = list("?workflow=listed&limit=3" + (cursor.empty() ? "" : "&cursor=" + cursor));
    for (const std::string& id : ids(answer)) seen.push_back(id);
    if (answer["next_cursor"].is_null()) break;
    cursor = answer.value("next_cursor", "");
    stack().execute("listed", {{"n", 1}});
  }
  EXPECT_EQ(seen, wanted);

  const Json offset = list("?workflow=listed&limit=2&offset=1&include_total=true");
  EXPECT_EQ(offset["executions"].size(), 2u);
  EXPECT_EQ(offset["total"], 9);
  EXPECT_EQ(offset["total_is_estimate"], false);
  const Json& item = offset["executions"][0];
  std::vector<std::string> keys;
  for (const auto& [key, value] : item.items()) keys.push_back(key);
  EXPECT_THAT(keys, ElementsAre("correlation_id", "duration_ms", "error", "finished_at", "id", "started_at", "status",
                                "trigger_type", "workflow_id", "workflow_name", "workflow_version"));
  const HttpAnswer below = stack().get("/api/workflows/listed/executions?limit=3");
  EXPECT_EQ(below.status, 200);
  EXPECT_EQ(below.json()["executions"].size(), 3u) << below.body;
}

TEST_F(ExecutionLists, WhatIsAskedForIsFound) {
  stack().create("name: found\nnodes: [{id: a, type: transform, config: {expression: 'input.n > 0'}}]\n");
  stack().create("name: found-waiting\nnodes: [{id: a, type: wait, config: {seconds: 3600}}]\n");
  const std::string before = to_rfc3339(wall_now());
  const HttpAnswer good = stack().post(
      "/api/workflows/found/execute",
      {{"input", {{"n", 1}, {"who", "Ada"}}}, {"correlation_id", "order-7"}, {"idempotency_key", "find-me"}});
  const std::string one = id_of(good.json());
  const std::string bad = id_of(stack().execute("found", {{"n", "text"}}));
  const std::string waits = stack().submit("found-waiting", Json::object());
  ASSERT_TRUE(eventually(std::chrono::seconds(30), [&] {
    return stack().get("/api/executions/" + waits).json().value("status", "") == "running";
  }));

  EXPECT_THAT(ids(list("?workflow=found&status=failed")), ElementsAre(bad));
  EXPECT_THAT(ids(list("?workflow=found&status=failed,completed")), ElementsAre(bad, one));
  EXPECT_THAT(ids(list("?workflow=found-waiting&status=running")), ElementsAre(waits));
  EXPECT_THAT(ids(list("?correlation_id=order-7")), ElementsAre(one));
  EXPECT_THAT(ids(list("?correlation_id=" + bad)), ElementsAre(bad));
  EXPECT_THAT(ids(list("?idempotency_key=find-me")), ElementsAre(one));
  EXPECT_THAT(ids(list("?workflow=found&trigger=webhook")), ElementsAre());
  EXPECT_THAT(ids(list("?workflow=found&search=ADA")), ElementsAre(one));
  EXPECT_THAT(ids(list("?workflow=found&started_after=" + before)), ElementsAre(bad, one));
  EXPECT_THAT(ids(list("?workflow=found&started_before=" + before)), ElementsAre());
  EXPECT_EQ(stack().post("/api/executions/" + waits + "/cancel", Json::object()).status, 200);
  EXPECT_THAT(ids(list("?workflow=found-waiting&status=cancelled")), ElementsAre(waits));
}

TEST_F(ExecutionLists, WhatDoesNotParseIsRefusedByName) {
  const std::pair<const char*, const char*> wrong[] = {{"status=bogus", "pending, running"},
                                                       {"status=", "pending, running"},
                                                       {"trigger=bogus", "api, webhook"},
                                                       {"limit=abc", "whole number"},
                                                       {"limit=-1", "whole number"},
                                                       {"offset=10001", "next_cursor"},
                                                       {"offset=1&cursor=00", "exclude each other"},
                                                       {"cursor=zz", "not one that this API gave"},
                                                       {"cursor=3030", "not one that this API gave"},
                                                       {"started_after=yesterday", "2026-01-20T14:30:00Z"},
                                                       {"search=x", "needs 'workflow'"},
                                                       {"include_total=perhaps", "true or false"}};
  for (const auto& [query, why] : wrong) {
    const HttpAnswer answer = stack().get(std::string("/api/executions?") + query);
    EXPECT_EQ(answer.status, 400) << query << " " << answer.body;
    EXPECT_THAT(answer.json()["error"].value("message", ""), HasSubstr(why)) << query;
    EXPECT_EQ(answer.json()["error"].value("code", ""), "INVALID_FIELD") << query;
  }
  EXPECT_EQ(stack().get("/api/executions?stauts=failed").json()["error"]["code"], "INVALID_REQUEST");
  EXPECT_EQ(stack().get("/api/executions?limit=0").status, 200);
  EXPECT_EQ(stack().get("/api/executions?limit=5000").status, 200);
  const HttpAnswer unknown = stack().get("/api/workflows/no-such-workflow/executions");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(unknown.json()["error"]["code"], "WORKFLOW_NOT_FOUND");
}

}  // namespace
}  // namespace r8r::test
