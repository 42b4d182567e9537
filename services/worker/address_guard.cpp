#include "services/worker/address_guard.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <span>

namespace r8r::worker {
namespace {

using boost::asio::ip::address;
using boost::asio::ip::address_v4;
using boost::asio::ip::address_v6;
using Bytes6 = address_v6::bytes_type;

struct Range4 {
  std::uint32_t base;
  int prefix;
};

constexpr std::uint32_t v4(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
  return a << 24 | b << 16 | c << 8 | d;
}

// The special-purpose registry of IANA, and one public address that is a metadata service.
constexpr std::array kInternal4 = {
    Range4{v4(0, 0, 0, 0), 8},         // "this network"
    Range4{v4(10, 0, 0, 0), 8},        // private
    Range4{v4(100, 64, 0, 0), 10},     // carrier-grade NAT; has a cloud's metadata service at 100.100.100.200
    Range4{v4(127, 0, 0, 0), 8},       // loopback
    Range4{v4(168, 63, 129, 16), 32},  // a cloud's platform service
    Range4{v4(169, 254, 0, 0), 16},    // link-local; metadata at 169.254.169.254
    Range4{v4(172, 16, 0, 0), 12},     // private
    Range4{v4(192, 0, 0, 0), 24},      // protocol assignments; a cloud's metadata at 192.0.0.192
    Range4{v4(192, 0, 2, 0), 24},      // documentation
    Range4{v4(192, 88, 99, 0), 24},    // 6to4 relays
    Range4{v4(192, 168, 0, 0), 16},    // private
    Range4{v4(198, 18, 0, 0), 15},     // benchmarks
    Range4{v4(198, 51, 100, 0), 24},   // documentation
    Range4{v4(203, 0, 113, 0), 24},    // documentation
    Range4{v4(224, 0, 0, 0), 4},       // multicast
    Range4{v4(240, 0, 0, 0), 4},       // reserved, broadcast
};

bool is_internal_v4(std::uint32_t bits) {
  return std::any_of(kInternal4.begin(), kInternal4.end(), [bits](const Range4& range) {
    const std::uint32_t mask = range.prefix == 0 ? 0 : ~std::uint32_t{0} << (32 - range.prefix);
    return (bits & mask) == range.base;
  });
}

bool has_prefix(std::span<const std::uint8_t> bytes, std::span<const std::uint8_t> base, int bits) {
  for (int i = 0; bits > 0; ++i, bits -= 8) {
    const auto at = static_cast<std::size_t>(i);
    const auto mask = static_cast<std::uint8_t>(bits >= 8 ? 0xff : 0xff << (8 - bits));
    if ((bytes[at] & mask) != (base[at] & mask)) return false;
  }
  return true;
}

bool in_range6(const Bytes6& bytes, std::string_view base, int bits) {
  const Bytes6 network = boost::asio::ip::make_address_v6(base).to_bytes();
  return has_prefix(bytes, network, bits);
}

std::uint32_t embedded_v4(const Bytes6& bytes, std::size_t at) {
  return v4(bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]);
}

bool is_internal_v6(const Bytes6& bytes) {
  // Forms that lead to an IPv4 address.
  if (in_range6(bytes, "::ffff:0:0", 96)) return is_internal_v4(embedded_v4(bytes, 12));
  if (in_range6(bytes, "64:ff9b::", 96)) return is_internal_v4(embedded_v4(bytes, 12));
  if (in_range6(bytes, "2002::", 16)) return is_internal_v4(embedded_v4(bytes, 2));
  // Only global unicast is public at all: this leaves out ::, ::1, the unique local, link-local, site-local and
  // multicast ranges, local NAT64 and the discard prefix.
  if (!in_range6(bytes, "2000::", 3)) return true;
  return in_range6(bytes, "2001::", 23) ||      // protocol assignments, Teredo, ORCHID
         in_range6(bytes, "2001:db8::", 32) ||  // documentation
         in_range6(bytes, "3fff::", 20);        // documentation
}

std::string canonical_host(std::string_view host) {
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  if (host.ends_with('.')) host.remove_suffix(1);
  std::string out(host);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool is_host_name(std::string_view name) {
  return !name.empty() && name.size() <= 253 && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '.' || c == '_';
  }) && std::any_of(name.begin(), name.end(), [](unsigned char c) { return std::isalpha(c) != 0; });
}

// The IPv4 address of a mapped one, so that 127.0.0.0/8 also covers ::ffff:127.0.0.1.
address unmapped(const address& given) {
  if (given.is_v6() && given.to_v6().is_v4_mapped())
    return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, given.to_v6());
  return given;
}

}  // namespace

bool is_internal_address(const address& given) {
  return given.is_v4() ? is_internal_v4(given.to_v4().to_uint()) : is_internal_v6(given.to_v6().to_bytes());
}

AddressGuard AddressGuard::open() {
  AddressGuard guard;
  guard.open_ = true;
  return guard;
}

Result<AddressGuard> AddressGuard::with_exceptions(std::string_view list) {
  AddressGuard guard;
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    const std::string_view entry = trimmed(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
    if (entry.empty()) continue;

    const std::size_t slash = entry.find('/');
    boost::system::error_code error;
    const address base = boost::asio::ip::make_address(canonical_host(entry.substr(0, slash)), error);
    if (error) {
      if (slash != std::string_view::npos || !is_host_name(canonical_host(entry)))
        return fail(ErrorCode::config_error,
                    fmt::format("'{}' is neither a network (10.1.0.0/16), an address nor a host name", entry));
      guard.hosts_.insert(canonical_host(entry));
      continue;
    }
    const int longest = base.is_v4() ? 32 : 128;
    int prefix = longest;
    if (slash != std::string_view::npos) {
      const std::string_view digits = entry.substr(slash + 1);
      const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
      if (problem != std::errc() || end != digits.data() + digits.size() || prefix < 0 || prefix > longest)
        return fail(ErrorCode::config_error,
                    fmt::format("'{}': the part after / must be a number from 0 to {}", entry, longest));
    }
    guard.networks_.push_back({base, prefix});
  }
  return guard;
}

bool AddressGuard::allows(std::string_view host, const address& given) const {
  if (open_ || !is_internal_address(given)) return true;
  if (hosts_.contains(canonical_host(host))) return true;
  const address plain = unmapped(given);
  return std::any_of(networks_.begin(), networks_.end(), [&](const Network& network) {
    if (network.base.is_v4() != plain.is_v4()) return false;
    if (plain.is_v4()) {
      const auto bytes = plain.to_v4().to_bytes();
      return has_prefix(bytes, network.base.to_v4().to_bytes(), network.prefix);
    }
    const auto bytes = plain.to_v6().to_bytes();
    return has_prefix(bytes, network.base.to_v6().to_bytes(), network.prefix);
  });
}

std::string internal_address_message(const address& given) {
  return fmt::format("address {} is internal; set R8R_ALLOW_INTERNAL_URLS=true or R8R_ALLOWED_INTERNAL to allow it",
                     given.to_string());
}

}  // namespace r8r::worker
