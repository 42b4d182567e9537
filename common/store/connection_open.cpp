// How a Connection comes to be: address lookup, libpq's non-blocking handshake, session settings.
#include <fmt/format.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "common/store/connection_link.hpp"
#include "common/store/sqlstate.hpp"

namespace r8r::store {
namespace {

constexpr Statement kSettings{
    "settings", "select set_config(name, value, false) from unnest($1::text[], $2::text[]) as setting(name, value)"};

struct Conninfo {
  std::string host;
  bool has_address = false;
  std::string error;
};

Conninfo parse_conninfo(const std::string& url) {
  Conninfo info;
  char* message = nullptr;
  PQconninfoOption* options = PQconninfoParse(url.c_str(), &message);
  if (options == nullptr) {
    info.error = message != nullptr ? message : "the database URL cannot be parsed";
    PQfreemem(message);
    return info;
  }
  for (PQconninfoOption* option = options; option->keyword != nullptr; ++option) {
    if (option->val == nullptr) continue;
    const std::string_view keyword = option->keyword;
    if (keyword == "host") info.host = option->val;
    if (keyword == "hostaddr") info.has_address = true;
  }
  PQconninfoFree(options);
  return info;
}

bool needs_lookup(const Conninfo& info) {
  if (info.has_address || info.host.empty() || info.host.front() == '/' || info.host.front() == '@') return false;
  // A list of hosts is left to libpq.
  if (info.host.find(',') != std::string::npos) return false;
  boost::system::error_code not_a_number;
  asio::ip::make_address(info.host, not_a_number);
  return static_cast<bool>(not_a_number);
}

/// What goes into libpq's host and hostaddr: one entry per address of the name.
struct Addresses {
  std::string hosts;
  std::string addresses;
};

/// A lookup under way. It cannot be called back, so whoever waited too long leaves it to end alone.
struct Lookup {
  explicit Lookup(const asio::any_io_executor& executor)
      : resolver(executor), done(executor, SteadyClock::time_point::max()) {}
  asio::ip::tcp::resolver resolver;
  asio::steady_timer done;
  std::string error;
  std::vector<std::string> addresses;
};

/// libpq would look the name up itself, and block the thread for it.
awaitable<Result<Addresses>> look_up(std::string host, std::chrono::milliseconds limit) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  const auto lookup = std::make_shared<Lookup>(executor);
  lookup->error = "the name was not found in time";
  lookup->done.expires_after(limit);
  lookup->resolver.async_resolve(host, "", [lookup](boost::system::error_code error, const auto& found) {
    lookup->error = error ? error.message() : std::string();
    for (const auto& entry : found) lookup->addresses.push_back(entry.endpoint().address().to_string());
    lookup->done.cancel();
  });
  co_await lookup->done.async_wait(kQuiet);
  if (!lookup->error.empty()) co_return fail(ErrorCode::service_unavailable, lookup->error);
  Addresses result;
  for (const std::string& address : lookup->addresses) {
    if (!result.hosts.empty()) {
      result.hosts += ',';
      result.addresses += ',';
    }
    result.hosts += host;
    result.addresses += address;
  }
  co_return result;
}

}  // namespace

awaitable<Result<std::unique_ptr<Connection>>> Connection::open(asio::io_context& io, ConnectionOptions options,
                                                                std::shared_ptr<LinkLog> link_log) {
  std::unique_ptr<Connection> connection(new Connection(io));
  connection->options_ = std::move(options);
  connection->link_log_ = std::move(link_log);
  connection->start_deadline(connection->options_.connect_timeout);
  Result<void> connected = co_await connection->connect(connection->options_.url);
  if (!connected) {
    connection->link_log_->lost(connection->last_error_);
    co_return fail(std::move(connected.error()));
  }
  connection->broken_ = false;
  Result<void> configured = co_await connection->configure();
  if (!configured) {
    connection->link_log_->lost(connection->last_error_);
    // Whatever the server did not like: without its settings the session is of no use.
    co_return fail(database_error(""));
  }
  co_return connection;
}

awaitable<Result<void>> Connection::connect(std::string url) {
  const Conninfo info = parse_conninfo(url);
  if (!info.error.empty()) co_return broke(info.error);
  Addresses addresses;
  if (needs_lookup(info)) {
    Result<Addresses> found = co_await look_up(info.host, options_.connect_timeout);
    if (!found) co_return broke(fmt::format("{}: {}", info.host, found.error().message));
    addresses = std::move(*found);
  }

  // What stands after dbname overrides the URL.
  std::vector<const char*> keys = {"dbname",          "application_name",    "client_encoding", "tcp_user_timeout",
                                   "keepalives_idle", "keepalives_interval", "keepalives_count"};
  std::vector<const char*> values = {url.c_str(), options_.application_name.c_str(), "UTF8", "10000", "10", "5", "3"};
  if (!addresses.hosts.empty()) {
    keys.insert(keys.end(), {"host", "hostaddr"});
    values.insert(values.end(), {addresses.hosts.c_str(), addresses.addresses.c_str()});
  }
  keys.push_back(nullptr);
  values.push_back(nullptr);

  Link& link = *link_;
  link.handle = PQconnectStartParams(keys.data(), values.data(), 1);
  if (link.handle == nullptr) co_return broke("out of memory");
  // Without DETAIL, which shows the row: payloads do not belong in logs.
  PQsetErrorVerbosity(link.handle, PQERRORS_TERSE);
  PQsetNoticeProcessor(
      link.handle, [](void*, const char*) {}, nullptr);
  if (PQstatus(link.handle) == CONNECTION_BAD) co_return broke(PQerrorMessage(link.handle));

  PostgresPollingStatusType wanted = PGRES_POLLING_WRITING;
  while (wanted != PGRES_POLLING_OK) {
    if (wanted == PGRES_POLLING_FAILED) co_return broke(PQerrorMessage(link.handle));
    if (link.timed_out) co_return broke("no answer to the connection attempt in time");
    // libpq may close this socket and open another in each step, so Asio holds it only while it waits.
    link.socket.assign(PQsocket(link.handle));
    const auto direction = wanted == PGRES_POLLING_READING ? asio::posix::stream_descriptor::wait_read
                                                           : asio::posix::stream_descriptor::wait_write;
    const auto [error] = co_await link.socket.async_wait(direction, kQuiet);
    link.socket.release();
    if (link.timed_out) co_return broke("no answer to the connection attempt in time");
    if (error) co_return broke(error.message());
    wanted = PQconnectPoll(link.handle);
  }

  link.socket.assign(PQsocket(link.handle));
  if (PQsetnonblocking(link.handle, 1) != 0 || PQenterPipelineMode(link.handle) != 1) {
    co_return broke(PQerrorMessage(link.handle));
  }
  co_return Result<void>();
}

awaitable<Result<void>> Connection::configure() {
  Column names(Type::text);
  Column values(Type::text);
  const auto set = [&](std::string_view name, std::string_view value) {
    names.add(name);
    values.add(value);
  };
  set("statement_timeout", std::to_string(options_.statement_timeout.count()));
  set("idle_in_transaction_session_timeout", options_.writer ? "2000" : "30000");
  set("jit", "off");
  set("timezone", "UTC");
  set("default_transaction_isolation", "read committed");
  if (options_.writer) {
    // Every statement of a writer finds its rows by key. A plan made while the table was small must not become a scan
    // of the whole table when it has grown.
    set("plan_cache_mode", "force_generic_plan");
    set("enable_seqscan", "off");
    set("enable_hashjoin", "off");
    set("enable_mergejoin", "off");
  }
  Params params;
  params.add(std::move(names)).add(std::move(values));
  Query query{&kSettings, std::move(params)};
  Result<ResultSet> done = co_await run_one(std::move(query), options_.connect_timeout);
  if (!done) co_return fail(std::move(done.error()));
  co_return Result<void>();
}

}  // namespace r8r::store
