// The JetStream part of Connection: plain requests to the server's documented API subjects, answered as JSON.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "common/base/time.hpp"
#include "common/bus/impl.hpp"

namespace r8r::bus {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr auto kApiTimeout = milliseconds(2'000);
constexpr std::int64_t kDuplicateWindowNs = 120'000'000'000;

struct ApiAnswer {
  json body;
  int error_code = 0;  // 0: fine
  std::string error;
};

ApiAnswer read_answer(const std::string& data) {
  ApiAnswer answer;
  answer.body = json::parse(data, nullptr, false);
  if (!answer.body.is_object()) {
    answer.error_code = 500;
    answer.error = "the server's answer is not JSON";
  } else if (const auto error = answer.body.find("error"); error != answer.body.end() && error->is_object()) {
    answer.error_code = error->value("code", 500);
    answer.error = error->value("description", std::string("unknown error"));
  }
  return answer;
}

std::optional<std::int64_t> created_us(const json& body) {
  const auto created = body.find("created");
  if (created == body.end() || !created->is_string()) return std::nullopt;
  const auto time = parse_rfc3339(created->get<std::string>());
  if (!time) return std::nullopt;
  return to_unix_us(*time);
}

}  // namespace

asio::awaitable<Result<std::int64_t>> Connection::ensure_stream(StreamConfig config) {
  Result<Message> info = co_await request("$JS.API.STREAM.INFO." + config.name, "", kApiTimeout);
  if (!info) co_return fail(std::move(info.error()));
  ApiAnswer answer = read_answer(info->data);
  if (answer.error_code == 404) {
    const json body = {{"name", config.name},
                       {"subjects", config.subjects},
                       {"retention", "workqueue"},
                       {"storage", "memory"},
                       {"discard", "new"},
                       {"max_bytes", config.max_bytes},
                       {"max_msgs", -1},
                       {"max_consumers", -1},
                       {"max_age", 0},
                       {"num_replicas", 1},
                       {"duplicate_window", kDuplicateWindowNs}};
    Result<Message> made = co_await request("$JS.API.STREAM.CREATE." + config.name, body.dump(), kApiTimeout);
    if (!made) co_return fail(std::move(made.error()));
    answer = read_answer(made->data);
    if (answer.error_code != 0) {
      // Another process may have made it between our two questions.
      Result<Message> again = co_await request("$JS.API.STREAM.INFO." + config.name, "", kApiTimeout);
      if (again) answer = read_answer(again->data);
    }
  }
  if (answer.error_code != 0)
    co_return fail(ErrorCode::service_unavailable,
                   fmt::format("stream {} could not be made: {}", config.name, answer.error));
  const auto created = created_us(answer.body);
  if (!created)
    co_return fail(ErrorCode::service_unavailable, fmt::format("stream {} has no creation time", config.name));
  co_return *created;
}

asio::awaitable<Result<void>> Connection::ensure_consumer(ConsumerConfig config) {
  const json body = {{"stream_name", config.stream},
                     {"config",
                      {{"durable_name", config.name},
                       {"filter_subject", config.filter_subject},
                       {"ack_policy", "explicit"},
                       {"deliver_policy", "all"},
                       {"replay_policy", "instant"},
                       {"ack_wait", nanoseconds(config.ack_wait).count()},
                       {"max_deliver", -1},
                       {"max_ack_pending", config.max_ack_pending},
                       {"max_waiting", config.max_waiting},
                       {"mem_storage", true}}}};
  const std::string subject = fmt::format("$JS.API.CONSUMER.DURABLE.CREATE.{}.{}", config.stream, config.name);
  Result<Message> made = co_await request(subject, body.dump(), kApiTimeout);
  if (!made) co_return fail(std::move(made.error()));
  const ApiAnswer answer = read_answer(made->data);
  if (answer.error_code != 0)
    co_return fail(ErrorCode::service_unavailable,
                   fmt::format("consumer {} could not be made: {}", config.name, answer.error));
  co_return Result<void>();
}

asio::awaitable<Result<void>> Connection::publish_durable(std::string subject, std::string data, milliseconds timeout,
                                                          std::string message_id) {
  if (!impl_->connected) co_return fail(ErrorCode::service_unavailable, "the bus (NATS) is not reachable");
  const std::uint64_t number = impl_->next_request++;
  const auto pending = std::make_shared<PendingAnswer>(impl_->io);
  pending->timer.expires_after(timeout);
  impl_->waiting.emplace(number, pending);

  const std::string reply = fmt::format("{}.{}", impl_->inbox, number);
  natsMsg* message = nullptr;
  natsStatus status =
      natsMsg_Create(&message, subject.c_str(), reply.c_str(), data.data(), static_cast<int>(data.size()));
  if (status == NATS_OK && !message_id.empty()) status = natsMsgHeader_Set(message, "Nats-Msg-Id", message_id.c_str());
  if (status == NATS_OK) status = natsConnection_PublishMsg(impl_->connection, message);
  natsMsg_Destroy(message);
  if (status != NATS_OK) {
    impl_->waiting.erase(number);
    co_return fail(ErrorCode::service_unavailable,
                   fmt::format("the message could not be sent to the bus: {}", natsStatus_GetText(status)));
  }
  co_await pending->timer.async_wait(asio::as_tuple(asio::use_awaitable));
  if (pending->closed) co_return fail(closed());
  if (!pending->answered) {
    impl_->waiting.erase(number);
    co_return fail(ErrorCode::timeout, fmt::format("the work queue did not confirm within {} ms", timeout.count()));
  }
  if (pending->answer.status == 503) co_return fail(ErrorCode::service_unavailable, "the work queue does not exist");
  const ApiAnswer answer = read_answer(pending->answer.data);
  if (answer.error_code != 0)
    co_return fail(ErrorCode::service_unavailable, fmt::format("the work queue refused a task: {}", answer.error));
  co_return Result<void>();
}

}  // namespace r8r::bus
