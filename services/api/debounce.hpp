#pragma once
#include <string>
#include <string_view>

#include "common/bus/connection.hpp"
#include "common/expr/value.hpp"
#include "common/http/request.hpp"
#include "common/store/debounce_queue.hpp"
#include "services/api/backlog.hpp"
#include "services/api/exec_publisher.hpp"
#include "services/api/execution_starter.hpp"

/// Webhook calls that come in bursts: those with one key become one execution, some time after the last of them.
namespace r8r::api {

/// What a call is known by. Texts are raw JSON.
struct DebouncedRequest {
  std::string_view path;   ///< as it was called, decoded
  std::string_view input;  ///< of the workflow, as it was sent
  std::string_view body;   ///< see webhook_body_json()
  std::string_view facts;  ///< see webhook_facts_json()
  bool envelope = false;
};

/// The key of a call: its path, or what the trigger's template gives; when that gives nothing, the hash of the body. At
/// most 255 bytes: of a longer one the hash.
std::string debounce_key(const workflow::Workflow& workflow, const workflow::Debounce& debounce,
                         const DebouncedRequest& request, const expr::Value& env);

/// Names a trigger among those of its workflow, in this version and the next: methods and path.
std::string webhook_name(const workflow::WebhookTrigger& trigger);

class Debouncer {
 public:
  struct Parts {
    bus::Connection& bus;
    store::DebounceQueue& queue;
    ExecPublisher& publisher;
    Backlog& backlog;
    expr::Value env;  ///< what templates see
  };
  explicit Debouncer(Parts parts) : parts_(std::move(parts)) {}

  std::string key_of(const workflow::Workflow& workflow, const workflow::Debounce& debounce,
                     const DebouncedRequest& request) const {
    return debounce_key(workflow, debounce, request, parts_.env);
  }

  /// Returns after the commit. `trigger` has `debounce` and outlives the call. Errors: rate_limited, queue_full,
  /// service_unavailable, storage_error.
  awaitable<Result<store::Debounced>> accept(NewRun run, const workflow::WebhookTrigger& trigger, std::string key);

 private:
  Parts parts_;
};

/// 202 {status, message, execution_id, debounce_key}.
http::Response debounced_answer(const store::Debounced& debounced, std::string_view key);

}  // namespace r8r::api
