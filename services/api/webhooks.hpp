#pragma once
#include <optional>
#include <string>
#include <vector>

#include "common/http/request.hpp"
#include "services/api/admission.hpp"
#include "services/api/debounce.hpp"
#include "services/api/execution_starter.hpp"
#include "services/api/lifecycle.hpp"
#include "services/api/workflow_directory.hpp"

namespace r8r::api {

/// Webhook calls: /webhooks/{workflow-name}, and the paths that workflows declare. An unknown path, a disabled workflow
/// and one without a webhook trigger look the same from outside.
class Webhooks {
 public:
  struct Parts {
    ExecutionStarter& starter;
    Debouncer& debouncer;
    WorkflowDirectory& directory;
    CompletionWaiter& waiter;
    const Lifecycle& lifecycle;
  };
  struct Rules {
    bool envelope = false;  ///< for every workflow
    bool trust_request_id = false;
  };
  Webhooks(Parts parts, Rules rules) : parts_(parts), rules_(rules) {}

  /// The answer, or nullopt when no webhook has this path (decoded): the caller's 404 applies.
  awaitable<std::optional<http::Response>> handle(http::Request& request, std::string path, Admission::Slot& slot);

 private:
  struct Call {
    DirectoryEntryPtr entry;
    const workflow::WebhookTrigger* trigger = nullptr;  // null: the path is known, the method is not
    PathParams params;
    std::vector<std::string> allowed;
  };

  awaitable<Result<std::optional<Call>>> resolve(const http::Request& request, std::string path);
  awaitable<http::Response> run(http::Request& request, std::string path, Call call, Admission::Slot& slot);
  awaitable<http::Response> debounce(const http::Request& request, const workflow::WebhookTrigger& trigger, NewRun run,
                                     std::string key);
  http::Response answer(const http::Request& request, const workflow::WebhookTrigger& trigger, const std::string& id,
                        const std::optional<Finished>& finished) const;

  Parts parts_;
  Rules rules_;
};

}  // namespace r8r::api
