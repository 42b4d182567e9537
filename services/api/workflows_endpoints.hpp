#pragma once
#include <memory>
#include <string>

#include "common/bus/connection.hpp"
#include "common/http/request.hpp"
#include "common/store/schedules.hpp"
#include "common/store/workflows.hpp"
#include "services/api/admission.hpp"
#include "services/api/request_body.hpp"
#include "services/api/workflow_directory.hpp"

namespace r8r::api {

/// /api/workflows: list, create, validate, get.
class WorkflowsEndpoints {
 public:
  WorkflowsEndpoints(store::Pool& pool, bus::Connection& bus, WorkflowDirectory& directory)
      : store_(pool), schedules_(pool), bus_(bus), directory_(directory) {}

  awaitable<http::Response> list(http::Request& request, Admission::Slot& slot);
  awaitable<http::Response> create(http::Request& request, Admission::Slot& slot);
  awaitable<http::Response> validate(http::Request& request, Admission::Slot& slot);
  awaitable<http::Response> get(http::Request& request, Admission::Slot& slot);

 private:
  awaitable<Result<void>> check_if_match(std::string name, std::string header, store::SaveWorkflow& save);
  awaitable<Result<std::string>> runs_of(Uuid id, bool enabled, std::shared_ptr<const workflow::Workflow> workflow);
  void announce(const store::WorkflowRow& row);

  store::Workflows store_;
  store::Schedules schedules_;
  bus::Connection& bus_;
  WorkflowDirectory& directory_;
};

}  // namespace r8r::api
