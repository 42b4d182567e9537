// Cron triggers in a stack of their own, whose schedulers come and go.
#include <gmock/gmock.h>

#include "common/base/uuid.hpp"
#include "tests/integration/stack_fixture.hpp"

namespace r8r::test {
namespace {

using std::chrono::seconds;

class Cron : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    stack_ = new Stack({.apis = 1, .schedulers = 2, .workers = 1, .environment = {{"R8R_LEASE_SECONDS", "3"}}});
    stack_->start();
  }
  static void TearDownTestSuite() {
    delete stack_;
    stack_ = nullptr;
  }
  static Stack& stack() { return *stack_; }

  static std::string workflow(const std::string& name, const std::string& trigger, const std::string& more = "") {
    return "name: " + name + "\n" + more + "triggers: [" + trigger + "]\nnodes: [{id: see, type: debug}]\n";
  }
  static Json detail(const std::string& name) { return stack().get("/api/workflows/" + name).json(); }
  static std::string firings_of(const std::string& name) {
    return "schedule_firings where workflow_id = (select id from workflows where name = '" + name + "')";
  }
  static int fired(const std::string& name) {
    return std::stoi(stack().query("select count(*) from " + firings_of(name)));
  }
  static void enable(const std::string& name, bool enabled) {
    const Json body = {{"definition", detail(name)["definition"]}, {"enabled", enabled}};
    EXPECT_EQ(stack().post("/api/workflows", body).status, 201);
  }

 private:
  static inline Stack* stack_ = nullptr;
};

TEST_F(Cron, EverySecondFiresExactlyOnceWhileTheSchedulerInChargeDies) {
  stack().create(workflow("tick", "{type: cron, schedule: '* * * * * *', input: {name: tick}}"));
  ASSERT_TRUE(eventually(seconds(60), [] { return fired("tick") >= 3; }));

  const Uuid id = *Uuid::parse(stack().query("select id from workflows where name = 'tick'"));
  const std::string partition = std::to_string(partition_of(id, 64));
  const std::string owner = stack().query(
      "select s.name from partitions p join schedulers s on s.incarnation = p.owner where p.id = " + partition);
  const int dies = owner.ends_with("-" + std::to_string(stack().service("r8r-scheduler", 0).pid())) ? 0 : 1;
  const int before = fired("tick");
  stack().service("r8r-scheduler", dies).kill();
  ASSERT_TRUE(eventually(seconds(90), [&] { return fired("tick") >= before + 8; }));
  stack().service("r8r-scheduler", dies).start();
  ASSERT_TRUE(stack().wait_ready()) << stack().not_ready();
  const int with_both = fired("tick");
  ASSERT_TRUE(eventually(seconds(60), [&] { return fired("tick") >= with_both + 3; }));
  enable("tick", false);

  // None is missing, and a key is there once by the table's definition.
  EXPECT_EQ(stack().query("select count(*) from (select scheduled_at - lag(scheduled_at) over (order by scheduled_at) "
                          "as gap from " +
                          firings_of("tick") + ") gaps where gap <> interval '1 second'"),
            "0");
  // Each started one execution, which ends, and nothing else did.
  const auto ended = [] { return stack().query("select count(*) from executions where workflow_name = 'tick'"); };
  EXPECT_TRUE(eventually(seconds(60), [&] { return ended() == std::to_string(fired("tick")); }))
      << ended() << " of " << fired("tick");
  EXPECT_EQ(stack().query("select count(*) from executions x where workflow_name = 'tick' and (trigger_type <> 'cron' "
                          "or status <> 'completed' or not exists (select 1 from schedule_firings f where "
                          "f.execution_id = x.id and x.input like '%\"' || to_char(f.scheduled_at at time zone 'utc', "
                          "'YYYY-MM-DD\"T\"HH24:MI:SS') || '.000Z\"%'))"),
            "0");
  const Json execution =
      stack().get("/api/executions/" + detail("tick")["schedules"][0].value("last_execution_id", "")).json();
  EXPECT_EQ(execution["trigger_type"], "cron") << execution;
  EXPECT_EQ(execution["origin"], "cron");
  EXPECT_EQ(execution["input"]["name"], "tick");
}

TEST_F(Cron, ChangesActAtOnceAndNextRunsTellThem) {
  stack().create(workflow("switched", "{type: cron, schedule: '* * * * * *'}"));
  ASSERT_TRUE(eventually(seconds(60), [] { return fired("switched") >= 1; }));
  const Json on = detail("switched");
  ASSERT_EQ(on["next_runs"].size(), 3u) << on;
  EXPECT_LT(on["next_runs"][0], on["next_runs"][1]);
  EXPECT_EQ(on["schedules"][0]["next_run_at"], on["next_runs"][0]);
  EXPECT_EQ(on["schedules"][0]["timezone"], "UTC");

  enable("switched", false);
  const std::string off_since = stack().query("select updated_at from workflows where name = 'switched'");
  const Json off = detail("switched");
  EXPECT_EQ(off["next_runs"], Json::array());
  EXPECT_TRUE(off["schedules"][0]["next_run_at"].is_null()) << off;
  // Its clock goes on, only it does not fire.
  const auto age = [&](const std::string& time) {
    return std::stod(stack().query("select extract(epoch from now() - '" + time + "'::timestamptz)"));
  };
  ASSERT_TRUE(eventually(seconds(60), [&] { return age(off_since) > 3.5; }));
  EXPECT_EQ(stack().query("select count(*) from " + firings_of("switched") + " and scheduled_at > '" + off_since +
                          "'::timestamptz + interval '1 second'"),
            "0");

  // Another schedule, switched on again: what passed meanwhile is not made up for.
  stack().create(workflow("switched", "{type: cron, schedule: '*/2 * * * * *', catch_up: true}"));
  const std::string on_since = stack().query("select updated_at from workflows where name = 'switched'");
  ASSERT_TRUE(eventually(seconds(60), [&] {
    return stack().query("select count(*) from " + firings_of("switched") + " and trigger like '*/2%'") == "2";
  }));
  EXPECT_EQ(stack().query("select count(*) from " + firings_of("switched") + " and scheduled_at between '" + off_since +
                          "'::timestamptz + interval '1 second' and '" + on_since + "'"),
            "0");
  enable("switched", false);
}

TEST_F(Cron, AnInputThatTheWorkflowRefusesIsAFailedFiringThatCanBeSeen) {
  stack().create(
      workflow("refusing", "{type: cron, schedule: '* * * * * *'}", "inputs: {n: {type: integer, required: true}}\n"));
  ASSERT_TRUE(eventually(seconds(60), [] { return detail("refusing")["schedules"][0].value("failed", 0) >= 2; }));
  const Json schedule = detail("refusing")["schedules"][0];
  EXPECT_EQ(schedule["last_error"], "invalid input: 'n' is required") << schedule;
  EXPECT_TRUE(schedule["last_execution_id"].is_null());
  EXPECT_EQ(schedule["fired"], 0);
  const Finished shown = run(program_path("r8r"), {"--url", stack().url(), "workflows", "show", "refusing"});
  EXPECT_THAT(shown.out, testing::HasSubstr("Next runs"));
  EXPECT_THAT(shown.err, testing::HasSubstr("started nothing: invalid input: 'n' is required")) << shown.out;
  // The fix is a new version.
  stack().create(workflow("refusing", "{type: cron, schedule: '* * * * * *', input: {n: 1}}",
                          "inputs: {n: {type: integer, required: true}}\n"));
  ASSERT_TRUE(eventually(seconds(60), [] { return detail("refusing")["schedules"][0].value("fired", 0) >= 1; }));
  EXPECT_TRUE(detail("refusing")["schedules"][0]["last_error"].is_null());
  enable("refusing", false);
}

TEST_F(Cron, WithCatchUpTheMostRecentMissedTimeFiresAndNoOther) {
  stack().create(workflow("yearly", "{type: cron, schedule: '0 0 1 1 *'}"));
  stack().create(workflow("yearly-catch-up", "{type: cron, schedule: '0 0 1 1 *', catch_up: true}"));
  for (int i = 0; i < 2; ++i) stack().service("r8r-scheduler", i).stop(seconds(30));
  stack().query("update workflows set updated_at = now() - interval '3 years' where name like 'yearly%' returning 1");
  for (int i = 0; i < 2; ++i) stack().service("r8r-scheduler", i).start();
  ASSERT_TRUE(stack().wait_ready()) << stack().not_ready();
  ASSERT_TRUE(eventually(seconds(60), [] { return fired("yearly-catch-up") == 1; }));
  EXPECT_EQ(
      stack().query("select scheduled_at = date_trunc('year', now() at time zone 'utc') at time zone 'utc' from " +
                    firings_of("yearly-catch-up")),
      "t");
  EXPECT_EQ(detail("yearly-catch-up")["schedules"][0]["missed"], 2);
  // Once, also for the schedulers that come after.
  for (int i = 0; i < 2; ++i) stack().service("r8r-scheduler", i).stop(seconds(30));
  for (int i = 0; i < 2; ++i) stack().service("r8r-scheduler", i).start();
  ASSERT_TRUE(stack().wait_ready()) << stack().not_ready();
  stack().create(workflow("beside", "{type: cron, schedule: '* * * * * *'}"));
  ASSERT_TRUE(eventually(seconds(60), [] { return fired("beside") >= 2; }));
  enable("beside", false);
  EXPECT_EQ(fired("yearly-catch-up"), 1);
  EXPECT_EQ(fired("yearly"), 0);
}

}  // namespace
}  // namespace r8r::test
