#pragma once
#include "services/worker/task_runner.hpp"
#include "tests/unit/worker/worker_fakes.hpp"

namespace r8r::worker {

/// A task runner between fakes, with short times.
class TaskRunnerFixture : public testing::Test {
 protected:
  TaskRunnerFixture() : queue_(happened_), bus_(io_, happened_), effect_(io_) {}

  TaskRunner& runner() {
    if (!runner_) {
      runner_ =
          std::make_unique<TaskRunner>(io_, TaskRunner::Parts{.queue = queue_,
                                                              .bus = bus_,
                                                              .workflows = workflows_,
                                                              .payloads = payloads_,
                                                              .effect_nodes = {{"http", &effect_}},
                                                              .options = {.env = expr::Value::map({}), .worker = "w-1"},
                                                              .concurrency = concurrency_,
                                                              .heartbeat = std::chrono::milliseconds(20),
                                                              .answer_timeout = std::chrono::milliseconds(30),
                                                              .longest_pause = std::chrono::milliseconds(20)});
      runner_->start();
    }
    return *runner_;
  }

  /// Ends what a test left running, so that nothing outlives the fixture.
  void TearDown() override {
    if (!runner_) return;
    drain(std::chrono::milliseconds(0));
  }

  void drain(std::chrono::milliseconds limit) {
    bool done = false;
    asio::co_spawn(io_, runner().drain(limit), [&done](std::exception_ptr failure) {
      EXPECT_FALSE(failure);
      done = true;
    });
    EXPECT_TRUE(run_until([&] { return done; }));
  }

  template <class Condition>
  bool run_until(Condition condition, std::chrono::milliseconds limit = std::chrono::seconds(10)) {
    const auto end = SteadyClock::now() + limit;
    io_.restart();
    while (!condition() && SteadyClock::now() < end) {
      io_.run_one_for(std::chrono::milliseconds(10));
      if (io_.stopped()) io_.restart();
    }
    return condition();
  }

  /// A workflow version that the runner has at hand.
  void add_workflow(const std::string& yaml) { workflows_.at_hand[{workflow_id_, 1}] = load(yaml); }

  static WorkflowSource::Entry load(const std::string& yaml) {
    workflow::LoadResult loaded = workflow::load(yaml);
    for (const workflow::Problem& problem : loaded.problems) ADD_FAILURE() << problem.path << ": " << problem.message;
    return loaded.workflow;
  }

  bus::Task task(std::vector<std::string> nodes, std::int64_t dispatch = 1) {
    bus::Task out;
    out.execution_id = Uuid::v7();
    out.partition = 5;
    out.epoch = 7;
    out.dispatch_id = dispatch;
    out.workflow_id = workflow_id_;
    out.workflow_version = 1;
    out.workflow_name = "flow";
    out.node_ids = std::move(nodes);
    out.input = "{}";
    out.started_at = out.now = from_unix_us(1'700'000'000'000'000);
    return out;
  }

  bus::Task effect_task(std::int64_t dispatch = 1) {
    bus::Task out = task({"call"}, dispatch);
    out.effect = true;
    return out;
  }

  void deliver(const std::string& name, const std::vector<bus::Task>& tasks, std::uint64_t delivered = 1) {
    bus::Batch<bus::Task> batch;
    for (const bus::Task& one : tasks) batch.add(one);
    bus::QueueMessage message;
    message.subject = "r8r.task.default";
    message.ack_subject = name;
    message.data = batch.take();
    message.delivered = delivered;
    std::vector<bus::QueueMessage> messages;
    messages.push_back(std::move(message));
    runner().take(std::move(messages));
  }

  bool acked(const std::string& name) const { return has("ack " + name); }
  bool given_back(const std::string& name) const { return has("nak " + name); }
  bool has(const std::string& what) const {
    return std::find(happened_.begin(), happened_.end(), what) != happened_.end();
  }

  asio::io_context io_;
  Happened happened_;
  FakeQueue queue_;
  FakeBus bus_;
  FakeWorkflows workflows_;
  FakePayloads payloads_;
  FakeEffect effect_;
  std::size_t concurrency_ = 4;
  Uuid workflow_id_ = Uuid::v7();
  std::unique_ptr<TaskRunner> runner_;
};

}  // namespace r8r::worker
