#pragma once
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/async.hpp"
#include "common/base/result.hpp"
#include "common/base/uuid.hpp"
#include "common/bus/connection.hpp"
#include "common/store/payloads.hpp"
#include "common/workflow/workflow.hpp"

/// What the parts of the worker need from the bus and the database, and no more; tests pass fakes.
namespace r8r::worker {

/// Where results go.
class BusPort {
 public:
  virtual ~BusPort() = default;
  /// False when the message was not taken.
  virtual bool publish(const std::string& subject, const std::string& data) = 0;
  /// Ok when somebody answered, whatever the answer.
  virtual awaitable<Result<void>> request(std::string subject, std::string data, std::chrono::milliseconds timeout) = 0;
};

/// Where tasks come from.
class TaskQueue {
 public:
  virtual ~TaskQueue() = default;
  /// How many more messages may come.
  virtual void set_room(std::size_t messages) = 0;
  virtual void ack(const bus::QueueMessage& message) = 0;
  virtual void nak(const bus::QueueMessage& message) = 0;
  virtual void in_progress(const bus::QueueMessage& message) = 0;
};

/// Compiled workflow versions.
class WorkflowSource {
 public:
  using Entry = std::shared_ptr<const workflow::Workflow>;
  virtual ~WorkflowSource() = default;
  /// If it is at hand; never waits.
  virtual Entry find(Uuid workflow_id, int version) = 0;
  virtual awaitable<Result<Entry>> get(Uuid workflow_id, int version) = 0;
};

using store::StoredPayload;
/// Workflows by name, as they are now.
class WorkflowNames {
 public:
  struct Current {
    Uuid workflow_id;
    int version = 0;
    bool enabled = true;
  };
  virtual ~WorkflowNames() = default;
  virtual awaitable<Result<std::optional<Current>>> current(std::string name) = 0;
};

/// Payloads too large for a message.
class PayloadStore {
 public:
  virtual ~PayloadStore() = default;
  /// The input of a live execution, raw; nullopt when it is not live.
  virtual awaitable<Result<std::optional<std::string>>> input(Uuid execution_id) = 0;
  /// The journal of a live execution: raw arrays in order.
  virtual awaitable<Result<std::vector<std::string>>> journal(Uuid execution_id) = 0;
  /// What references stand for.
  virtual awaitable<Result<std::vector<std::string>>> whole(Uuid execution_id, std::vector<std::string> references) = 0;
  /// Nothing is true of what is stored before a result that names it is committed.
  virtual awaitable<Result<void>> put(Uuid execution_id, std::vector<StoredPayload> payloads) = 0;
};

}  // namespace r8r::worker
