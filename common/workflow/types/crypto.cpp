#include "common/workflow/types/crypto.hpp"

#include "common/workflow/problem_list.hpp"
#include "common/workflow/types/types.hpp"

namespace r8r::workflow {
namespace {

constexpr double kMaxRandomBytes = 1'024;
constexpr std::int64_t kRandomBytes = 32;

bool is_constant(const SourceNode* node) {
  return node != nullptr && node->is_scalar() && !holds_template(*node);
}

void check_crypto(const NodeType& type, const SourceNode& config, const std::string& path, ProblemList& problems) {
  const SourceNode* operation = type.given(config, "operation");
  if (!is_constant(operation)) return;
  const auto is = [&](std::string_view name) { return same_word(operation->scalar, name); };
  const bool needs_data = !is("uuid") && !is("random");
  const SourceNode* data = type.given(config, "data");
  const SourceNode* data_field = type.given(config, "data_field");
  if (needs_data && data == nullptr && data_field == nullptr) {
    problems.add(path + ".data", config, fmt::format("operation {} needs 'data' or 'data_field'", operation->scalar),
                 "data: a value or a template; data_field: a path such as input.password");
  } else if (data != nullptr && data_field != nullptr) {
    problems.add(path + ".data_field", *data_field, "'data_field' cannot stand beside 'data'", "give one of them");
  }
  const SourceNode* algorithm = type.given(config, "algorithm");
  const bool keyed_hash = is("hash") && is_constant(algorithm) && algorithm->scalar.size() > 5 &&
                          same_word(std::string_view(algorithm->scalar).substr(0, 5), "hmac-");
  if ((is("hmac") || is("encrypt") || is("decrypt") || keyed_hash) && type.given(config, "key") == nullptr)
    problems.add(path + ".key", config, fmt::format("operation {} needs 'key'", operation->scalar));
}

std::shared_ptr<const ParsedConfig> parse_crypto(ConfigReader& config) {
  auto crypto = std::make_shared<CryptoConfig>();
  crypto->operation = config.text("operation").value_or("");
  crypto->algorithm = config.text("algorithm").value_or("");
  crypto->output_format = config.text("output_format").value_or("");
  crypto->data = config.operand("data");
  crypto->data_field = config.program("data_field");
  if (const auto key = config.find("key")) {
    if (!key->is_open()) key->text();  // says so when it is none
    crypto->key = key->operand();
  }
  crypto->length = config.integer("length").value_or(kRandomBytes);
  crypto->reads_input = false;
  return crypto;
}

}  // namespace

NodeType crypto_type() {
  return {.name = "crypto",
          .node_class = NodeClass::pure,
          .fields =
              {{.name = "operation",
                .kind = ConfigKind::word,
                .required = true,
                .words = {"hash", "hmac", "base64_encode", "base64_decode", "hex_encode", "hex_decode", "encrypt",
                          "decrypt", "uuid", "random"}},
               {.name = "algorithm",
                .kind = ConfigKind::word,
                .words = {"md5", "sha1", "sha256", "sha384", "sha512", "blake2b", "hmac-md5", "hmac-sha1",
                          "hmac-sha256", "hmac-sha384", "hmac-sha512", "hmac-blake2b", "aes-256-gcm"}},
               {.name = "data", .kind = ConfigKind::parts},
               {.name = "data_field", .kind = ConfigKind::path},
               {.name = "key", .kind = ConfigKind::parts, .aliases = {"secret"}},
               {.name = "output_format", .kind = ConfigKind::word, .aliases = {"encoding"}, .words = {"hex", "base64"}},
               {.name = "length", .kind = ConfigKind::integer, .low = 1, .high = kMaxRandomBytes}},
          .parse = parse_crypto,
          .check = check_crypto};
}

}  // namespace r8r::workflow
