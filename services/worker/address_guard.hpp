#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include <boost/asio/ip/address.hpp>

#include "common/base/result.hpp"

namespace r8r::worker {

/// Whether an address belongs to this machine, to a private or otherwise special network, or to a cloud's metadata
/// service: nothing that a workflow of a stranger may reach. IPv6 forms that carry an IPv4 address (mapped, NAT64,
/// 6to4) count as that address.
bool is_internal_address(const boost::asio::ip::address& address);

/// What `http` nodes may connect to: the public internet, and what the operator opened.
class AddressGuard {
 public:
  /// Refuses every internal address.
  AddressGuard() = default;

  /// Everything is allowed (R8R_ALLOW_INTERNAL_URLS=true).
  static AddressGuard open();
  /// `list`: comma-separated CIDRs (10.1.0.0/16, fd00::/8), addresses and host names (R8R_ALLOWED_INTERNAL).
  /// Errors: config_error naming the entry.
  static Result<AddressGuard> with_exceptions(std::string_view list);

  /// `host`: as written in the URL; `address`: what it really leads to.
  bool allows(std::string_view host, const boost::asio::ip::address& address) const;

 private:
  struct Network {
    boost::asio::ip::address base;
    int prefix;
  };

  bool open_ = false;
  std::vector<Network> networks_;
  std::unordered_set<std::string> hosts_;  // lower case, without a dot at the end
};

/// "address 127.0.0.1 is internal; set … to allow it"
std::string internal_address_message(const boost::asio::ip::address& address);

}  // namespace r8r::worker
