// Unary calls: whole, refused, cut, slow, too large, tried again, held back.
#include "kernel/outbound/grpc/tests/support.hpp"

using namespace kernel::outbound;
using namespace kernel::outbound::rpc;
using namespace kernel::outbound::rpc::test;

TEST_CASE("a call brings the server's message, status and trailers") {
  ScriptedServer server;
  Channels channels;
  channels.add(settings_for(server.url()));
  const auto reply = channels.call("bus", call_to("Unary", std::string("a\0b", 3)));
  CHECK(reply.status.code == 0);
  CHECK(reply.message == std::string("a\0b", 3));
  CHECK(reply.status.trailers == Fields{{"rpc-id", "test-1"}});
  CHECK(reply.attempts == 1);
}

TEST_CASE("metadata reaches the server") {
  ScriptedServer server;
  Channels channels;
  channels.add(settings_for(server.url()));
  auto call = call_to("Who");
  call.metadata = {{"accesstoken", "00D!secret"}};
  CHECK(channels.call("bus", call).message == "00D!secret");
}

TEST_CASE("a refusal of the server is an answer, with its trailers") {
  ScriptedServer server;
  Channels channels;
  channels.add(settings_for(server.url()));
  const auto reply = channels.call("bus", call_to("Refuse"));
  CHECK(reply.status.code == 16);
  CHECK(reply.status.text == "who are you?");
  CHECK(reply.status.trailers.size() == 2);
}

TEST_CASE("a message above the limit is refused on both ways") {
  ScriptedServer server;
  Channels channels;
  channels.add(settings_for(server.url()));
  CHECK(problem_of([&] { channels.call("bus", call_to("Big")); }).code == "upstream.too_large");
  const auto sent =
      problem_of([&] { channels.call("bus", call_to("Unary", std::string((4 << 20) + 1, 'x'))); });
  CHECK(sent.code == "upstream.bad_request");
  CHECK_FALSE(sent.may_have_been_sent);
  CHECK(server.calls == 1);
}

TEST_CASE("a server that says nothing ends with the deadline, and hears of it") {
  ScriptedServer server;
  Channels channels;
  channels.add(settings_for(server.url()));
  auto call = call_to("Slow");
  call.deadline = Clock::now() + 300ms;
  const auto problem = problem_of([&] { channels.call("bus", call); });
  CHECK(problem.code == "upstream.timeout");
  CHECK(problem.status == 504);
  CHECK(problem.may_have_been_sent);
}

TEST_CASE("a deadline that has passed sends nothing") {
  ScriptedServer server;
  Channels channels;
  channels.add(settings_for(server.url()));
  auto call = call_to("Unary");
  call.deadline = Clock::now() - 1s;
  CHECK(problem_of([&] { channels.call("bus", call); }).code == "upstream.deadline");
  CHECK(server.calls == 0);
}

TEST_CASE("a read is tried again where the server was not there, a write is not") {
  for (const auto kind : {Kind::read, Kind::write}) {
    ScriptedServer server;
    server.flaky = 2;
    Channels channels;
    channels.add(settings_for(server.url()));
    auto call = call_to("Flaky");
    call.kind = kind;
    const auto reply = channels.call("bus", call);
    CHECK(reply.status.code == (kind == Kind::read ? 0 : 14));
    CHECK(reply.attempts == (kind == Kind::read ? 3 : 1));
    CHECK(server.calls == reply.attempts);
  }
}

TEST_CASE("where nobody listens the call surely was not sent") {
  std::string url;
  {
    ScriptedServer server;
    url = server.url();
  }
  Channels channels;
  channels.add(settings_for(url));
  const auto problem = problem_of([&] { channels.call("bus", call_to("Unary")); });
  CHECK(problem.code == "upstream.unavailable");
  CHECK_FALSE(problem.may_have_been_sent);
}

TEST_CASE("a call that is cut off may have been sent") {
  ScriptedServer server;
  Channels channels;
  channels.add(settings_for(server.url()));
  channels.call("bus", call_to("Unary"));
  std::thread cutter([&] {
    while (server.calls < 2) std::this_thread::yield();
    server.cut();
  });
  const auto problem = problem_of([&] { channels.call("bus", call_to("Slow")); });
  cutter.join();
  CHECK(problem.code == "upstream.unavailable");
  CHECK(problem.may_have_been_sent);
}

TEST_CASE("a full lane refuses at once") {
  ScriptedServer server;
  Channels channels;
  auto settings = settings_for(server.url());
  settings.upstream.lanes["standard"].concurrency = 1;
  channels.add(settings);
  const auto listener = std::make_shared<Remembering>();
  const auto stream = channels.open("bus", call_to("Stream"), listener);
  CHECK(problem_of([&] { channels.call("bus", call_to("Unary")); }).code == "upstream.busy");
  stream->cancel(Cause::cancelled);
  REQUIRE(listener->waits_for_end());
  CHECK(channels.call("bus", call_to("Unary")).status.code == 0);
}

TEST_CASE("the breaker opens after failures and closes after good calls") {
  ScriptedServer server;
  std::atomic<Clock::duration> ahead{Clock::duration::zero()};
  Channels channels({[&] { return Clock::now() + ahead.load(); }, [] { return 0.5; }});
  auto settings = settings_for(server.url());
  settings.upstream.breaker.least_calls = 4;
  settings.upstream.breaker.successes_to_close = 1;
  channels.add(settings);
  server.flaky = 4;
  for (int i = 0; i < 4; ++i) CHECK(channels.call("bus", call_to("Flaky")).status.code == 14);
  const auto refused = problem_of([&] { channels.call("bus", call_to("Unary")); });
  CHECK(refused.code == "upstream.circuit_open");
  CHECK(refused.retry_after_s > 0);
  CHECK(channels.stats().at(0).breaker == BreakerState::open);
  ahead = 10s;
  CHECK(channels.call("bus", call_to("Unary")).status.code == 0);
  CHECK(channels.stats().at(0).breaker == BreakerState::closed);
}

TEST_CASE("refusals of the server do not open the breaker") {
  ScriptedServer server;
  Channels channels;
  auto settings = settings_for(server.url());
  settings.upstream.breaker.least_calls = 2;
  channels.add(settings);
  for (int i = 0; i < 6; ++i) CHECK(channels.call("bus", call_to("Refuse")).status.code == 16);
  CHECK(channels.stats().at(0).breaker == BreakerState::closed);
}

TEST_CASE("an isolated channel calls nobody until it is restored, also after a replacement") {
  ScriptedServer server;
  Channels channels;
  channels.add(settings_for(server.url()));
  channels.isolate("bus", true);
  CHECK(problem_of([&] { channels.call("bus", call_to("Unary")); }).code == "upstream.isolated");
  channels.add(settings_for(server.url()));
  CHECK(problem_of([&] { channels.call("bus", call_to("Unary")); }).code == "upstream.isolated");
  CHECK(channels.stats().at(0).isolated);
  CHECK(server.calls == 0);
  channels.isolate("bus", false);
  CHECK(channels.call("bus", call_to("Unary")).status.code == 0);
  try {
    channels.isolate("other", true);
    FAIL("isolated what is not there");
  } catch (const portico::Problem& problem) {
    CHECK(problem.code == "upstream.unknown");
  }
}

TEST_CASE("stop ends a call under way and refuses later ones") {
  ScriptedServer server;
  Channels channels;
  channels.add(settings_for(server.url()));
  std::thread stopper([&] {
    while (server.calls < 1) std::this_thread::yield();
    channels.stop();
  });
  CHECK(problem_of([&] { channels.call("bus", call_to("Slow")); }).code == "upstream.stopping");
  stopper.join();
  CHECK(problem_of([&] { channels.call("bus", call_to("Unary")); }).code == "upstream.stopping");
}

TEST_CASE("a channel nobody configured is refused") {
  Channels channels;
  CHECK(problem_of([&] { channels.call("bus", call_to("Unary")); }).code == "upstream.not_configured");
  CHECK_FALSE(channels.knows("bus"));
}
