#include "common/workflow/types/crypto.hpp"

#include "common/base/byte_text.hpp"
#include "common/expr/json.hpp"
#include "common/expr/text.hpp"
#include "common/nodes/body.hpp"
#include "common/nodes/cipher.hpp"
#include "common/workflow/node_types.hpp"

namespace r8r::nodes {
namespace {

using TextResult = tl::expected<std::string, Failure>;

constexpr std::string_view kKeyed = "hmac-";

const workflow::CryptoConfig& config_of(const Call& call) {
  return call.config_as<workflow::CryptoConfig>();
}

std::string encoded(const Call& call, std::string_view bytes) {
  return config_of(call).output_format == "base64" ? to_base64(bytes) : to_hex(bytes);
}

/// What an operation works on: text as it is, anything else as compact JSON.
TextResult data_of(const Call& call, std::string_view operation) {
  const auto& config = config_of(call);
  std::string_view place = "data";
  BodyResult found = call.evaluate(config.data, place);
  if (found && found->is_null() && config.data_field) {
    place = "data_field";
    found = call.evaluate(*config.data_field, place);
  }
  if (!found) return tl::make_unexpected(std::move(found.error()));
  const expr::Value& data = *found;
  if (data.is_null())
    return failure(kInvalidInput, fmt::format("{}: operation {} needs data, and there is nothing", place, operation));
  return data.is_string() ? std::string(data.as_string()) : expr::to_json(data);
}

TextResult key_of(const Call& call, std::string_view operation) {
  const BodyResult key = call.evaluate(config_of(call).key, "key");
  if (!key) return tl::make_unexpected(key.error());
  if (!key->is_null() && !key->is_string())
    return failure(kInvalidConfig, fmt::format("'key' must be a string, not {}", key->description()));
  if (key->is_null() || key->as_string().empty())
    return failure(kInvalidConfig, fmt::format("key: operation {} needs a key, and it is empty", operation));
  return std::string(key->as_string());
}

/// 32 bytes as they are, in hexadecimal or in base64.
TextResult cipher_key_of(const Call& call, std::string_view operation) {
  TextResult given = key_of(call, operation);
  if (!given || given->size() == kCipherKeyBytes) return given;
  for (const auto decode : {&from_hex, &from_base64}) {
    if (auto bytes = decode(*given); bytes && bytes->size() == kCipherKeyBytes) return std::move(*bytes);
  }
  return failure(kInvalidConfig,
                 fmt::format("key: AES-256 needs 32 bytes, and this is no such key (it has {} characters); write 32 "
                             "characters, 64 hexadecimal digits or 44 of base64",
                             expr::count_characters(*given)));
}

/// Bytes that this run of this node gives, and no other: from the execution, the node, the task's seed and `purpose`.
std::string bytes_of_this_run(const Call& call, std::string_view key, std::string_view purpose) {
  const expr::Value* id = call.context.scope.execution().as_map().find("id");
  const std::string seed = std::to_string(call.context.seed);
  const std::string index = expr::to_json(call.context.scope.index());
  const std::string_view parts[] = {id != nullptr && id->is_string() ? id->as_string() : std::string_view(),
                                    call.node.id, seed, index, purpose};
  // Lengths in front keep two different lists of parts from being one text.
  std::string text;
  for (const std::string_view part : parts) {
    text += fmt::format("{}:", part.size());
    text += part;
  }
  return *hmac("sha256", key, text);
}

std::string random_bytes(const Call& call, std::size_t length) {
  std::string bytes;
  for (int block = 0; bytes.size() < length; ++block)
    bytes += bytes_of_this_run(call, "random", fmt::format("block {}", block));
  bytes.resize(length);
  return bytes;
}

/// A version 4 id.
std::string uuid(const Call& call) {
  std::string bytes = random_bytes(call, 16);
  bytes[6] = static_cast<char>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);
  std::string text = to_hex(bytes);
  for (const std::size_t at : {8u, 13u, 18u, 23u}) text.insert(at, 1, '-');
  return text;
}

TextResult hash(const Call& call, std::string_view operation, std::string_view data) {
  std::string algorithm = config_of(call).algorithm.empty() ? "sha256" : config_of(call).algorithm;
  const bool keyed = operation == "hmac" || algorithm.starts_with(kKeyed);
  if (algorithm.starts_with(kKeyed)) algorithm.erase(0, kKeyed.size());
  std::optional<std::string> bytes;
  if (keyed) {
    const TextResult key = key_of(call, operation);
    if (!key) return key;
    bytes = hmac(algorithm, *key, data);
  } else {
    bytes = digest(algorithm, data);
  }
  if (!bytes)
    return failure(kInvalidConfig, fmt::format("algorithm: '{}' is not there for operation {}", algorithm, operation));
  return encoded(call, *bytes);
}

TextResult encrypt(const Call& call, std::string_view data) {
  const TextResult key = cipher_key_of(call, "encrypt");
  if (!key) return key;
  // docs/decisions/007-nonces.md
  const std::string nonce = bytes_of_this_run(call, *key, data).substr(0, kNonceBytes);
  return encoded(call, seal(*key, nonce, data));
}

TextResult decrypt(const Call& call, std::string_view data) {
  const TextResult key = cipher_key_of(call, "decrypt");
  if (!key) return key;
  const std::string& format = config_of(call).output_format;
  std::optional<std::string> sealed;
  if (format != "base64") sealed = from_hex(data);
  if (!sealed && format != "hex") sealed = from_base64(data);
  if (!sealed)
    return failure(kInvalidInput, "decrypt: the data are neither hexadecimal nor base64 text, as encrypt gives");
  if (sealed->size() < kNonceBytes + kTagBytes)
    return failure(kInvalidInput,
                   fmt::format("decrypt: the data are too short ({} bytes; at least {} belong to every text)",
                               sealed->size(), kNonceBytes + kTagBytes));
  auto text = open_sealed(*key, *sealed);
  if (!text) return failure(kInvalidInput, "decrypt: the data were encrypted with another key, or have been changed");
  return expr::repaired_utf8(*text);
}

TextResult decoded(std::string_view operation, std::optional<std::string> bytes) {
  if (!bytes) {
    return failure(kInvalidInput, fmt::format("{}: the data are not {}", operation,
                                              operation == "hex_decode" ? "hexadecimal" : "base64"));
  }
  return expr::repaired_utf8(*bytes);
}

TextResult result_of(const Call& call) {
  const auto& config = config_of(call);
  const std::string& operation = config.operation;
  if (operation == "uuid") return uuid(call);
  if (operation == "random") return encoded(call, random_bytes(call, static_cast<std::size_t>(config.length)));
  const TextResult data = data_of(call, operation);
  if (!data) return data;
  if (operation == "base64_encode") return to_base64(*data);
  if (operation == "base64_decode") return decoded(operation, from_base64(*data));
  if (operation == "hex_encode") return to_hex(*data);
  if (operation == "hex_decode") return decoded(operation, from_hex(*data));
  if (operation == "encrypt" || operation == "decrypt") {
    if (!config.algorithm.empty() && config.algorithm != "aes-256-gcm") {
      return failure(kInvalidConfig,
                     fmt::format("algorithm: {} is always aes-256-gcm, not {}", operation, config.algorithm));
    }
    return operation == "encrypt" ? encrypt(call, *data) : decrypt(call, *data);
  }
  return hash(call, operation, *data);
}

}  // namespace

BodyResult run_crypto(Call& call) {
  const TextResult result = result_of(call);
  if (!result) return tl::make_unexpected(result.error());
  expr::Map output;
  output.set("result", expr::Value::string(*result));
  return expr::Value::map(std::move(output));
}

}  // namespace r8r::nodes
