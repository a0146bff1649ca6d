// A host with one plugin whose handlers are the test's own; neither Redis nor PostgreSQL is there.
#pragma once

#include <thread>

#include "kernel/front/tests/front_fixture.hpp"
#include "kernel/policy/handler.hpp"
#include "kernel/policy/pipeline.hpp"
#include "kernel/policy/publication.hpp"

namespace kernel::policy::test {

struct PluginHost {
  explicit PluginHost(std::map<std::string, std::string> overrides = {})
      : settings(config::Settings::read(
            config::Source({}, config::Environment(std::map<std::string, std::string, std::less<>>{}),
                           std::move(overrides)))),
        redis(nowhere()),
        cache(redis),
        limiter(redis, 1),
        database({}),
        plugin(std::make_shared<loader::Plugin>(std::filesystem::path(), manifest())),
        pipeline(settings, cache, limiter, database),
        server(
            front_settings(settings),
            [this](front::Exchange exchange) { pipeline.handle(std::move(exchange)); }, {},
            [this](int status, std::string_view code) { return pipeline.refusal(status, code); }, {},
            [this](const front::Head& head) { return pipeline.streams_body(head); }) {}
  ~PluginHost() {
    pipeline.remove(*plugin);
    plugin->stop();
    server.stop();
  }

  loader::RouteSpec& add(const std::string& path, portico_route_fn handler, void* user,
                         std::chrono::milliseconds deadline = std::chrono::hours(1)) {
    loader::RouteSpec spec;
    spec.method = "GET";
    spec.pattern = path;
    spec.access = loader::Access::anyone;
    spec.deadline = deadline;
    spec.handler = handler;
    spec.user = user;
    plugin->registrations.routes.push_back(std::move(spec));
    return plugin->registrations.routes.back();
  }
  void start() {
    plugin->open_lanes();
    pipeline.publish(build_published({plugin}, {}, settings));
    server.start();
  }

  static cache::RedisSettings nowhere() {
    cache::RedisSettings settings;
    settings.port = 1;
    return settings;
  }
  static loader::Manifest manifest() {
    loader::Manifest m;
    m.id = "tested";
    m.lanes["standard"] = {};
    return m;
  }
  static front::FrontSettings front_settings(const config::Settings& settings) {
    auto quick = front::test::quick_settings();
    quick.event_keep_alive = settings.event_keep_alive;
    return quick;
  }

  /// A handler leaves the ledger after what it did can be seen.
  void wait_until_held(std::size_t count) const {
    while (plugin->ledger.size() != count) std::this_thread::yield();
  }

  const config::Settings settings;
  cache::Redis redis;
  cache::Cache cache;
  cache::RateLimiter limiter;
  database::Pool database;
  const loader::PluginPtr plugin;
  Pipeline pipeline;
  front::Front server;
};

/// A handler that keeps the request for later.
struct Kept {
  std::atomic<portico_handle> handle{0};

  static portico_status keep(void* user, portico_handle exchange, portico_error*) {
    auto& kept = static_cast<Kept*>(user)->handle;
    kept = exchange;
    kept.notify_all();
    return PORTICO_PENDING;
  }
  /// Waits for it; the next one may come then.
  portico_handle take() {
    handle.wait(0);
    return handle.exchange(0);
  }
};

}  // namespace kernel::policy::test
