#include "common/http/websocket_frames.hpp"

#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "common/http/message_deflate.hpp"

namespace r8r::http {
namespace {

using Kind = SocketEvent::Kind;

/// A client's frame: `first` is FIN, RSV and opcode.
std::string masked(int first, std::string_view payload, std::string_view key = "\x01\x02\x03\x04") {
  std::string out(1, static_cast<char>(first));
  if (payload.size() < 126) {
    out.push_back(static_cast<char>(0x80 | payload.size()));
  } else if (payload.size() <= 0xFFFF) {
    out += {static_cast<char>(0xFE), static_cast<char>(payload.size() >> 8), static_cast<char>(payload.size())};
  } else {
    out.push_back(static_cast<char>(0xFF));
    for (int shift = 56; shift >= 0; shift -= 8)
      out.push_back(static_cast<char>(static_cast<std::uint64_t>(payload.size()) >> shift));
  }
  out += key;
  for (std::size_t i = 0; i < payload.size(); ++i) out.push_back(static_cast<char>(payload[i] ^ key[i % 4]));
  return out;
}

/// All events in `bytes`, given in pieces of `step` bytes, one word each.
std::string events(MessageReader& reader, const std::string& bytes, std::size_t step = std::string::npos) {
  std::string out;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::string_view piece = std::string_view(bytes).substr(at, step);
    at += piece.size();
    std::string_view rest = piece;
    while (auto event = reader.next(rest)) {
      constexpr std::string_view kNames[] = {"text", "ping", "pong", "close", "failure"};
      if (!out.empty()) out += ' ';
      out += kNames[static_cast<int>(event->kind)];
      if (event->kind == Kind::close || event->kind == Kind::failure) {
        out += ':' + std::to_string(event->code);
      } else {
        out += '(' + event->payload + ')';
      }
    }
  }
  return out;
}

std::string events(const std::string& bytes, bool deflate = false) {
  MessageReader reader(1000, deflate);
  return events(reader, bytes);
}

TEST(MessageReader, PutsFragmentsTogetherAroundControlFrames) {
  const std::string bytes = masked(0x81, "one") + masked(0x01, "t") + masked(0x89, "p") + masked(0x00, "w") +
                            masked(0x8A, "") + masked(0x80, "o") + masked(0x81, "") +
                            masked(0x88,
                                   "\x03\xe8"
                                   "bye");
  for (const std::size_t step : {1u, 2u, 3u, 7u, 1000u}) {
    MessageReader reader(1000, false);
    EXPECT_EQ(events(reader, bytes, step), "text(one) ping(p) pong() text(two) text() close:1000") << step;
    EXPECT_TRUE(reader.ended());
  }
}

TEST(MessageReader, ReadsLongLengths) {
  MessageReader reader(100'000, false);
  const std::string medium(300, 'm'), large(70'000, 'l');
  EXPECT_EQ(events(reader, masked(0x81, medium) + masked(0x81, large), 1000),
            "text(" + medium + ") text(" + large + ")");
}

TEST(MessageReader, RefusesWhatTheProtocolForbids) {
  EXPECT_EQ(events(std::string("\x81\x02hi")), "failure:1002") << "not masked";
  EXPECT_EQ(events(masked(0x91, "")), "failure:1002") << "reserved bit";
  EXPECT_EQ(events(masked(0x83, "")), "failure:1002") << "unknown data opcode";
  EXPECT_EQ(events(masked(0x8B, "")), "failure:1002") << "unknown control opcode";
  EXPECT_EQ(events(masked(0x09, "")), "failure:1002") << "fragmented ping";
  EXPECT_EQ(events(masked(0x89, std::string(126, 'x'))), "failure:1002") << "long ping";
  EXPECT_EQ(events(masked(0x80, "")), "failure:1002") << "nothing to continue";
  EXPECT_EQ(events(masked(0x01, "a") + masked(0x81, "b")), "failure:1002") << "a message inside of another";
  EXPECT_EQ(events(masked(0xC1, "a")), "failure:1002") << "compressed without agreement";
  EXPECT_EQ(events(masked(0x88, "x")), "failure:1002") << "half a close code";
  EXPECT_EQ(events(masked(0x88, "\x03\xee")), "failure:1002") << "close code 1006";
  EXPECT_EQ(events(masked(0x82, "")), "failure:1003") << "binary";
  EXPECT_EQ(events(masked(0x81, "\xff")), "failure:1007") << "not UTF-8";
  EXPECT_EQ(events(masked(0x88, "\x03\xe8\xff")), "failure:1007") << "reason not UTF-8";
  EXPECT_EQ(events(masked(0x81, std::string(1001, 'x')).substr(0, 8)), "failure:1009")
      << "too large, by its head alone";
  EXPECT_EQ(events(masked(0x01, std::string(600, 'x')) + masked(0x80, std::string(401, 'x'))), "failure:1009");
  EXPECT_EQ(events(masked(0x88, "")), "close:1005");
}

TEST(MessageReader, NothingComesAfterTheEnd) {
  EXPECT_EQ(events(masked(0x88, "") + masked(0x81, "late")), "close:1005");
  EXPECT_EQ(events(masked(0x82, "") + masked(0x81, "late")), "failure:1003");
}

TEST(MessageReader, UnpacksCompressedMessages) {
  // RFC 7692 section 7.2.3: "Hello" in one block, in two fragments, without compression, and with the final bit.
  const std::string hello("\xf2\x48\xcd\xc9\xc9\x07\x00", 7);
  EXPECT_EQ(events(masked(0xC1, hello), true), "text(Hello)");
  EXPECT_EQ(events(masked(0x41, hello.substr(0, 3)) + masked(0x89, "") + masked(0x80, hello.substr(3)), true),
            "ping() text(Hello)");
  EXPECT_EQ(events(masked(0xC1, std::string("\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00", 11)), true), "text(Hello)");
  EXPECT_EQ(events(masked(0xC1, std::string("\xf3\x48\xcd\xc9\xc9\x07\x00\x00", 8)), true), "text(Hello)");
  EXPECT_EQ(events(masked(0xC1, hello) + masked(0x81, "plain") + masked(0xC1, hello), true),
            "text(Hello) text(plain) text(Hello)");
  EXPECT_EQ(events(masked(0xC1, std::string("\x00", 1)), true), "text()");
  EXPECT_EQ(events(masked(0xC1, "garbage"), true), "failure:1002");
}

TEST(MessageReader, CompressedMessagesOfAnySizeFollowEachOther) {
  MessageReader reader(64 * 1024, true);
  for (std::size_t size = 1; size < 60'000; size = size * 5 / 3 + 1) {
    const std::string text(size, 'x');
    ASSERT_EQ(events(reader, masked(0xC1, deflate_message(text)), 777), "text(" + text + ")") << size;
  }
}

TEST(MessageReader, ACompressedBombIsTooLarge) {
  EXPECT_EQ(events(masked(0xC1, deflate_message(std::string(1000, 'x'))), true).substr(0, 5), "text(");
  EXPECT_EQ(events(masked(0xC1, deflate_message(std::string(1001, 'x'))), true), "failure:1009");
  MessageReader reader(64 * 1024, true);
  EXPECT_EQ(events(reader, masked(0xC1, deflate_message(std::string(20'000'000, 'x')))), "failure:1009");
}

TEST(MessageReader, RandomBytesNeverHarm) {
  const unsigned seed = 20260120;
  std::mt19937 random(seed);
  const auto below = [&random](std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random); };
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes;
    for (std::size_t i = below(6); i < 6; ++i) {
      constexpr int kFirst[] = {0x81, 0x01, 0x80, 0x00, 0x89, 0x8A, 0xC1, 0x41};
      std::string text(below(200), static_cast<char>('a' + below(26)));
      bytes += masked(kFirst[below(8)], below(2) ? text : deflate_message(text));
    }
    for (std::size_t i = below(3); i > 0; --i) bytes[below(bytes.size())] = static_cast<char>(below(256));
    MessageReader reader(150, true);
    for (std::size_t at = 0; at < bytes.size();) {
      std::string_view piece = std::string_view(bytes).substr(at, below(50) + 1);
      at += piece.size();
      while (const auto event = reader.next(piece)) {
        ASSERT_LE(event->payload.size(), 150u) << "seed " << seed << ", round " << round;
      }
      ASSERT_TRUE(piece.empty() || reader.ended());
    }
  }
}

TEST(Frames, HaveTheShortestLength) {
  EXPECT_EQ(frame_head(Opcode::text, 125), std::string("\x81\x7d", 2));
  EXPECT_EQ(frame_head(Opcode::text, 126), std::string("\x81\x7e\x00\x7e", 4));
  EXPECT_EQ(frame_head(Opcode::text, 65535, true), std::string("\xc1\x7e\xff\xff", 4));
  EXPECT_EQ(frame_head(Opcode::text, 65536), std::string("\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00", 10));
  EXPECT_EQ(close_frame(1001, "bye"), std::string("\x88\x05\x03\xe9"
                                                  "bye",
                                                  7));
  const std::string cut = close_frame(1000, std::string(122, 'a') + "€");
  EXPECT_EQ(cut.size(), 2u + 2 + 122);
}

TEST(Deflate, OffersAreMetWhenTheyCanBe) {
  EXPECT_TRUE(agree_on_deflate("permessage-deflate"));
  EXPECT_TRUE(agree_on_deflate("permessage-deflate; client_max_window_bits"));
  EXPECT_TRUE(agree_on_deflate("x-other, permessage-deflate;server_max_window_bits=15;client_max_window_bits=10"));
  EXPECT_TRUE(agree_on_deflate("permessage-deflate; server_max_window_bits=10, permessage-deflate"));
  EXPECT_FALSE(agree_on_deflate("permessage-deflate; server_max_window_bits=10"));
  EXPECT_FALSE(agree_on_deflate("permessage-deflate; unknown"));
  EXPECT_FALSE(agree_on_deflate("x-webkit-deflate-frame"));
  EXPECT_FALSE(agree_on_deflate(""));
}

TEST(Deflate, EachMessageStandsAlone) {
  std::mt19937 random(7);
  for (int i = 0; i < 200; ++i) {
    std::string text(random() % 50'000, '\0');
    for (char& c : text) c = static_cast<char>(random() % (i % 2 ? 256 : 4));
    std::string plain;
    ASSERT_EQ(inflate_message(deflate_message(text), text.size(), plain), InflateOutcome::done);
    ASSERT_TRUE(plain == text);
  }
}

TEST(Deflate, AMessageForManyIsCompressedOnce) {
  DeflatedMessages messages;
  const auto text = std::make_shared<const std::string>(std::string(5000, 'x'));
  const auto first = messages.of(text);
  ASSERT_TRUE(first);
  EXPECT_LT(first->size(), 100u);
  EXPECT_EQ(messages.of(text), first);
  EXPECT_EQ(messages.of(std::make_shared<const std::string>("short")), nullptr);
}

}  // namespace
}  // namespace r8r::http
