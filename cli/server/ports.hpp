#pragma once
#include <string>
#include <vector>

#include "common/base/result.hpp"

namespace r8r::server {

/// Error when a server could not listen there: in use ("port 8080 is in use by another program"), not an address of
/// this machine, not allowed. `host` is an address or "localhost".
Result<> check_listen(const std::string& host, int port);

/// As many different TCP ports of 127.0.0.1 as asked for that nothing listens on just now.
Result<std::vector<int>> free_ports(std::size_t count);

/// The address that a client on this machine uses for a server that listens on `host`: loopback for the wildcards.
std::string local_url(const std::string& host, int port);

}  // namespace r8r::server
