#include "services/worker/http_node.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "common/base/time.hpp"
#include "services/worker/http_config.hpp"
#include "services/worker/http_output.hpp"
#include "services/worker/worker_metrics.hpp"

namespace r8r::worker {
namespace {

using std::chrono::milliseconds;

constexpr int kTooManyRequests = 429;
constexpr int kServiceUnavailable = 503;

EffectOutcome failed(ErrorCode code, std::string message, bool permanent) {
  return EffectOutcome{.output = fail(code, std::move(message)), .permanent = permanent};
}

// 408, 425 and 429 say "later"; the rest of 4xx says that the request itself is wrong.
bool is_permanent_status(int status) {
  return status >= 400 && status < 500 && status != 408 && status != 425 && status != kTooManyRequests;
}

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool is_credential(std::string_view name) {
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower == "authorization" || lower == "cookie" || lower == "x-api-key" || lower == "host";
}

// Turns the request into the one that a redirect asks for (RFC 9110, 15.4).
void follow(HttpRequest& request, int status, Url target) {
  if (!target.same_origin(request.url))
    std::erase_if(request.headers, [](const auto& item) { return is_credential(item.first); });
  const bool was_post = request.method == "POST";
  if ((status == 303 && request.method != "HEAD") || (was_post && (status == 301 || status == 302))) {
    request.method = "GET";
    request.body.reset();
    std::erase_if(request.headers,
                  [](const auto& item) { return item.first == "Content-Type" || item.first == "Idempotency-Key"; });
  }
  request.url = std::move(target);
}

EffectOutcome outcome_of(HttpResponse response, const HttpCall& call, milliseconds duration) {
  const int status = response.status;
  if (status >= 0 && status < static_cast<int>(call.expected.size()) &&
      call.expected.test(static_cast<std::size_t>(status)))
    return EffectOutcome{.output = http_output(std::move(response), call.raw_response, duration)};
  EffectOutcome outcome =
      failed(ErrorCode::node_execution_failed, fmt::format("HTTP request failed with status {}", status),
             is_permanent_status(status));
  const std::string* asked = response.header("retry-after");
  if (asked != nullptr && (status == kTooManyRequests || status == kServiceUnavailable))
    outcome.retry_after = retry_after(*asked, wall_now());
  if (const std::string excerpt = body_excerpt(response); !excerpt.empty()) outcome.logs = "response: " + excerpt;
  return outcome;
}

EffectOutcome outcome_of(const HttpFailure& failure, const Url& url, milliseconds limit) {
  switch (failure.kind) {
    case HttpFailure::Kind::timeout:
      return failed(ErrorCode::timeout,
                    fmt::format("HTTP request to {} timed out after {:g} seconds", url.origin(),
                                static_cast<double>(limit.count()) / 1000),
                    false);
    case HttpFailure::Kind::cancelled:
      return failed(ErrorCode::cancelled, "cancelled", false);
    case HttpFailure::Kind::other:
      break;
  }
  return failed(ErrorCode::node_execution_failed,
                fmt::format("HTTP request to {} failed: {}", url.origin(), failure.message), failure.permanent);
}

}  // namespace

awaitable<EffectOutcome> HttpNode::run(EffectContext context, expr::Value config, Cancellation& cancellation) {
  Result<HttpCall> read = read_http_config(config, context.idempotency_key);
  if (!read) co_return failed(ErrorCode::invalid_field, std::move(read.error().message), true);
  HttpCall call = std::move(*read);

  const milliseconds limit = context.timeout ? std::min(*context.timeout, call.timeout) : call.timeout;
  const auto began = SteadyClock::now();
  const auto elapsed = [began] { return std::chrono::duration_cast<milliseconds>(SteadyClock::now() - began); };
  const std::string first_method = call.method;

  HttpRequest request{.method = call.method,
                      .url = call.url,
                      .headers = std::move(call.headers),
                      .body = std::move(call.body),
                      .max_response_bytes = call.max_response_bytes,
                      .verify_tls = call.verify_tls,
                      .send_once = !call.repeatable};
  for (int redirects = 0;; ++redirects) {
    request.timeout = std::max(limit - elapsed(), milliseconds(1));
    tl::expected<HttpResponse, HttpFailure> answer = co_await client_.perform(request, cancellation);
    if (!answer) {
      const bool timed_out = answer.error().kind == HttpFailure::Kind::timeout;
      WorkerMetrics::http_request(first_method, timed_out ? "timeout" : "error", elapsed());
      co_return outcome_of(answer.error(), request.url, limit);
    }
    const std::string* location = answer->header("location");
    if (call.max_redirects == 0 || location == nullptr || !is_redirect(answer->status)) {
      WorkerMetrics::http_request(first_method, std::to_string(answer->status), elapsed());
      co_return outcome_of(std::move(*answer), call, elapsed());
    }
    if (redirects == call.max_redirects) {
      WorkerMetrics::http_request(first_method, "error", elapsed());
      co_return failed(
          ErrorCode::node_execution_failed,
          fmt::format("HTTP request to {} failed: more than {} redirects", call.url.origin(), call.max_redirects),
          true);
    }
    Result<Url> target = resolve_url(request.url, *location);
    if (!target) {
      WorkerMetrics::http_request(first_method, "error", elapsed());
      co_return failed(
          ErrorCode::node_execution_failed,
          fmt::format("HTTP request to {} failed: redirected to a {}", request.url.origin(), target.error().message),
          true);
    }
    follow(request, answer->status, std::move(*target));
  }
}

}  // namespace r8r::worker
