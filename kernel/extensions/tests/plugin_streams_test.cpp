// Streams of plugins on a real gRPC server: told on the plugin's lane, ended before their plugin.
#include "kernel/extensions/plugin_streams.hpp"

#include "kernel/loader/call_scope.hpp"
#include "kernel/loader/plugin.hpp"
#include "kernel/outbound/grpc/tests/support.hpp"

using namespace kernel;
using namespace kernel::extensions;
using namespace kernel::outbound::rpc::test;
namespace rpc = kernel::outbound::rpc;

namespace {

std::shared_ptr<loader::Plugin> serving() {
  auto manifest = loader::Manifest::parse(
      R"({"id":"bus","version":"1","license":"MIT","abi":{"major":1,"min_minor":0},"lanes":{"tasks":{"workers":2,"queue":1,"wait_ms":1}}})");
  auto plugin = std::make_shared<loader::Plugin>("/nowhere", std::move(manifest));
  for (const auto step : {loader::Step::verify, loader::Step::resolve, loader::Step::load,
                          loader::Step::create, loader::Step::start, loader::Step::publish})
    plugin->advance(step);
  plugin->open_lanes();
  return plugin;
}

/// What the plugin's side of a stream saw.
struct Seen {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::string> messages;
  int inside = 0, most_inside = 0;
  bool in_scope = true, ended = false, fail = false, hold = false;
  std::uint32_t cause = 99;

  static portico_status message(void* user, portico_handle, portico_str bytes, portico_error* error) {
    auto& seen = *static_cast<Seen*>(user);
    std::unique_lock lock(seen.mutex);
    seen.most_inside = std::max(seen.most_inside, ++seen.inside);
    const auto* scope = loader::CallScope::current();
    seen.in_scope = seen.in_scope && scope && scope->kind == loader::Holding::channel;
    seen.messages.emplace_back(portico::view(bytes));
    seen.changed.notify_all();
    seen.changed.wait_for(lock, 60s, [&] { return !seen.hold; });
    --seen.inside;
    if (!seen.fail) return PORTICO_OK;
    return portico::call::fill(error, portico::Problem(500, "test.failed", "as the test says"));
  }
  static void end(void* user, portico_handle, const portico_channel_end* end) {
    auto& seen = *static_cast<Seen*>(user);
    const std::lock_guard lock(seen.mutex);
    seen.ended = true, seen.cause = end->cause;
    seen.changed.notify_all();
  }
  bool wait(const std::function<bool()>& until) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, 60s, until);
  }
  portico_channel_handler handler() { return {sizeof(portico_channel_handler), 0, this, &message, &end}; }
};

struct Rig {
  Rig() { channels.add(settings_for(server.url())); }
  ~Rig() {
    streams.stop(60s);
    plugin->stop();  // as the host does: its workers end before it does
  }
  portico_handle open(const std::string& what) {
    stream = std::make_shared<PluginStream>(streams, *plugin, what + " of bus", seen.handler());
    return streams.open(channels, "bus", call_to(what), stream);
  }
  ScriptedServer server;
  rpc::Channels channels;
  std::shared_ptr<loader::Plugin> plugin = serving();
  Seen seen;
  PluginStreams streams;
  std::shared_ptr<PluginStream> stream;
};

std::string code_of(const std::function<void()>& fn) {
  try {
    fn();
  } catch (const portico::Problem& problem) {
    return problem.code;
  }
  return "none";
}

}  // namespace

TEST_CASE("messages are told on the plugin's lane, one at a time, and the ledger has the open stream") {
  Rig rig;
  const auto handle = rig.open("Flood");
  REQUIRE(rig.plugin->ledger.lines().size() >= 1);
  CHECK(rig.plugin->ledger.lines()[0].place == "Flood of bus");
  CHECK(to_string(rig.plugin->ledger.lines()[0].kind) == "channel");
  REQUIRE(rig.seen.wait([&] { return rig.seen.ended; }));
  CHECK(rig.seen.messages.size() == 200);
  CHECK(rig.seen.most_inside == 1);
  CHECK(rig.seen.in_scope);
  CHECK(rig.seen.cause == PORTICO_CHANNEL_ANSWERED);
  CHECK(rig.plugin->usage.bytes_in == 200 * 100'000);
  rig.streams.stop(60s);
  CHECK(rig.plugin->ledger.calls() == 0);
  CHECK_FALSE(rig.streams.find(handle, *rig.plugin));
}

TEST_CASE("a message that fails cancels its stream") {
  Rig rig;
  rig.seen.fail = true;
  rig.open("Stream");
  REQUIRE(rig.seen.wait([&] { return rig.seen.ended; }));
  CHECK(rig.seen.messages.size() == 1);
  CHECK(rig.seen.cause == PORTICO_CHANNEL_CANCELLED);
}

TEST_CASE(
    "a plugin that drains: its streams end after the message that is being told, and none is opened any more") {
  Rig rig;
  rig.seen.hold = true;
  rig.open("Stream");
  REQUIRE(rig.seen.wait([&] { return rig.seen.messages.size() == 1; }));
  rig.plugin->drain("for the test");
  rig.streams.drain(*rig.plugin);
  {
    const std::lock_guard lock(rig.seen.mutex);
    CHECK_FALSE(rig.seen.ended);
    rig.seen.hold = false;
  }
  rig.seen.changed.notify_all();
  REQUIRE(rig.seen.wait([&] { return rig.seen.ended; }));
  CHECK(rig.seen.cause == PORTICO_CHANNEL_STOPPING);
  CHECK(code_of([&] { rig.open("Stream"); }) == "service.stopping");
}

TEST_CASE("a host that stops leaves a plugin alone that does not come back from a message") {
  Rig rig;
  rig.seen.hold = true;
  rig.open("Stream");
  REQUIRE(rig.seen.wait([&] { return rig.seen.messages.size() == 1; }));
  rig.streams.stop(50ms);
  rig.channels.stop();
  {
    const std::lock_guard lock(rig.seen.mutex);
    rig.seen.hold = false;
  }
  rig.seen.changed.notify_all();
  rig.plugin->stop();
  CHECK_FALSE(rig.seen.ended);
}

TEST_CASE("another plugin's stream is not found") {
  Rig rig;
  const auto handle = rig.open("Stream");
  const auto other = serving();
  CHECK(rig.streams.find(handle, *rig.plugin));
  CHECK_FALSE(rig.streams.find(handle, *other));
}

TEST_CASE("a stream that could not be opened leaves nothing behind") {
  Rig rig;
  rig.channels.isolate("bus", true);
  CHECK(code_of([&] { rig.open("Stream"); }) == "upstream.isolated");
  rig.stream.reset();
  CHECK(rig.plugin->ledger.calls() == 0);
}
