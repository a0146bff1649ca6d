// Systems that speak gRPC, played by the test.
#include "probe.hpp"

using namespace portico;
using namespace portico::testkit;

namespace {

struct Listener final : ChannelListener {
  std::vector<std::string> heard;
  std::vector<ChannelCause> ends;
  void on_message(StreamId, std::string_view bytes) override {
    if (bytes == "bad") throw Problem(500, "test.bad");
    heard.emplace_back(bytes);
  }
  void on_end(StreamId, const ChannelEnd& end) override { ends.push_back(end.cause); }
};

/// A plugin that opens a stream in its task "probe.open" and cancels it in "probe.cancel".
struct Streaming {
  Streaming() {
    start(host, [this](Host& h) {
      plugin = &h;
      h.tasks().every("probe.open", 1h, [this] {
        ChannelCall call;
        call.upstream = "bus", call.operation = "Listen", call.method = "/a.B/Listen", call.message = "hello";
        stream = plugin->channels().open(call, listener);
      });
      h.tasks().every("probe.cancel", 1h, [this] { plugin->channels().cancel(stream); });
    });
  }
  Listener listener;
  Host* plugin = nullptr;
  StreamId stream = 0;
  TestHost host;
};

}  // namespace

TEST_CASE("a call of a channel gets the test's answer, and one that nobody answers is unavailable") {
  TestHost host;
  start(host, [](Host& h) {
    h.routes()
        .get("/call",
             [&h](const Request&) {
               ChannelCall call;
               call.upstream = "bus", call.operation = "Ask", call.method = "/a.B/Ask",
               call.message = "question";
               call.metadata = {{"token", "secret"}};
               const auto reply = h.channels().call(call);
               return Greeting{reply.message + " " + reply.status.text + " " +
                               std::string(reply.status.trailer("why"))};
             })
        .access(Access::anyone);
  });
  CHECK(host.get("/call").code == "upstream.unavailable");
  host.channel("bus").answer_all([](const ChannelRequest& request) {
    return ChannelReply{{RpcCode::not_found, "nothing", {{"why", "because"}}},
                        request.message + " " + std::string(request.field("token")),
                        1};
  });
  CHECK(host.get("/call").as<Greeting>().message == "question secret nothing because");
  CHECK(host.channel("bus").calls().size() == 2);
}

TEST_CASE("a stream brings what the test delivers, until it ends") {
  Streaming s;
  s.host.run_task("probe.open");
  const auto stream = s.host.channel("bus").streams().at(0);
  CHECK(stream->sent() == std::vector<std::string>{"hello"});
  stream->deliver("one");
  CHECK(s.plugin->channels().send(s.stream, "more") == SendResult::taken);
  s.host.channel("bus").full(true);
  CHECK(s.plugin->channels().send(s.stream, "more") == SendResult::full);
  stream->end({ChannelCause::lost, {}});
  CHECK(s.plugin->channels().send(s.stream, "more") == SendResult::ended);
  CHECK(s.listener.heard == std::vector<std::string>{"one"});
  CHECK(s.listener.ends == std::vector{ChannelCause::lost});
  CHECK_THROWS_AS(stream->deliver("late"), std::logic_error);
}

TEST_CASE("a message that fails, a cancellation and the host's end each end a stream once") {
  Streaming s;
  for (int i = 0; i < 3; ++i) s.host.run_task("probe.open");
  const auto streams = s.host.channel("bus").streams();
  streams.at(0)->deliver("bad");
  s.host.run_task("probe.cancel");  // the newest
  s.host.stop();
  CHECK(s.listener.ends ==
        std::vector{ChannelCause::cancelled, ChannelCause::cancelled, ChannelCause::stopping});
}

TEST_CASE("a stream that is refused is not there") {
  Streaming s;
  s.host.channel("bus").refuse_streams(Problem(503, "upstream.isolated"));
  CHECK(problem_of([&] { s.host.run_task("probe.open"); }) == "503 upstream.isolated");
  CHECK(s.host.channel("bus").streams().empty());
}
