#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "cli/server/backoff.hpp"
#include "cli/server/child.hpp"
#include "cli/server/data_dir.hpp"
#include "cli/server/ports.hpp"
#include "cli/server/private_postgres.hpp"
#include "cli/server/process_record.hpp"
#include "cli/server/supervisor.hpp"

namespace r8r::server {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::HasSubstr;

class Folder : public testing::Test {
 protected:
  Folder() {
    char pattern[] = "/tmp/r8r-cli-test-XXXXXX";
    path_ = ::mkdtemp(pattern);
  }
  ~Folder() override { fs::remove_all(path_); }
  std::string text_of(const char* name) const {
    std::ifstream in(path_ / name);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  fs::path path_;
};
using DataDirectory = Folder;
using Children = Folder;

TEST(Backoff, DoublesUpToItsLimitAndForgetsAfterALongLife) {
  Backoff backoff;
  EXPECT_EQ(backoff.after_death(0ms), 100ms);
  EXPECT_EQ(backoff.after_death(0ms), 200ms);
  EXPECT_EQ(backoff.after_death(29s), 400ms);
  for (int i = 0; i < 10; ++i) backoff.after_death(0ms);
  EXPECT_EQ(backoff.after_death(0ms), 5s);
  EXPECT_EQ(backoff.after_death(30s), 100ms);
}

TEST(DataDirChoice, TakesTheFirstThatIsGiven) {
  const std::map<std::string, std::string> all = {
      {"R8R_DATA_DIR", "/env"}, {"XDG_DATA_HOME", "/xdg"}, {"HOME", "/home/me"}};
  EXPECT_EQ(*choose_data_dir("/flag", all, false), "/flag");
  EXPECT_EQ(*choose_data_dir("", all, false), "/env");
  EXPECT_EQ(*choose_data_dir("", all, true), "/env");
  EXPECT_EQ(*choose_data_dir("", {{"HOME", "/root"}}, true), "/var/lib/r8r");
  EXPECT_EQ(*choose_data_dir("", {{"R8R_DATA_DIR", ""}, {"XDG_DATA_HOME", "/xdg"}}, false), "/xdg/r8r");
  EXPECT_EQ(*choose_data_dir("", {{"XDG_DATA_HOME", "relative"}, {"HOME", "/home/me"}}, false),
            "/home/me/.local/share/r8r");
}

TEST(DataDirChoice, IsAlwaysAbsolute) {
  EXPECT_EQ(*choose_data_dir("some/../data", {}, false), fs::current_path() / "data");
}

TEST(DataDirChoice, WithoutAHomeAsksForOne) {
  const auto path = choose_data_dir("", {}, false);
  ASSERT_FALSE(path);
  EXPECT_THAT(path.error().message, HasSubstr("--data-dir"));
}

TEST_F(DataDirectory, TheSecondServerIsToldWhoHasIt) {
  auto first = DataDir::open(path_ / "data");
  ASSERT_TRUE(first) << first.error().message;
  const auto second = DataDir::open(path_ / "data");
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message,
              HasSubstr("already in use by r8r server (pid " + std::to_string(::getpid()) + ")"));
}

TEST_F(DataDirectory, IsFreeAgainWhenItsHolderIsGone) {
  { ASSERT_TRUE(DataDir::open(path_ / "data")); }
  EXPECT_TRUE(DataDir::open(path_ / "data"));
}

TEST_F(DataDirectory, ThatCannotBeMadeIsAnError) {
  std::ofstream(path_ / "file") << "x";
  const auto opened = DataDir::open(path_ / "file");
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, HasSubstr("--data-dir"));
}

TEST(Ports, OneThatIsTakenIsNamed) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), length), 0);
  ASSERT_EQ(::listen(fd, 1), 0);
  ASSERT_EQ(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length), 0);
  const int port = ntohs(address.sin_port);
  const auto taken = check_listen("127.0.0.1", port);
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().message,
            "port " + std::to_string(port) + " is in use by another program; choose another with --port");
  ::close(fd);
  EXPECT_TRUE(check_listen("127.0.0.1", port));
}

TEST(Ports, AreDifferent) {
  const auto ports = free_ports(20);
  ASSERT_TRUE(ports);
  EXPECT_EQ(std::set<int>(ports->begin(), ports->end()).size(), 20u);
}

TEST(Ports, WildcardsAreReachedOverLoopback) {
  EXPECT_EQ(local_url("0.0.0.0", 8080), "http://127.0.0.1:8080");
  EXPECT_EQ(local_url("::", 8080), "http://[::1]:8080");
  EXPECT_EQ(local_url("10.0.0.1", 80), "http://10.0.0.1:80");
}

TEST(SocketFolder, StaysWithinTheKernelsLimitAndNeedsNoQuoting) {
  EXPECT_TRUE(fits_socket("/var/lib/r8r/run"));
  // 107 bytes in all, 14 of them for "/.s.PGSQL.5432".
  EXPECT_TRUE(fits_socket("/" + std::string(92, 'a')));
  EXPECT_FALSE(fits_socket("/" + std::string(93, 'a')));
  EXPECT_FALSE(fits_socket("/with space"));
  EXPECT_FALSE(fits_socket("/with,comma"));
}

ChildSpec shell(const std::string& script) {
  ChildSpec spec;
  spec.name = "child";
  spec.command = {"/bin/sh", "-c", script};
  return spec;
}

TEST_F(Children, GetTheEnvironmentTheFolderAndTheLog) {
  ChildSpec spec = shell("pwd; echo \"$R8R_TEST_VALUE\" >&2; exit 7");
  spec.environment = {{"R8R_TEST_VALUE", "from the spec"}};
  spec.directory = path_;
  spec.log_file = path_ / "log";
  EXPECT_EQ(*run_to_end(spec), 7);
  EXPECT_EQ(text_of("log"), path_.string() + "\nfrom the spec\n");
}

TEST_F(Children, ThatCannotStartSayWhy) {
  ChildSpec spec;
  spec.name = "api";
  spec.command = {(path_ / "r8r-api").string()};
  const auto pid = spawn(spec);
  ASSERT_FALSE(pid);
  EXPECT_EQ(pid.error().message, "cannot start api (" + (path_ / "r8r-api").string() + "): No such file or directory");
}

TEST_F(Children, AreStartedAgainWhenTheyDie) {
  ProcessRecord record(path_ / "processes");
  Supervisor supervisor(record);
  // Dies twice, then stays.
  ASSERT_TRUE(supervisor.start(
      shell("cd " + path_.string() + " && echo x >> runs; [ $(wc -l < runs) -ge 3 ] && exec sleep 60; exit 1")));
  EXPECT_EQ(supervisor.wait_until([this] { return text_of("runs") == "x\nx\nx\n"; }, 10s), Supervisor::Wait::met);
  EXPECT_EQ(supervisor.stop(), 0);
}

TEST_F(Children, ThatRefuseTheirSettingsAreNotTriedForEver) {
  ProcessRecord record(path_ / "processes");
  Supervisor supervisor(record);
  ASSERT_TRUE(supervisor.start(shell("exit 2")));
  EXPECT_EQ(supervisor.wait_until([] { return false; }, 10s), Supervisor::Wait::broken);
  EXPECT_EQ(supervisor.broken_child(), "child exited with code 2");
}

TEST_F(Children, StopStageByStage) {
  ProcessRecord record(path_ / "processes");
  Supervisor supervisor(record);
  for (const int stage : {0, 2, 1}) {
    const std::string name = std::to_string(stage);
    ChildSpec spec = shell("trap 'echo " + name + " >> " + (path_ / "order").string() + "; exit 0' TERM; touch " +
                           (path_ / name).string() + "; while :; do sleep 0.05; done");
    spec.stage = stage;
    ASSERT_TRUE(supervisor.start(spec));
  }
  const auto all_up = [this] { return fs::exists(path_ / "0") && fs::exists(path_ / "1") && fs::exists(path_ / "2"); };
  ASSERT_EQ(supervisor.wait_until(all_up, 10s), Supervisor::Wait::met);
  EXPECT_EQ(supervisor.stop(), 0);
  EXPECT_EQ(text_of("order"), "2\n1\n0\n");
}

TEST_F(Children, ThatDoNotListenAreKilled) {
  ProcessRecord record(path_ / "processes");
  Supervisor supervisor(record);
  ChildSpec spec = shell("trap '' TERM; echo $$ > " + (path_ / "pid").string() + "; while :; do sleep 0.05; done");
  spec.stop_limit = 100ms;
  ASSERT_TRUE(supervisor.start(spec));
  ASSERT_EQ(supervisor.wait_until([this] { return text_of("pid").ends_with('\n'); }, 10s), Supervisor::Wait::met);
  EXPECT_EQ(supervisor.stop(), 0);
  EXPECT_EQ(process_start(std::stoi(text_of("pid"))), 0u);
}

TEST_F(Children, ARequestToStopEndsTheWait) {
  ProcessRecord record(path_ / "processes");
  Supervisor supervisor(record);
  ASSERT_EQ(::kill(::getpid(), SIGTERM), 0);
  EXPECT_EQ(supervisor.wait_until([] { return false; }, 10s), Supervisor::Wait::stopping);
}

TEST_F(Children, LeftByAFormerRunAreEnded) {
  ChildSpec spec = shell("exec sleep 60");
  const auto pid = spawn(spec);
  ASSERT_TRUE(pid);
  {
    // What a server that was killed leaves: the file, and a process.
    ProcessRecord killed(path_ / "processes");
    killed.add(*pid, "worker 1", SIGKILL);
  }
  ProcessRecord next(path_ / "processes");
  EXPECT_EQ(next.end_leftovers(5s), 1u);
  EXPECT_EQ(process_start(*pid), 0u);
  EXPECT_EQ(::waitpid(*pid, nullptr, 0), *pid);
  EXPECT_EQ(next.end_leftovers(5s), 0u);
}

TEST_F(Children, AnotherProcessWithTheSameNumberIsLeftAlone) {
  const auto pid = spawn(shell("exec sleep 60"));
  ASSERT_TRUE(pid);
  std::ofstream(path_ / "processes") << *pid << " 1 15 worker 1\n"
                                     << "garbage\n";
  ProcessRecord next(path_ / "processes");
  EXPECT_EQ(next.end_leftovers(5s), 0u);
  EXPECT_NE(process_start(*pid), 0u);
  ::kill(*pid, SIGKILL);
  ::waitpid(*pid, nullptr, 0);
}

}  // namespace
}  // namespace r8r::server
