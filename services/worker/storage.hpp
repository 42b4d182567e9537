#pragma once
#include "common/catalog/catalog.hpp"
#include "common/store/executions.hpp"
#include "common/store/payloads.hpp"
#include "common/store/pool.hpp"
#include "common/store/workflows.hpp"
#include "services/worker/ports.hpp"

namespace r8r::worker {

/// What the worker reads from the database, and the one thing that it writes.
class Storage : public WorkflowSource, public WorkflowNames, public PayloadStore {
 public:
  Storage(asio::io_context& io, store::Pool& pool)
      : catalog_(io, pool), workflows_(pool), executions_(pool), payloads_(pool) {}

  Entry find(Uuid workflow_id, int version) override { return catalog_.find({workflow_id, version}); }
  awaitable<Result<Entry>> get(Uuid workflow_id, int version) override { return catalog_.get({workflow_id, version}); }
  awaitable<Result<std::optional<Current>>> current(std::string name) override {
    Result<std::optional<store::WorkflowRow>> row = co_await workflows_.current(std::move(name));
    if (!row) co_return fail(std::move(row.error()));
    std::optional<Current> found;
    if (*row) found = Current{(*row)->id, (*row)->version, (*row)->enabled};
    co_return found;
  }
  awaitable<Result<std::optional<std::string>>> input(Uuid execution_id) override {
    return executions_.input(execution_id);
  }
  awaitable<Result<std::vector<std::string>>> journal(Uuid execution_id) override {
    return executions_.journal(execution_id);
  }
  awaitable<Result<std::vector<std::string>>> whole(Uuid execution_id, std::vector<std::string> references) override {
    return payloads_.whole(execution_id, std::move(references));
  }
  awaitable<Result<void>> put(Uuid execution_id, std::vector<StoredPayload> payloads) override {
    return payloads_.put(execution_id, std::move(payloads));
  }

 private:
  Catalog catalog_;
  store::Workflows workflows_;
  store::Executions executions_;
  store::Payloads payloads_;
};

}  // namespace r8r::worker
