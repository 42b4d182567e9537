// Load generator: N clients that each send one execution after another over a kept-alive connection.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>

#include "common/base/async.hpp"

namespace {

namespace asio = boost::asio;
using r8r::awaitable;
using Clock = std::chrono::steady_clock;

struct Options {
  std::string host = "127.0.0.1";
  std::string port = "8080";
  std::string workflow = "chain5";
  std::string input = R"({"v":1})";
  int clients = 64;
  double seconds = 5;
  double warmup = 1;
  bool no_wait = false;
};

struct Totals {
  std::vector<double> milliseconds;
  std::uint64_t refused = 0;  // an answer, but not 200 or 202
  std::uint64_t broken = 0;   // no answer
};

std::string request_text(const Options& options) {
  const std::string body = fmt::format(R"({{"input":{},"wait":{}}})", options.input, !options.no_wait);
  return fmt::format(
      "POST /api/workflows/{}/execute HTTP/1.1\r\nHost: {}:{}\r\nContent-Type: application/json\r\nContent-Length: "
      "{}\r\n\r\n{}",
      options.workflow, options.host, options.port, body.size(), body);
}

// Reads one answer; its status.
awaitable<int> read_answer(asio::ip::tcp::socket& socket, std::string& buffer) {
  const std::size_t head =
      co_await asio::async_read_until(socket, asio::dynamic_buffer(buffer), "\r\n\r\n", asio::use_awaitable);
  const int status = std::atoi(buffer.c_str() + 9);
  std::string lower = buffer.substr(0, head);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const std::size_t at = lower.find("content-length:");
  const std::size_t length = at == std::string::npos ? 0 : std::strtoul(lower.c_str() + at + 15, nullptr, 10);
  const std::size_t have = buffer.size() - head;
  if (have < length)
    co_await asio::async_read(socket, asio::dynamic_buffer(buffer), asio::transfer_exactly(length - have),
                              asio::use_awaitable);
  buffer.erase(0, head + length);
  co_return status;
}

awaitable<void> client(const Options& options, Clock::time_point from, Clock::time_point until, Totals& totals) {
  const std::string request = request_text(options);
  const auto executor = co_await asio::this_coro::executor;
  while (Clock::now() < until) {
    try {
      asio::ip::tcp::socket socket(executor);
      co_await socket.async_connect(
          {asio::ip::make_address(options.host), static_cast<unsigned short>(std::stoi(options.port))},
          asio::use_awaitable);
      socket.set_option(asio::ip::tcp::no_delay(true));
      std::string buffer;
      while (Clock::now() < until) {
        const auto begun = Clock::now();
        co_await asio::async_write(socket, asio::buffer(request), asio::use_awaitable);
        const int status = co_await read_answer(socket, buffer);
        const auto ended = Clock::now();
        if (begun < from) continue;
        if (status != 200 && status != 202) {
          ++totals.refused;
          continue;
        }
        totals.milliseconds.push_back(std::chrono::duration<double, std::milli>(ended - begun).count());
      }
    } catch (const std::exception&) {
      ++totals.broken;
      if (totals.broken > 1'000) co_return;
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Sends executions as fast as the clients can and says how long they took.");
  app.add_option("--host", options.host, "address (an IP)")->capture_default_str();
  app.add_option("--port", options.port)->capture_default_str();
  app.add_option("--workflow", options.workflow)->capture_default_str();
  app.add_option("--input", options.input, "JSON")->capture_default_str();
  app.add_option("--clients", options.clients)->capture_default_str();
  app.add_option("--seconds", options.seconds, "measured time")->capture_default_str();
  app.add_option("--warmup", options.warmup, "seconds before")->capture_default_str();
  app.add_flag("--no-wait", options.no_wait, "accept only (202)");
  CLI11_PARSE(app, argc, argv);

  asio::io_context io(1);
  const auto from =
      Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(options.warmup));
  const auto until = from + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(options.seconds));
  Totals totals;
  totals.milliseconds.reserve(1'000'000);
  for (int i = 0; i < options.clients; ++i) asio::co_spawn(io, client(options, from, until, totals), asio::detached);
  io.run();

  auto& times = totals.milliseconds;
  if (times.empty()) {
    fmt::print(stderr, "no request succeeded ({} refused, {} broken)\n", totals.refused, totals.broken);
    return 1;
  }
  std::sort(times.begin(), times.end());
  const auto at = [&](double share) {
    return times[static_cast<std::size_t>(share * static_cast<double>(times.size() - 1))];
  };
  fmt::print("{} clients, {}: {:.0f} per second, p50 {:.2f} ms, p99 {:.2f} ms, max {:.1f} ms, {} refused, {} broken\n",
             options.clients, options.no_wait ? "accept only" : "to the end",
             static_cast<double>(times.size()) / options.seconds, at(0.5), at(0.99), times.back(), totals.refused,
             totals.broken);
  return totals.refused + totals.broken == 0 ? 0 : 1;
}
