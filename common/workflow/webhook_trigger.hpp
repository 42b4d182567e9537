#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "common/expr/template.hpp"

namespace r8r::workflow {

/// A header that a request must have, or that must have this form when it is there.
struct HeaderRule {
  std::string name;  ///< lower case
  std::optional<std::string> value;
  std::optional<std::string> pattern;  ///< RE2, found anywhere; known to compile
  bool required = false;
};

struct SignatureRule {
  std::string scheme;  ///< github, stripe, slack, generic
  /// Exactly one of the three.
  std::optional<std::string> secret_env;
  std::optional<std::string> secret_credential;
  std::optional<expr::ValueTemplate> secret;
  std::string header = "X-Signature";  ///< of generic
  std::string algorithm = "sha256";    ///< of generic: sha1, sha256, sha512
  std::chrono::seconds tolerance{300};
  bool replay_protection = false;
};

/// Calls with one key become one execution with the last input.
struct Debounce {
  std::optional<expr::ValueTemplate> key;  ///< sees input, body, headers, query; absent: the whole path
  std::chrono::milliseconds wait{5'000};
  std::chrono::milliseconds max_wait{60'000};
};

struct Dedupe {
  std::optional<expr::ValueTemplate> key;  ///< as in Debounce; absent: the delivery's own id
  std::chrono::seconds ttl{86'400};
};

struct WebhookTrigger {
  std::string path;                    ///< as it is served: begins with /; empty: only /webhooks/{name}
  std::vector<std::string> methods;    ///< upper case; empty: any
  std::string response_mode = "full";  ///< full, output, async
  std::chrono::milliseconds timeout{30'000};
  bool envelope = false;  ///< input_mode: envelope
  std::vector<HeaderRule> header_filter;
  bool ignore_mismatch = false;  ///< on_mismatch: ignore — 204 instead of 400 when the filter is not met
  std::optional<SignatureRule> signature;
  std::optional<Debounce> debounce;
  std::optional<Dedupe> dedupe;
};

}  // namespace r8r::workflow
