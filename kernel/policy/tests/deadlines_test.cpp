// Who answers when the time of a request is over, and who is still watched.
#include <catch2/catch.hpp>

#include "kernel/front/tests/front_fixture.hpp"
#include "kernel/policy/handler.hpp"
#include "kernel/policy/pipeline.hpp"
#include "kernel/policy/publication.hpp"

using namespace kernel::policy;
using namespace std::chrono_literals;
using kernel::front::test::RawClient;
namespace front = kernel::front;
namespace loader = kernel::loader;

namespace {

const kernel::config::Settings& settings() {
  static const auto read = kernel::config::Settings::read(kernel::config::Source(
      {}, kernel::config::Environment(std::map<std::string, std::string, std::less<>>{})));
  return read;
}

/// Keeps the request for later.
portico_status keep(void* user, portico_handle exchange, portico_error*) {
  auto& kept = *static_cast<std::atomic<portico_handle>*>(user);
  kept = exchange;
  kept.notify_all();
  return PORTICO_PENDING;
}

loader::Manifest manifest() {
  loader::Manifest m;
  m.id = "keeper";
  m.lanes["standard"] = {};
  return m;
}

/// A host with one plugin whose routes answer when the test says so: neither Redis nor PostgreSQL is there.
struct Keeper {
  Keeper()
      : redis(nowhere()),
        cache(redis),
        limiter(redis, 1),
        database({}),
        plugin({}, manifest()),
        pipeline(settings(), cache, limiter, database),
        server(
            front::test::quick_settings(),
            [this](front::Exchange exchange) { pipeline.handle(std::move(exchange)); }, {},
            [this](int status, std::string_view code) { return pipeline.refusal(status, code); }) {
    add("/api/patient", 1h, patient);
    add("/api/hasty", 50ms, hasty);
    plugin.open_lanes();
    pipeline.publish(build_published({&plugin}, {}, settings()));
    server.start();
  }
  ~Keeper() {
    for (auto* kept : {&patient, &hasty})
      if (const auto call = exchanges().take(kept->load())) call->answer({});
    plugin.stop();
    server.stop();
  }

  static kernel::cache::RedisSettings nowhere() {
    kernel::cache::RedisSettings settings;
    settings.port = 1;
    return settings;
  }
  void add(const std::string& path, std::chrono::milliseconds deadline, std::atomic<portico_handle>& kept) {
    loader::RouteSpec spec;
    spec.method = "GET";
    spec.pattern = path;
    spec.access = loader::Access::anyone;
    spec.deadline = deadline;
    spec.handler = &keep;
    spec.user = &kept;
    plugin.registrations.routes.push_back(std::move(spec));
  }

  std::atomic<portico_handle> patient{0}, hasty{0};
  kernel::cache::Redis redis;
  kernel::cache::Cache cache;
  kernel::cache::RateLimiter limiter;
  kernel::database::Pool database;
  loader::Plugin plugin;
  Pipeline pipeline;
  front::Front server;
};

std::string get(const std::string& path) {
  return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
}

}  // namespace

TEST_CASE("a request that nobody answers is answered at its own deadline, whoever else is waiting longer") {
  Keeper host;
  RawClient first(host.server.port()), second(host.server.port());
  first.send(get("/api/patient"));
  const auto answer = second.ask(get("/api/hasty"));
  CHECK(answer.status == 504);
  CHECK(answer.body.find("request.deadline") != std::string::npos);
  CHECK(host.pipeline.watched() <= 1);  // the patient one, unless it has not come yet
}

TEST_CASE("an answered request is not watched any more") {
  Keeper host;
  RawClient client(host.server.port());
  for (int i = 0; i < 5; ++i) {
    client.send(get("/api/patient"));
    host.patient.wait(0);
    CHECK(host.pipeline.watched() == 1);
    CHECK(exchanges().take(host.patient.exchange(0))->answer({}));
    CHECK(client.receive().status == 200);
    CHECK(host.pipeline.watched() == 0);
  }
}
