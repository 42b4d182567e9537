#pragma once
#include <gmock/gmock.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/bus/messages.hpp"
#include "common/bus/subjects.hpp"
#include "services/worker/effect_node.hpp"
#include "services/worker/ports.hpp"

namespace r8r::worker {

/// What happened, in order, of all fakes of one test: "publish r8r.result.7", "ack m1", …
using Happened = std::vector<std::string>;

class FakeQueue : public TaskQueue {
 public:
  explicit FakeQueue(Happened& happened) : happened_(happened) {}
  void set_room(std::size_t messages) override { room = messages; }
  void ack(const bus::QueueMessage& message) override { happened_.push_back("ack " + message.ack_subject); }
  void nak(const bus::QueueMessage& message) override { happened_.push_back("nak " + message.ack_subject); }
  void in_progress(const bus::QueueMessage& message) override { ++in_progress_of[message.ack_subject]; }

  std::size_t room = 0;
  std::map<std::string, int> in_progress_of;

 private:
  Happened& happened_;
};

class FakeBus : public BusPort {
 public:
  FakeBus(asio::io_context& io, Happened& happened) : happened_(happened), answer_(io) {}

  bool publish(const std::string& subject, const std::string& data) override {
    if (subject.starts_with("r8r.progress.")) {
      progress.emplace_back(subject, data);
      return true;
    }
    happened_.push_back((connected ? "publish " : "refused ") + subject);
    if (connected) published.emplace_back(subject, data);
    return connected;
  }
  awaitable<Result<void>> request(std::string subject, std::string data, std::chrono::milliseconds timeout) override {
    happened_.push_back("request " + subject);
    published.emplace_back(std::move(subject), std::move(data));
    ++requests;
    const int number = requests;
    if (number > silent_for) co_return Result<void>();
    co_await answer_.wait_for(timeout);
    co_return fail(ErrorCode::timeout, "no answer");
  }

  /// Everything that was published or requested, decoded.
  std::vector<bus::TaskResult> results() const {
    std::vector<bus::TaskResult> all;
    for (const auto& [subject, data] : published) {
      Result<std::vector<bus::TaskResult>> some = bus::decode<bus::TaskResult>(data);
      EXPECT_TRUE(some) << data;
      if (some) all.insert(all.end(), some->begin(), some->end());
    }
    return all;
  }

  bool connected = true;
  int silent_for = 0;  ///< that many requests get no answer
  int requests = 0;
  std::vector<std::pair<std::string, std::string>> published;
  std::vector<std::pair<std::string, std::string>> progress;

 private:
  Happened& happened_;
  Notifier answer_;
};

class FakeWorkflows : public WorkflowSource {
 public:
  Entry find(Uuid id, int version) override {
    const auto found = at_hand.find({id, version});
    return found == at_hand.end() ? nullptr : found->second;
  }
  awaitable<Result<Entry>> get(Uuid id, int version) override {
    ++loads;
    if (away) co_return fail(ErrorCode::service_unavailable, "the database is away");
    if (const auto found = stored.find({id, version}); found != stored.end()) co_return found->second;
    if (Entry entry = find(id, version)) co_return entry;
    co_return fail(ErrorCode::workflow_not_found, "version 9 of that workflow does not exist");
  }

  bool away = false;
  int loads = 0;
  std::map<std::pair<Uuid, int>, Entry> at_hand;
  std::map<std::pair<Uuid, int>, Entry> stored;
};

class FakePayloads : public PayloadStore {
 public:
  awaitable<Result<std::optional<std::string>>> input(Uuid) override { co_return input_text; }
  awaitable<Result<std::vector<std::string>>> journal(Uuid) override { co_return journal_rows; }

  awaitable<Result<std::vector<std::string>>> whole(Uuid, std::vector<std::string> references) override {
    std::vector<std::string> all;
    for (const std::string& reference : references) {
      std::string text;
      const auto pieces = payload::pieces(reference);
      for (const payload::Piece& piece : *pieces) {
        if (!piece.key.empty() && !stored.contains(piece.key))
          co_return fail(ErrorCode::invalid_state, "it is not there any more");
        text += piece.key.empty() ? piece.text : stored.at(piece.key).substr(piece.at, piece.size);
      }
      all.push_back(text);
    }
    co_return all;
  }
  awaitable<Result<void>> put(Uuid, std::vector<StoredPayload> payloads) override {
    ++puts;
    if (problem) co_return fail(problem->code, problem->message);
    for (StoredPayload& one : payloads) stored[one.key] = one.data;
    co_return Result<void>();
  }

  std::optional<std::string> input_text;
  std::vector<std::string> journal_rows;
  std::map<std::string, std::string> stored;
  std::optional<Error> problem;  ///< why nothing can be stored
  int puts = 0;
};

/// An effect that ends when the test says so.
class FakeEffect : public EffectNode {
 public:
  explicit FakeEffect(asio::io_context& io) : changed_(io) {}

  awaitable<EffectOutcome> run(EffectContext context, expr::Value config, Cancellation& cancellation) override {
    ++begun;
    contexts.push_back(std::move(context));
    configs.push_back(std::move(config));
    if (throws) throw std::runtime_error("the effect is broken");
    const Cancellation::Scope scope(cancellation, [this] { changed_.notify_all(); });
    while (!free && !cancellation.requested()) co_await changed_.wait_for(std::chrono::seconds(10));
    if (cancellation.requested()) ++cancelled;
    EffectOutcome outcome;
    outcome.output = result;
    outcome.permanent = permanent;
    co_return outcome;
  }
  void release() {
    free = true;
    changed_.notify_all();
  }

  bool free = false;
  bool throws = false;
  int begun = 0;
  int cancelled = 0;
  bool permanent = false;
  Result<expr::Value> result = expr::Value::string("done");
  std::vector<EffectContext> contexts;
  std::vector<expr::Value> configs;

 private:
  Notifier changed_;
};

}  // namespace r8r::worker
