// Streams: both directions, flow control, bounded sending, and every way to end.
#include "kernel/outbound/grpc/tests/support.hpp"

using namespace kernel::outbound;
using namespace kernel::outbound::rpc;
using namespace kernel::outbound::rpc::test;

namespace {

struct Opened {
  explicit Opened(const std::string& what, std::string first = "one") {
    channels.add(settings_for(server.url()));
    listener = std::make_shared<Remembering>();
    stream = channels.open("bus", call_to(what, std::move(first)), listener);
  }
  ScriptedServer server;
  Channels channels;
  std::shared_ptr<Remembering> listener;
  std::shared_ptr<Stream> stream;
};

}  // namespace

TEST_CASE("messages go and come in order, and the server's end is told with its trailers") {
  Opened o("Stream");
  std::size_t count = 0;
  for (const auto* text : {"two", "three"}) {
    CHECK(o.stream->send(text) == Stream::Sent::taken);
    REQUIRE(o.listener->waits_for_messages(++count));
    o.stream->take_next();
    o.stream->take_next();  // of no meaning: there is one message to take
  }
  REQUIRE(o.listener->waits_for_messages(3));
  CHECK(o.listener->messages() == std::vector<std::string>{"one", "two", "three"});
  o.stream->take_next();
  CHECK(o.stream->send("end") == Stream::Sent::taken);
  REQUIRE(o.listener->waits_for_end());
  CHECK(o.listener->cause() == Cause::answered);
  CHECK(o.listener->status().code == 0);
  CHECK(o.listener->status().trailers == Fields{{"rpc-id", "test-1"}});
  CHECK(o.stream->send("more") == Stream::Sent::ended);
  CHECK(o.channels.stats().at(0).in_flight == 0);
}

TEST_CASE("a refusal of the server ends the stream as answered") {
  Opened o("Stream", "refuse");
  REQUIRE(o.listener->waits_for_end());
  CHECK(o.listener->cause() == Cause::answered);
  CHECK(o.listener->status().code == 3);
}

TEST_CASE("the next message is read when the last one is done with") {
  Opened o("Flood");
  REQUIRE(o.listener->waits_for_messages(1));
  // Windows and buffers between take some messages; the flood stands still all the same.
  for (int seen = -1; seen != o.server.flooded;) {
    seen = o.server.flooded;
    o.channels.stats();
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable never;
    never.wait_for(lock, 300ms, [] { return false; });
  }
  CHECK(o.server.flooded < 200);
  CHECK(o.listener->messages().size() == 1);
  for (std::size_t count = 2; count <= 200; ++count) {
    o.stream->take_next();
    REQUIRE(o.listener->waits_for_messages(count));
  }
  o.stream->take_next();
  REQUIRE(o.listener->waits_for_end());
  CHECK(o.listener->messages().size() == 200);
}

TEST_CASE("what waits to be sent is bounded, in number and in bytes") {
  Opened o("Deaf");
  CHECK(o.stream->send(std::string((4 << 20) + 1, 'x')) == Stream::Sent::too_large);
  auto said = Stream::Sent::taken;
  std::size_t bytes = 0;
  for (int i = 0; i < 1000 && said == Stream::Sent::taken; ++i, bytes += 1 << 20)
    said = o.stream->send(std::string(1 << 20, 'x'));
  CHECK(said == Stream::Sent::full);
  CHECK(bytes < (32u << 20));
  o.stream->cancel(Cause::cancelled);
  REQUIRE(o.listener->waits_for_end());
}

TEST_CASE("who finishes sends what waits and no more") {
  Opened o("Stream");
  o.stream->finish();
  CHECK(o.stream->send("two") == Stream::Sent::ended);
  REQUIRE(o.listener->waits_for_messages(1));
  o.stream->take_next();
  REQUIRE(o.listener->waits_for_end());
  CHECK(o.listener->cause() == Cause::answered);
}

TEST_CASE("a cancelled stream tells its end once, and the server hears of it") {
  Opened o("Stream");
  REQUIRE(o.listener->waits_for_messages(1));
  o.stream->cancel(Cause::cancelled);
  o.stream->cancel(Cause::stopping);
  o.stream->take_next();
  REQUIRE(o.listener->waits_for_end());
  CHECK(o.listener->cause() == Cause::cancelled);
  o.server.cut();
  CHECK(o.server.cancelled == 1);
  CHECK(o.channels.stats().at(0).in_flight == 0);
}

TEST_CASE("a stream that is cut off is lost") {
  Opened o("Stream");
  REQUIRE(o.listener->waits_for_messages(1));
  o.stream->take_next();
  o.server.cut();
  REQUIRE(o.listener->waits_for_end());
  CHECK(o.listener->cause() == Cause::lost);
}

TEST_CASE("a stream that is cut off while nobody reads is lost when somebody does") {
  Opened o("Stream");
  REQUIRE(o.listener->waits_for_messages(1));
  o.server.cut();
  o.stream->take_next();
  REQUIRE(o.listener->waits_for_end());
  CHECK(o.listener->cause() == Cause::lost);
}

TEST_CASE("a message above the limit ends the stream") {
  Opened o("Big");
  REQUIRE(o.listener->waits_for_end());
  CHECK(o.listener->cause() == Cause::too_large);
}

TEST_CASE("isolating ends open streams") {
  Opened o("Stream");
  REQUIRE(o.listener->waits_for_messages(1));
  o.channels.isolate("bus", true);
  REQUIRE(o.listener->waits_for_end());
  CHECK(o.listener->cause() == Cause::isolated);
  const auto again = std::make_shared<Remembering>();
  CHECK(problem_of([&] { o.channels.open("bus", call_to("Stream"), again); }).code == "upstream.isolated");
  CHECK_FALSE(again->ended());
}

TEST_CASE("stop ends open streams, those of replaced settings too, and waits until all are told") {
  Opened o("Stream");
  REQUIRE(o.listener->waits_for_messages(1));
  o.channels.add(settings_for(o.server.url()));
  const auto second = std::make_shared<Remembering>();
  o.channels.open("bus", call_to("Stream"), second);
  o.channels.stop();
  for (const auto& listener : {o.listener, second}) {
    REQUIRE(listener->ended());
    CHECK(listener->cause() == Cause::stopping);
  }
}

TEST_CASE("streams that nobody answers open the breaker") {
  std::string url;
  {
    ScriptedServer server;
    url = server.url();
  }
  Channels channels;
  auto settings = settings_for(url);
  settings.upstream.breaker.least_calls = 3;
  channels.add(settings);
  for (int i = 0; i < 3; ++i) {
    const auto listener = std::make_shared<Remembering>();
    channels.open("bus", call_to("Stream"), listener);
    REQUIRE(listener->waits_for_end());
    CHECK(listener->cause() == Cause::lost);
  }
  CHECK(problem_of([&] { channels.open("bus", call_to("Stream"), std::make_shared<Remembering>()); }).code ==
        "upstream.circuit_open");
}
