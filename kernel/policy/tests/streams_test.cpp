// Event streams and downloads between a plugin and the front: caps, topics, ends, deadlines.
#include <catch2/catch.hpp>
#include <portico/call.hpp>
#include <thread>

#include "kernel/front/tests/pieces.hpp"
#include "kernel/policy/tests/plugin_host.hpp"

using namespace kernel::policy;
using namespace kernel::policy::test;
using namespace std::chrono_literals;
using kernel::front::test::body_of;
using kernel::front::test::dechunk;
using kernel::front::test::fill;
using kernel::front::test::get;
using kernel::front::test::patience;
using kernel::front::test::RawClient;
using kernel::front::test::receive_until;
using Overrides = std::map<std::string, std::string>;
using Result = kernel::front::Outflow::Result;

namespace {

/// Opens an event stream on topic "t", or answers why not.
struct Listening {
  std::atomic<portico_handle> stream{0};
  Pipeline* pipeline = nullptr;

  static portico_status run(void* user, portico_handle exchange, portico_error* error) {
    auto& self = *static_cast<Listening*>(user);
    return portico::call::guard(error, [&] {
      const auto call = exchanges().find(exchange);
      const auto handle = self.pipeline->streams.open_events(*call, 3s);
      self.pipeline->streams.subscribe(handle, *call->route->plugin, "t");
      self.stream = handle;
      self.stream.notify_all();
    });
  }
  portico_handle take() {
    stream.wait(0);
    return stream.exchange(0);
  }
};

/// Opens a download and leaves the rest to the test.
struct Loading : Listening {
  static portico_status run(void* user, portico_handle exchange, portico_error* error) {
    auto& self = *static_cast<Loading*>(user);
    return portico::call::guard(error, [&] {
      const auto call = exchanges().find(exchange);
      self.stream = self.pipeline->streams.open_download(*call, {}, std::nullopt);
      self.stream.notify_all();
    });
  }
};

struct StreamHost : PluginHost {
  explicit StreamHost(Overrides overrides = {}, std::chrono::milliseconds deadline = 1h)
      : PluginHost(std::move(overrides)) {
    listening.pipeline = loading.pipeline = &pipeline;
    add("/api/events", &Listening::run, &listening);
    add("/api/file", &Loading::run, &loading, deadline);
    start();
  }
  std::size_t publish(std::string_view text) {
    return pipeline.streams.publish(*plugin, "t", render_event("", "", text));
  }
  void wait_until_open(std::size_t count) {
    while (pipeline.streams.size() != count) std::this_thread::yield();
  }
  Listening listening;
  Loading loading;
};

}  // namespace

TEST_CASE("an event is its fields and lines, or nothing") {
  struct Row {
    const char* rule;
    std::string id, event, data, text;
  };
  for (const Row& row : {
           Row{"data alone", "", "", "a", "data: a\n\n"},
           Row{"no data", "", "", "", "data: \n\n"},
           Row{"all fields", "7", "note", "a", "id: 7\nevent: note\ndata: a\n\n"},
           Row{"every kind of line end", "", "", "a\nb\rc\r\nd", "data: a\ndata: b\ndata: c\ndata: d\n\n"},
           Row{"a line end at the end", "", "", "a\n", "data: a\ndata: \n\n"},
           Row{"a line end in the id", "7\ndata: x", "", "a", ""},
           Row{"a zero byte in the id", std::string("7\0", 2), "", "a", ""},
           Row{"a line end in the type", "", "x\r", "a", ""},
           Row{"too much data", "", "", std::string(kMaxEvent, 'x'), ""},
           Row{"too much of all", std::string(kMaxEvent, 'x'), "", "a", ""},
           Row{"lines that grow it too much", "", "", std::string(kMaxEvent / 4, '\n'), ""},
       }) {
    INFO(row.rule);
    CHECK(render_event(row.id, row.event, row.data) == row.text);
  }
}

TEST_CASE("what is published reaches who listens, and one who leaves makes room") {
  StreamHost host(Overrides{{"http.event_streams_per_user", "2"}, {"http.event_streams", "2"}});
  auto first = std::make_unique<RawClient>(host.server.port());
  RawClient second(host.server.port());
  first->send(get("/api/events"));
  host.listening.take();
  second.send(get("/api/events"));
  host.listening.take();
  CHECK(host.publish("hello") == 2);
  CHECK(receive_until(second, "data: hello\n\n").find("retry: ") != std::string::npos);
  host.wait_until_held(2);
  RawClient third(host.server.port());
  CHECK(third.ask(get("/api/events")).status == 503);
  first.reset();
  host.wait_until_open(1);
  CHECK(host.publish("hello") == 1);
  third.send(get("/api/events"));
  CHECK(host.listening.take() != 0);
  CHECK(host.publish("hello") == 2);
}

TEST_CASE("one who is nobody is counted by address") {
  StreamHost host(Overrides{{"http.event_streams_per_user", "1"}});
  RawClient first(host.server.port()), second(host.server.port());
  first.send(get("/api/events"));
  host.listening.take();
  const auto refused = second.ask(get("/api/events"));
  CHECK(refused.status == 429);
  CHECK(refused.has("Retry-After: "));
}

TEST_CASE("a plugin that drains loses its listeners, one that is removed its downloads too") {
  StreamHost host;
  RawClient listener(host.server.port()), loader(host.server.port());
  listener.send(get("/api/events", "Connection: close\r\n"));
  host.listening.take();
  loader.send(get("/api/file"));
  const auto file = host.loading.take();
  host.pipeline.drain(*host.plugin);
  CHECK(dechunk(body_of(listener.rest())));
  const auto flow = host.pipeline.streams.find(file, *host.plugin).flow;
  REQUIRE(flow);
  CHECK(flow->write("half", patience()) == Result::fine);
  receive_until(loader, "half");
  host.pipeline.remove(*host.plugin);
  CHECK(loader.ends_by_reset());
  host.wait_until_open(0);
  host.wait_until_held(0);
  CHECK(!host.pipeline.streams.find(file, *host.plugin).flow);
}

TEST_CASE("a download that nobody ends is cut at its deadline, and one that is ended is whole") {
  StreamHost host(Overrides{{"http.event_keep_alive_ms", "100"}}, 300ms);
  RawClient loader(host.server.port());
  loader.send(get("/api/file"));
  host.loading.take();
  CHECK(loader.ends_by_reset());
  host.wait_until_open(0);
  RawClient other(host.server.port());
  other.send(get("/api/file", "Connection: close\r\n"));
  const auto flow = host.pipeline.streams.find(host.loading.take(), *host.plugin).flow;
  REQUIRE(flow);
  CHECK(flow->write("all", patience()) == Result::fine);
  CHECK(flow->finish() == Result::fine);
  CHECK(dechunk(body_of(other.rest())) == "all");
}

TEST_CASE("another plugin's handle is no handle, and topics have their number") {
  StreamHost host;
  const auto stranger =
      std::make_shared<kernel::loader::Plugin>(std::filesystem::path(), PluginHost::manifest());
  RawClient client(host.server.port());
  client.send(get("/api/events"));
  const auto handle = host.listening.take();
  auto& streams = host.pipeline.streams;
  CHECK(!streams.find(handle, *stranger).flow);
  CHECK(streams.subscribe(handle, *stranger, "x") == Result::gone);
  CHECK(streams.find(handle, *host.plugin).flow);
  for (std::size_t i = 1; i < kTopicsPerStream; ++i)
    CHECK(streams.subscribe(handle, *host.plugin, std::to_string(i)) == Result::fine);
  CHECK(streams.subscribe(handle, *host.plugin, "t") == Result::fine);  // which it has
  CHECK(streams.subscribe(handle, *host.plugin, "one more") == Result::too_much);
}

TEST_CASE("a listener who is too far behind is cut off once, the others are served") {
  StreamHost host;
  RawClient slow(host.server.port(), 4096), quick(host.server.port());
  slow.send(get("/api/events"));
  const auto handle = host.listening.take();
  const auto flow = host.pipeline.streams.find(handle, *host.plugin).flow;
  quick.send(get("/api/events"));
  host.listening.take();
  const std::string large(50'000, 'x');
  for (;;) {  // the quick one has each before the next is sent
    const auto reached = host.publish(large);
    REQUIRE(reached >= 1);
    std::size_t came = 0;
    while (came < large.size()) {
      const auto some = quick.receive_some();
      REQUIRE(!some.empty());
      came += static_cast<std::size_t>(std::count(some.begin(), some.end(), 'x'));
    }
    if (reached == 1) break;
  }
  CHECK(host.pipeline.streams.send(flow, "data: x\n\n") == Result::gone);
  host.wait_until_open(1);
  CHECK(slow.ends_by_reset());
}

TEST_CASE("streams open, send and end from many threads at once") {
  StreamHost host;
  std::atomic<bool> over{false};
  std::jthread publisher([&] {
    while (!over) host.publish("x");
  });
  {
    std::vector<std::jthread> clients;
    for (int i = 0; i < 4; ++i)
      clients.emplace_back([&] {
        for (int round = 0; round < 20; ++round) {
          RawClient client(host.server.port());
          client.send(get("/api/events"));
          receive_until(client, "data: x");
        }
      });
  }
  over = true;
  publisher.join();
  host.wait_until_open(0);
  host.wait_until_held(0);
}
