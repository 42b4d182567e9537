#include "services/api/events_endpoint.hpp"

#include <fmt/format.h>

#include "common/base/json_text.hpp"
#include "services/api/api_error.hpp"
#include "services/api/execute_request.hpp"
#include "services/api/idempotency.hpp"
#include "services/api/preferences.hpp"
#include "services/api/query.hpp"
#include "services/api/request_body.hpp"

namespace r8r::api {
namespace {

struct Asked {
  NewEvent event;
  bool key_in_header = false;
};

Result<std::string> read_name(const RequestBody& body, const std::optional<std::string>& address) {
  Result<std::optional<std::string>> name = body.text("event");
  if (!name) return fail(std::move(name.error()));
  if (!*name && !address) return fail(ErrorCode::missing_field, "field 'event' is required", field_details("event"));
  if (*name && address && **name != *address)
    return invalid_field("event", fmt::format("field 'event' says '{}', its address '{}'", **name, *address));
  return *name ? std::move(**name) : *address;
}

Result<Asked> read_event(const http::Request& request, const std::optional<std::string>& address,
                         bool trust_request_id) {
  Result<RequestBody> body = RequestBody::parse(request);
  if (!body) return fail(std::move(body.error()));
  Asked asked;
  Result<std::string> name = read_name(*body, address);
  if (!name) return fail(std::move(name.error()));
  asked.event.name = std::move(*name);
  if (const auto data = body->raw("data")) asked.event.data = *data;
  Result<std::optional<std::string>> source = body->text("source");
  if (!source) return fail(std::move(source.error()));
  asked.event.source = std::move(*source);
  Result<std::optional<std::string>> correlation = body->label("correlation_id", 128);
  if (!correlation) return fail(std::move(correlation.error()));
  asked.event.correlation_id = *correlation ? std::move(**correlation) : trusted_request_id(request, trust_request_id);
  Result<std::optional<std::string>> key = body->text("idempotency_key");
  if (!key) return fail(std::move(key.error()));
  if (const auto header = request.header("idempotency-key")) {
    *key = std::string(*header);
    asked.key_in_header = true;
  }
  if (*key) {
    if (Result<void> checked = check_idempotency_key(**key); !checked) return fail(std::move(checked.error()));
    asked.event.idempotency_key = std::move(**key);
  }
  asked.event.traceparent = traceparent_of(request);
  return asked;
}

}  // namespace

std::string published_json(const std::string& name, const PublishedEvent& published) {
  std::string out = "{\"status\":\"published\",\"event\":";
  append_json_string(out, name);
  return out + fmt::format(R"(,"event_id":"{}",{}}})", published.id.to_string(), published.triggered);
}

awaitable<http::Response> EventsEndpoint::publish(http::Request& request, Admission::Slot&) {
  if (lifecycle_.draining)
    co_return error_response(request, ApiError(ErrorCode::service_unavailable, "The service is shutting down"));
  if (Result<void> known = check_query_names(request, {}); !known)
    co_return error_response(request, std::move(known.error()));
  co_return co_await answer(request, std::nullopt);
}

awaitable<http::Response> EventsEndpoint::answer(const http::Request& request, std::optional<std::string> name) {
  Result<Asked> asked = read_event(request, name, trust_request_id_);
  if (!asked) co_return error_response(request, std::move(asked.error()));
  const std::string event = asked->event.name;
  const std::string correlation = asked->event.correlation_id;
  Result<PublishedEvent> published = co_await publisher_.publish(std::move(asked->event));
  if (!published)
    co_return error_response(request, ApiError(std::move(published.error())).with_correlation(correlation));
  if (published->mismatch) {
    const ErrorCode code =
        asked->key_in_header ? ErrorCode::idempotency_key_mismatch : ErrorCode::idempotency_key_reuse;
    ApiError error(code, "The idempotency key was used before with another event",
                   fmt::format(R"({{"mismatch":true,"event_id":"{}"}})", published->id.to_string()));
    co_return error_response(request, std::move(error).with_correlation(correlation));
  }
  const bool async = preferences_of(request).respond_async;
  http::Response response = http::Response::json(async ? 202 : 200, published_json(event, *published));
  if (async) response.headers.emplace_back("Preference-Applied", "respond-async");
  if (published->replayed) response.headers.emplace_back("Idempotent-Replayed", "true");
  co_return response;
}

}  // namespace r8r::api
