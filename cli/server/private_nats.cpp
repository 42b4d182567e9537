#include "cli/server/private_nats.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "cli/server/ports.hpp"
#include "common/base/json_text.hpp"
#include "common/base/uuid.hpp"

namespace r8r::server {
namespace {

namespace fs = std::filesystem;

constexpr int kMaxPayload = 8 * 1024 * 1024;  // bytes of one message

Result<std::string> find_program() {
  const char* path = std::getenv("PATH");
  // Debian installs it among the administrator's programs, which an ordinary user's PATH lacks.
  const std::string places =
      std::string(path == nullptr ? "" : path) + ":/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin";
  std::string_view rest = places;
  while (!rest.empty()) {
    const auto colon = rest.find(':');
    const fs::path program = fs::path(rest.substr(0, colon)) / "nats-server";
    rest = colon == std::string_view::npos ? "" : rest.substr(colon + 1);
    if (program.is_absolute() && ::access(program.c_str(), X_OK) == 0) return program.string();
  }
  return fail(ErrorCode::config_error,
              "nats-server is not installed: apt install nats-server, or set R8R_NATS_URL to a server of your own");
}

Result<> write_private(const fs::path& file, const std::string& text) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const bool written = fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (written) return {};
  return fail(ErrorCode::config_error, fmt::format("cannot write {}: {}", file.string(), std::strerror(error)));
}

}  // namespace

Result<PrivateNats> PrivateNats::prepare(const DataDir& data) {
  PrivateNats nats;
  auto program = find_program();
  if (!program) return fail(program.error());
  nats.program_ = *program;
  auto ports = free_ports(1);
  if (!ports) return fail(ports.error());
  nats.port_ = ports->front();
  // 244 random bits, letters and digits only: it goes into a URL.
  for (int i = 0; i < 2; ++i)
    for (const char c : Uuid::v4().to_string())
      if (c != '-') nats.password_ += c;
  nats.settings_file_ = data.file("nats.conf");
  nats.log_file_ = data.file("nats.log");
  const std::string settings = fmt::format(
      "# Written by r8r server at each start.\n"
      "listen: \"127.0.0.1:{}\"\n"
      "max_payload: {}\n"
      "authorization {{ user: r8r, password: {} }}\n"
      "jetstream {{ store_dir: {}, max_memory_store: 1GB }}\n",
      nats.port_, kMaxPayload, json_string(nats.password_), json_string(data.file("nats").string()));
  if (auto written = write_private(nats.settings_file_, settings); !written) return fail(written.error());
  return nats;
}

ChildSpec PrivateNats::spec() const {
  ChildSpec spec;
  spec.name = "nats-server";
  spec.command = {program_, "-c", settings_file_.string()};
  spec.log_file = log_file_;
  spec.stage = 1;
  return spec;
}

std::string PrivateNats::url() const {
  return fmt::format("nats://r8r:{}@127.0.0.1:{}", password_, port_);
}

bool PrivateNats::ready() const {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval limit{0, 300'000};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port_));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  bool answered = false;
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
    // The server speaks first: INFO {…} on one line, sent at once.
    char text[4096];
    const ssize_t length = ::recv(fd, text, sizeof text, 0);
    const std::string_view greeting(text, length > 0 ? static_cast<std::size_t>(length) : 0);
    answered = greeting.starts_with("INFO ") && greeting.find("\"jetstream\":true") != std::string_view::npos;
  }
  ::close(fd);
  return answered;
}

}  // namespace r8r::server
