#pragma once
#include <string>

#include "common/http/request.hpp"
#include "common/store/execution_list.hpp"
#include "services/api/admission.hpp"
#include "services/api/workflow_directory.hpp"

namespace r8r::api {

/// GET /api/executions and GET /api/workflows/{name}/executions.
class ExecutionLists {
 public:
  ExecutionLists(store::Pool& pool, WorkflowDirectory& directory) : list_(pool), directory_(directory) {}

  awaitable<http::Response> all(http::Request& request, Admission::Slot& slot);
  awaitable<http::Response> of_workflow(http::Request& request, Admission::Slot& slot);

 private:
  struct Question {
    store::ListFilter filter;
    std::optional<store::ListPosition> after;
    int limit = 0;
    int offset = 0;
    bool with_total = false;
  };
  static Result<Question> read(const http::Request& request);
  awaitable<http::Response> answer(http::Request& request, Question question);

  store::ExecutionList list_;
  WorkflowDirectory& directory_;
};

}  // namespace r8r::api
