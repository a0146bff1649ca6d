// Certificates: who is believed, and what a refusal looks like.
#include <unistd.h>

#include <filesystem>

#include "kernel/observe/log.hpp"
#include "kernel/outbound/grpc/tests/support.hpp"

using namespace kernel::outbound;
using namespace kernel::outbound::rpc;
using namespace kernel::outbound::rpc::test;

namespace {

/// A file that goes away with it.
class File {
 public:
  explicit File(const std::string& text)
      : path_(std::filesystem::temp_directory_path() / ("portico-grpc-ca-" + std::to_string(::getpid()))) {
    std::ofstream(path_) << text;
  }
  ~File() { std::filesystem::remove(path_); }
  std::string path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace

TEST_CASE("a server is believed by its authority") {
  const Identity identity;
  const File ca(identity.certificate);
  ScriptedServer server(&identity);
  Channels channels;
  auto settings = settings_for(server.url());
  settings.upstream.ca_file = ca.path();
  channels.add(settings);
  CHECK(channels.call("bus", call_to("Unary")).message == "hello");
}

TEST_CASE("a server of another authority is refused before anything is sent") {
  const Identity identity, other;
  const File ca(other.certificate);
  ScriptedServer server(&identity);
  Channels channels;
  auto settings = settings_for(server.url());
  settings.upstream.ca_file = ca.path();
  channels.add(settings);
  auto call = call_to("Unary");
  call.metadata = {{"accesstoken", "00D!secret"}};
  const auto problem = problem_of([&] { channels.call("bus", call); });
  CHECK(problem.code == "upstream.tls");
  CHECK_FALSE(problem.may_have_been_sent);
  CHECK(problem.detail.find("secret") == std::string::npos);
  CHECK(server.calls == 0);
}

TEST_CASE("a certificate of nobody the system knows is refused") {
  const Identity identity;
  ScriptedServer server(&identity);
  Channels channels;
  channels.add(settings_for(server.url()));
  CHECK(problem_of([&] { channels.call("bus", call_to("Unary")); }).code == "upstream.tls");
  CHECK(server.calls == 0);
}

TEST_CASE("a certificate for another name is refused") {
  const Identity identity;
  const File ca(identity.certificate);
  ScriptedServer server(&identity);
  Channels channels;
  auto settings = settings_for("https://127.0.0.1:" + std::to_string(server.port()));
  settings.upstream.ca_file = ca.path();
  channels.add(settings);
  CHECK(problem_of([&] { channels.call("bus", call_to("Unary")); }).code == "upstream.tls");
  CHECK(server.calls == 0);
}

TEST_CASE("a file without a certificate is refused when the channel is added") {
  Channels channels;
  auto settings = settings_for("https://localhost:7443");
  settings.upstream.ca_file = "/dev/null";
  try {
    channels.add(settings);
    FAIL("taken");
  } catch (const portico::Problem& problem) {
    CHECK(problem.code == "upstream.settings");
  }
}

TEST_CASE("no log line has metadata, a message or what the server said of them") {
  char name[] = "/tmp/portico-grpc-log-XXXXXX";
  const int file = ::mkstemp(name);
  kernel::observe::set_output(file);
  kernel::observe::set_level(kernel::observe::Level::debug);
  {
    ScriptedServer server;
    Channels channels;
    channels.add(settings_for(server.url()));
    for (const auto* what : {"Unary", "Refuse", "Big", "Slow"}) {
      auto call = call_to(what, "a very private message");
      call.metadata = {{"accesstoken", "00D!very-secret"}};
      call.deadline = Clock::now() + 2s;
      try {
        channels.call("bus", call);
      } catch (const portico::Problem&) {
      }
    }
    auto call = call_to("Stream", "a very private message");
    call.metadata = {{"accesstoken", "00D!very-secret"}};
    const auto listener = std::make_shared<Remembering>();
    const auto stream = channels.open("bus", call, listener);
    REQUIRE(listener->waits_for_messages(1));
    stream->cancel(Cause::cancelled);
    REQUIRE(listener->waits_for_end());
  }
  kernel::observe::set_level(kernel::observe::Level::info);
  kernel::observe::set_output(2);
  std::ifstream in(name);
  const std::string log((std::istreambuf_iterator<char>(in)), {});
  ::close(file);
  std::filesystem::remove(name);
  CHECK(log.find("\"operation\":\"Slow\"") != log.npos);
  CHECK(log.find("very-secret") == log.npos);
  CHECK(log.find("private") == log.npos);
  CHECK(log.find("who are you") == log.npos);
}
