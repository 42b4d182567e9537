#include "services/api/execution_owner.hpp"

#include <algorithm>

#include "common/bus/subjects.hpp"

namespace r8r::api {
namespace {

/// Longer than a commit takes on a busy day; an owner that is just loading the partition says nothing.
constexpr auto kOneQuestion = std::chrono::milliseconds(1'500);
constexpr auto kBetweenQuestions = std::chrono::milliseconds(150);
constexpr std::string_view kAskAgain = "SERVICE_UNAVAILABLE";

Error nobody(bool unsure) {
  std::string text = "No scheduler can answer for this execution at the moment";
  text += unsure ? "; whether it was carried out is not known: look at the execution before you try again"
                 : "; nothing was changed: try again shortly";
  return {ErrorCode::service_unavailable, std::move(text), {}};
}

}  // namespace

awaitable<Result<OwnerAnswer>> ExecutionOwner::ask(bus::ControlRequest request, std::optional<int> partition,
                                                   SteadyClock::time_point deadline) {
  request.partition = partition.value_or(publisher_.partition_of(request.execution_id));
  const std::string subject = bus::control_subject(request.partition);
  const std::string text = bus::encode(request);
  OwnerAnswer answer;
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - SteadyClock::now());
    if (left.count() <= 0) co_return fail(nobody(answer.unsure));
    Result<bus::Message> message = co_await bus_.request(subject, text, std::min(left, kOneQuestion));
    if (message) {
      Result<std::vector<bus::ControlReply>> replies = bus::decode<bus::ControlReply>(message->data);
      if (!replies || replies->empty())
        co_return fail(ErrorCode::internal_error, "a scheduler's answer cannot be read: " + message->data);
      if (replies->front().error_code != kAskAgain) {
        answer.reply = std::move(replies->front());
        co_return answer;
      }
    } else if (message.error().code == ErrorCode::timeout) {
      answer.unsure = true;
    }
    const bool slept = co_await sleep_for(kBetweenQuestions);
    if (!slept) co_return fail(nobody(answer.unsure));
  }
}

}  // namespace r8r::api
