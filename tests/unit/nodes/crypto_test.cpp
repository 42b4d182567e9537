#include <set>

#include <gtest/gtest.h>

#include "common/base/byte_text.hpp"
#include "common/expr/json.hpp"
#include "common/nodes/cipher.hpp"
#include "tests/unit/nodes/running.hpp"

namespace r8r::nodes {
namespace {

/// The result of a crypto node, or its error.
std::string result_of(std::string_view config, std::string_view input = "null") {
  const NodeRun run = run_one("crypto", config, input);
  if (run.outcome != Outcome::completed) return fmt::format("{}: {}", run.error_code, run.error);
  const auto output = expr::parse_json(run.output);
  return std::string(output->as_map().find("result")->as_string());
}

TEST(CryptoNode, HashesOfAbc) {
  EXPECT_EQ(result_of("{operation: hash, data: abc}"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(result_of("{operation: hash, algorithm: md5, data: abc}"), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(result_of("{operation: hash, algorithm: sha1, data: abc}"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(result_of("{operation: hash, algorithm: SHA384, data: abc}"),
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7");
  EXPECT_EQ(
      result_of("{operation: hash, algorithm: sha512, data: abc}"),
      "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce8"
      "0e2a9ac94fa54ca49f");
  // RFC 7693.
  EXPECT_EQ(result_of("{operation: hash, algorithm: blake2b, data: abc}"),
            "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d17d87c5392aab792dc252d5de4533cc9518d3"
            "8aa8dbf1925ab92386edd4009923");
  EXPECT_EQ(result_of("{operation: hash, data: abc, encoding: base64}"),
            "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
}

// RFC 4231 and RFC 2202, test case 2.
TEST(CryptoNode, KeyedHashes) {
  const auto hashed = [](std::string_view more) {
    return result_of(fmt::format("{{data: 'what do ya want for nothing?', {}}}", more));
  };
  const std::string sha256 = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
  EXPECT_EQ(hashed("operation: hmac, key: Jefe"), sha256);
  EXPECT_EQ(hashed("operation: hmac, secret: Jefe, algorithm: hmac-sha256"), sha256);
  EXPECT_EQ(hashed("operation: hash, key: Jefe, algorithm: hmac-sha256"), sha256);
  EXPECT_EQ(hashed("operation: hmac, key: Jefe, algorithm: md5"), "750c783e6ab0b503eaa86e310a5db738");
  EXPECT_EQ(hashed("operation: hmac, key: Jefe, algorithm: sha1"), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
  EXPECT_EQ(hashed("operation: hmac, key: Jefe, algorithm: sha384"),
            "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649");
  EXPECT_EQ(
      hashed("operation: hmac, key: Jefe, algorithm: sha512"),
      "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4"
      "b636e070a38bce737");
}

TEST(CryptoNode, DataComesFromTheConfigOrFromAPath) {
  const std::string abc = result_of("{operation: hex_encode, data: abc}");
  EXPECT_EQ(abc, "616263");
  EXPECT_EQ(result_of("{operation: hex_encode, data: '{{ input.a }}'}", R"({"a":"abc"})"), abc);
  EXPECT_EQ(result_of("{operation: hex_encode, data_field: a.b}", R"({"a":{"b":"abc"}})"), abc);
  EXPECT_EQ(result_of("{operation: base64_encode, data: {a: [1, 2.5]}}"), to_base64(R"({"a":[1,2.5]})"));
  EXPECT_EQ(result_of("{operation: hash, data: '{{ input.a }}'}", "{}"),
            "INVALID_INPUT: data: operation hash needs data, and there is nothing");
  EXPECT_EQ(result_of("{operation: hash, data_field: a.c}", R"({"a":{}})"),
            "INVALID_INPUT: data_field: operation hash needs data, and there is nothing");
}

TEST(CryptoNode, EncodingsAndBack) {
  EXPECT_EQ(result_of("{operation: base64_encode, data: 'Grüße'}"), "R3LDvMOfZQ==");
  EXPECT_EQ(result_of("{operation: base64_decode, data: 'R3LDvMOfZQ=='}"), "Grüße");
  EXPECT_EQ(result_of("{operation: base64_decode, data: '-_8'}"),
            result_of("{operation: base64_decode, data: '+/8='}"));
  EXPECT_EQ(result_of("{operation: hex_decode, data: '4772C3bc'}"), "Grü");
  EXPECT_EQ(result_of("{operation: hex_decode, data: ff}"), "\xef\xbf\xbd");
  EXPECT_EQ(result_of("{operation: base64_decode, data: 'a'}"),
            "INVALID_INPUT: base64_decode: the data are not base64");
  EXPECT_EQ(result_of("{operation: hex_decode, data: abc}"), "INVALID_INPUT: hex_decode: the data are not hexadecimal");
}

// Test cases 13 and 14 of the GCM specification, as NIST has them too.
TEST(Cipher, AgreesWithTheSpecification) {
  const std::string key(32, '\0');
  const std::string nonce(12, '\0');
  const std::string zeros(16, '\0');
  EXPECT_EQ(to_hex(seal(key, nonce, "")), std::string(24, '0') + "530f8afbc74536b9a963b4f1c4cb738b");
  EXPECT_EQ(to_hex(seal(key, nonce, zeros)),
            std::string(24, '0') + "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919");
  EXPECT_EQ(open_sealed(key, seal(key, nonce, "")), "");
  EXPECT_EQ(open_sealed(key, seal(key, nonce, zeros)), zeros);
}

TEST(CryptoNode, DecryptsWhatOthersEncrypted) {
  EXPECT_EQ(
      result_of(fmt::format("{{operation: decrypt, key: '{}', data: '{}'}}", std::string(64, '0'),
                            std::string(24, '0') + "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919")),
      std::string(16, '\0'));
}

TEST(CryptoNode, EncryptedTextComesBackUnderTheSameKeyInAnyForm) {
  const std::string raw = "0123456789abcdef0123456789ABCDEF";
  for (const std::string format : {"hex", "base64"}) {
    const std::string sealed =
        result_of(fmt::format("{{operation: encrypt, key: {}, data: 'über', output_format: {}}}", raw, format));
    for (const std::string& key : {raw, to_hex(raw), to_base64(raw)}) {
      EXPECT_EQ(result_of(fmt::format("{{operation: decrypt, key: '{}', data: '{}'}}", key, sealed)), "über");
    }
  }
}

TEST(CryptoNode, BadKeysAndChangedDataAreNamed) {
  const std::string key(32, 'k');
  std::string sealed = result_of(fmt::format("{{operation: encrypt, key: {}, data: text}}", key));
  EXPECT_EQ(result_of("{operation: encrypt, key: short, data: x}"),
            "INVALID_CONFIG: key: AES-256 needs 32 bytes, and this is no such key (it has 5 characters); write 32 "
            "characters, 64 hexadecimal digits or 44 of base64");
  EXPECT_EQ(result_of("{operation: hmac, key: '{{ input.k }}', data: x}", R"({"k":""})"),
            "INVALID_CONFIG: key: operation hmac needs a key, and it is empty");
  const std::string wrong = "INVALID_INPUT: decrypt: the data were encrypted with another key, or have been changed";
  EXPECT_EQ(result_of(fmt::format("{{operation: decrypt, key: {}, data: '{}'}}", std::string(32, 'j'), sealed)), wrong);
  for (const std::size_t at : {0u, 25u, 40u}) {
    std::string changed = sealed;
    changed[at] = changed[at] == '0' ? '1' : '0';
    EXPECT_EQ(result_of(fmt::format("{{operation: decrypt, key: {}, data: '{}'}}", key, changed)), wrong) << at;
  }
  EXPECT_EQ(result_of(fmt::format("{{operation: decrypt, key: {}, data: abcd}}", key)),
            "INVALID_INPUT: decrypt: the data are too short (2 bytes; at least 28 belong to every text)");
  EXPECT_EQ(result_of(fmt::format("{{operation: decrypt, key: {}, data: '!'}}", key)),
            "INVALID_INPUT: decrypt: the data are neither hexadecimal nor base64 text, as encrypt gives");
  EXPECT_EQ(result_of(fmt::format("{{operation: encrypt, algorithm: sha1, key: {}, data: x}}", key)),
            "INVALID_CONFIG: algorithm: encrypt is always aes-256-gcm, not sha1");
  EXPECT_EQ(result_of("{operation: hash, algorithm: aes-256-gcm, data: x}"),
            "INVALID_CONFIG: algorithm: 'aes-256-gcm' is not there for operation hash");
}

TEST(CryptoNode, ARerunEncryptsAlikeAndNoTwoTextsShareANonce) {
  const std::string key(32, 'k');
  const auto sealed = [&](std::string_view text) {
    return result_of(fmt::format("{{operation: encrypt, key: {}, data: '{}'}}", key, text));
  };
  EXPECT_EQ(sealed("a"), sealed("a"));
  std::set<std::string> nonces;
  for (int i = 0; i < 200; ++i) nonces.insert(sealed(std::to_string(i)).substr(0, 24));
  EXPECT_EQ(nonces.size(), 200u);
  // Two nodes of one task, and another key.
  Segment segment =
      segment_of(fmt::format("nodes:\n  - {{id: a, type: crypto, config: {{operation: encrypt, key: {0}, data: x}}}}\n "
                             " - {{id: b, type: crypto, "
                             "config: {{operation: encrypt, key: {0}, data: x}}}}\n",
                             key));
  ASSERT_TRUE(segment.set_input("null"));
  EXPECT_NE(segment.run(0).output, segment.run(1).output);
}

TEST(CryptoNode, IdsAndBytesComeFromTheTask) {
  const std::string id = result_of("{operation: uuid}");
  EXPECT_EQ(id, result_of("{operation: uuid}"));
  EXPECT_EQ(id.size(), 36u);
  EXPECT_EQ(id[14], '4');
  EXPECT_NE(std::string_view("89ab").find(id[19]), std::string_view::npos);
  EXPECT_EQ(result_of("{operation: random}").size(), 64u);
  EXPECT_EQ(result_of("{operation: random, length: 5}"), result_of("{operation: random}").substr(0, 10));
  EXPECT_EQ(from_base64(result_of("{operation: random, length: 100, output_format: base64}"))->size(), 100u);
  Segment segment = segment_of(
      "nodes:\n  - {id: a, type: crypto, config: {operation: uuid}}\n  - {id: b, type: crypto, config: "
      "{operation: uuid}}\n");
  ASSERT_TRUE(segment.set_input("null"));
  EXPECT_NE(segment.run(0).output, segment.run(1).output);
}

}  // namespace
}  // namespace r8r::nodes
