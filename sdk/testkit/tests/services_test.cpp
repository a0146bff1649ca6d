// Each service of the test host: upstreams, cache, operations, mail, audit, log, metrics, health, config,
// crypto.
#include <thread>

#include "probe.hpp"

using namespace portico;
using namespace portico::testkit;

namespace {

/// A plugin with one route that does this.
TestHost& start_route(TestHost& host, std::function<Greeting(Host&, const Request&)> fn) {
  return start(host, [fn = std::move(fn)](Host& h) {
    h.routes().get("/x", [&h, fn](const Request& rq) { return fn(h, rq); }).access(Access::anyone);
  });
}

OutboundRequest get_thing(std::string path = "/thing") {
  return {"shop", "GetThing", "GET", std::move(path), {{"Accept", "text/plain"}}, "", OutboundKind::read, ""};
}

bool says(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("an upstream answers from its script, in order") {
  TestHost host;
  auto& shop = host.upstream("shop");
  shop.expect("GET", "/thing").operation("GetThing").with_header("accept", "text/plain").reply("one");
  shop.expect("GET", "/thing").reply(503, "two", "text/html");
  shop.expect("GET", "/thing").times_out();
  shop.expect("GET", "/thing").is_cut();
  start_route(host, [](Host& h, const Request&) {
    const auto reply = h.outbound().call(get_thing());
    return Greeting{std::to_string(reply.status) + " " + reply.content_type + " " + reply.body};
  });
  CHECK(host.get("/x").as<Greeting>().message == "200 application/json one");
  CHECK(host.get("/x").as<Greeting>().message == "503 text/html two");
  CHECK(host.get("/x").code == "upstream.timeout");
  CHECK(host.get("/x").code == "upstream.unavailable");
  REQUIRE(shop.requests().size() == 4);
  CHECK(shop.requests()[0].line() == "GET /thing (GetThing)");
  CHECK_FALSE(shop.requests()[0].write);
  CHECK(shop.requests()[0].lane == "standard");
}

TEST_CASE("a reply has its headers, and a failure says whether the upstream may have seen the request") {
  TestHost host;
  auto& shop = host.upstream("shop");
  shop.expect("GET", "/thing").reply({429, "", "text/plain", {{"retry-after", "7"}, {"x-a", "b: c"}}});
  shop.expect("GET", "/thing").is_refused();
  shop.expect("GET", "/thing").is_cut();
  shop.expect("GET", "/thing").fails(Problem(503, "upstream.busy"));
  start_route(host, [](Host& h, const Request&) {
    try {
      const auto reply = h.outbound().call(get_thing());
      return Greeting{std::string(reply.header("retry-after")) + "," + std::string(reply.header("x-a")) +
                      "," + std::string(reply.header("absent"))};
    } catch (const OutboundProblem& problem) {
      return Greeting{problem.code + (problem.may_have_been_sent ? " perhaps sent" : " not sent")};
    }
  });
  CHECK(host.get("/x").as<Greeting>().message == "7,b: c,");
  CHECK(host.get("/x").as<Greeting>().message == "upstream.unavailable not sent");
  CHECK(host.get("/x").as<Greeting>().message == "upstream.unavailable perhaps sent");
  CHECK(host.get("/x").as<Greeting>().message == "upstream.busy perhaps sent");
}

TEST_CASE("a large reply is read in pieces, to its end, to where it breaks, or to its limit") {
  TestHost host;
  auto& shop = host.upstream("shop");
  const std::string body(10'000, 'x');
  shop.expect("GET", "/thing").reply({200, body, "text/plain", {{"x-a", "b"}}});
  shop.expect("GET", "/thing").reply({200, body, "text/plain", {}, 5000});
  shop.expect("GET", "/thing").reply(200, body + "y");
  shop.expect("GET", "/thing").reply(404, "none");
  shop.expect("GET", "/thing").reply({200, body, "text/plain", {}, 5000});
  std::size_t read = 0;
  start_route(host, [&](Host& h, const Request& rq) {
    read = 0;
    if (rq.query("whole")) return Greeting{h.outbound().call(get_thing()).body};
    auto reply = h.outbound().open(get_thing(), 10'000);
    if (!reply.body) return Greeting{std::to_string(reply.head.status) + " " + reply.head.body};
    CHECK(reply.head.body.empty());
    char piece[6000];
    while (const auto got = reply.body->read(piece, sizeof piece)) read += got;
    return Greeting{reply.head.content_type + " " + std::string(reply.head.header("x-a"))};
  });
  CHECK(host.get("/x").as<Greeting>().message == "text/plain b");
  CHECK(read == body.size());
  CHECK(host.get("/x").code == "upstream.unavailable");
  CHECK(read == 5000);
  CHECK(host.get("/x").code == "upstream.too_large");
  CHECK(host.get("/x").as<Greeting>().message == "404 none");
  CHECK(host.get("/x?whole=1").code == "upstream.unavailable");
}

TEST_CASE("a request that is not expected fails the test, with what was asked and what was expected") {
  TestHost host;
  auto& shop = host.upstream("shop");
  start_route(host, [](Host& h, const Request& rq) {
    return Greeting{h.outbound().call(get_thing(std::string(rq.query("path").value_or("/thing")))).body};
  });
  const auto nothing = fault_of([&] { host.get("/x"); });
  CHECK(says(nothing, "upstream shop: a request that is not expected"));
  CHECK(says(nothing, "asked:    GET /thing (GetThing)"));
  CHECK(says(nothing, "expected: nothing more"));

  shop.expect("GET", "/other").with_body_containing("x=1");
  const auto other = fault_of([&] { host.get("/x"); });
  CHECK(says(other, "(another request)"));
  CHECK(says(other, "expected: GET /other, body with 'x=1'"));
  CHECK(says(fault_of([&] { host.get("/x?path=/other"); }), "(the body has no 'x=1')"));
  shop.answer_all([](const UpstreamRequest& request) {
    return UpstreamReply{200, request.path, "text/plain"};
  });
  CHECK(host.get("/x?path=/else").as<Greeting>().message == "/else");
  CHECK(says(fault_of([&] { host.finish(); }), "expected and never asked: GET /other"));
}

TEST_CASE("upstreams, operations and databases have to be in the manifest") {
  const char* manifest = R"({"id":"acme","routes":["/x"],"extensions":{"required":["portico.routes/1",
    "portico.exchange/1","portico.outbound/1","portico.operations/1","portico.database/1","portico.mail/1"]}})";
  struct Row {
    const char* what;
    std::function<void(Host&)> fn;
  };
  static const Operation<Name, Greeting> greet{"acme.greet/1"};
  const Row rows[] = {
      {"upstream shop", [](Host& h) { h.outbound().call(get_thing()); }},
      {"operation acme.greet/1", [](Host& h) { h.call(greet, Name{}); }},
      {"the database", [](Host& h) { h.database().as_system("test", [](Transaction&) {}); }},
  };
  for (const auto& row : rows) {
    INFO(row.what);
    TestHost host;
    host.manifest(manifest);
    start_route(host, [&](Host& h, const Request&) { return row.fn(h), Greeting{}; });
    CHECK(says(fault_of([&] { host.get("/x"); }), row.what));
  }
  TestHost host;
  host.manifest(manifest);
  start_route(host, [](Host& h, const Request&) {
    return h.cache().bust("t"), Greeting{};  // not among the extensions
  });
  CHECK(host.get("/x").code == "sdk.extension_missing");
}

TEST_CASE("a missing required extension is refused, an optional one is null") {
  const auto manifest = [](const char* list) {
    return std::string(R"({"id":"acme","routes":["/x"],"extensions":{"required":["portico.routes/1",
      "portico.exchange/1"],)") +
           list + "}}";
  };
  TestHost refused;
  refused.manifest(R"({"id":"acme","extensions":{"required":["portico.cache/1"]}})")
      .without("portico.cache/1");
  CHECK(problem_of([&] { start(refused, [](Host&) {}); }) == "422 plugin.extension_missing");
  TestHost host;
  host.manifest(manifest(R"("optional":["portico.cache/1"])")).without("portico.cache/1");
  start_route(host, [](Host& h, const Request&) {
    try {
      h.cache().bust("t");
    } catch (const Problem& problem) {
      return Greeting{problem.code};
    }
    return Greeting{"there"};
  });
  CHECK(host.get("/x").as<Greeting>().message == "sdk.extension_missing");
}

TEST_CASE("the cache: fresh, revalidated, stale after failures, busted by tag; all by the test's clock") {
  TestHost host;
  int loads = 0;
  bool broken = false;
  start_route(host, [&](Host& h, const Request& rq) {
    if (rq.query("bust")) h.cache().bust(*rq.query("bust"));
    const auto value = h.cache().get_or_load("k", {10s, 5s, 60s, {"t"}}, [&] {
      if (broken) throw Problem(503, "acme.away");
      return Name{std::to_string(++loads)};
    });
    return Greeting{value.name};
  });
  const auto seen = [&](const char* target = "/x") {
    const auto reply = host.get(target);
    return reply.status == 200 ? reply.as<Greeting>().message : reply.code;
  };
  CHECK(seen() == "1");
  host.advance(9s);
  CHECK(seen() == "1");
  host.advance(1s);
  CHECK(seen() == "2");
  broken = true;
  host.advance(30s);
  CHECK(seen() == "2");  // stale, for the load fails
  host.advance(41s);
  CHECK(seen() == "acme.away");
  broken = false;
  CHECK(seen() == "3");
  CHECK(seen("/x?bust=other") == "3");
  CHECK(seen("/x?bust=t") == "4");
}

TEST_CASE("many threads that ask for one key make one load") {
  TestHost host;
  std::atomic<int> loads{0}, waiting{0};
  start_route(host, [&](Host& h, const Request&) {
    ++waiting;
    const auto value = h.cache().get_or_load("k", {10s, 0s, 0s, {}}, [&] {
      while (waiting.load() < 4) std::this_thread::yield();  // everybody is at the door
      return Name{std::to_string(++loads)};
    });
    return Greeting{value.name};
  });
  std::vector<std::thread> threads;
  std::atomic<int> right{0};
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      Browser own;
      if (host.send(own, "GET", "/x").as<Greeting>().message == "1") ++right;
    });
  for (auto& thread : threads) thread.join();
  CHECK(right == 4);
  CHECK(loads == 1);
}

TEST_CASE("operations: the test plays other plugins, and calls what the plugin provides") {
  static const Operation<Name, Greeting> theirs{"shop.greet/1"};
  static const Operation<Name, Greeting> ours{"acme.greet/1"};
  TestHost host;
  host.provide(theirs, [](const Name& name) {
    if (name.name == "nobody") throw Problem(404, "shop.unknown");
    return Greeting{"shop says " + name.name};
  });
  start(host, [](Host& h) {
    h.provide(ours, [&h](const Name& name) { return h.call(theirs, name); });
    h.routes().get("/x", [&h](const Request&) { return h.call(ours, Name{"self"}); }).access(Access::anyone);
  });
  CHECK(host.registered().operations == std::vector<std::string>{"acme.greet/1"});
  CHECK(host.call(ours, Name{"Ada"}).message == "shop says Ada");
  CHECK(problem_of([&] { host.call(ours, Name{"nobody"}); }) == "404 shop.unknown");
  CHECK(host.get("/x").as<Greeting>().message == "shop says self");
  CHECK(problem_of([&] { host.call("acme.other/1", "{}"); }) == "503 service.not_provided");
  host.provide("shop.greet/1",
               [](std::string_view) -> std::string { throw Problem(503, "upstream.unavailable"); });
  CHECK(host.get("/x").code == "upstream.unavailable");
}

TEST_CASE("mail, audit, log, metrics, health and pages can be read") {
  TestHost host;
  start(host, [](Host& h) {
    h.pages().page("/acme", {"Acme", "アクメ"}, Access::anyone);
    h.pages().navigation("/acme", {"Acme", "アクメ"}, 5);
    h.pages().card("acme.card", 1);
    h.routes().get("/x", [&h](const Request&) {
      h.audit().record({"acme.did", "", "7", "ok", R"({"n":1})"});
      h.log().warning("it happened", {{"key", "value"}});
      h.metrics().count("done", "kind", "a"), h.metrics().count("done", "kind", "a", 2);
      h.metrics().duration("took", 1500ms);
      h.health().report("shop", HealthState::degraded, "slow");
    });
  });
  host.sign_in({.user_id = "u-1"});
  CHECK(host.get("/x").status == 204);
  REQUIRE(host.audit().size() == 1);
  CHECK(host.audit()[0].user_id == "u-1");
  CHECK(host.audit()[0].details == R"({"n":1})");
  CHECK(host.log().at(0).text() == "it happened key=value");
  CHECK(host.log().at(0).level == PORTICO_LOG_WARNING);
  CHECK(host.metrics() == std::map<std::string, double>{{"done{kind=a}", 3}, {"took_seconds", 1.5}});
  CHECK(host.health().at("shop").reason == "slow");
  CHECK(host.registered().pages.at(0).path == "/acme");
  CHECK(host.registered().navigation.size() == 1);
  CHECK(host.registered().cards == std::vector<std::string>{"acme.card"});
}

TEST_CASE("a metric name that the host would ignore is told") {
  TestHost host;
  start_route(host, [](Host& h, const Request&) { return h.metrics().count("Not-Snake"), Greeting{}; });
  CHECK(says(fault_of([&] { host.get("/x"); }), "'Not-Snake'"));
}

TEST_CASE("settings are checked against the schema of the manifest") {
  const char* manifest = R"({"id":"acme","extensions":{"required":["portico.config/1"]},"config":{
    "name":{"type":"text","required":true},"url":{"type":"url"},"n":{"type":"integer","default":5,"min":1,"max":9},
    "on":{"type":"boolean"},"list":{"type":"list"}}})";
  struct Row {
    const char* rule;
    boost::json::object settings;
    const char* fault;
  };
  const Row rows[] = {
      {"right", {{"name", "a"}, {"url", "https://a.example/"}, {"n", 9}}, ""},
      {"missing", {{"n", 2}}, "plugins.acme.name: is missing"},
      {"empty", {{"name", ""}}, "plugins.acme.name: is empty"},
      {"a wrong type", {{"name", "a"}, {"on", "yes"}}, "plugins.acme.on: is not of type boolean"},
      {"too large", {{"name", "a"}, {"n", 10}}, "plugins.acme.n: is above 9"},
      {"too small", {{"name", "a"}, {"n", 0}}, "plugins.acme.n: is below 1"},
      {"no URL", {{"name", "a"}, {"url", "ftp://x"}}, "plugins.acme.url: is not an http or https URL"},
      {"unknown", {{"name", "a"}, {"m", 1}}, "plugins.acme.m: unknown key"},
  };
  for (const auto& row : rows) {
    INFO(row.rule);
    std::string fault, seen;
    try {
      TestHost host;
      host.manifest(manifest).config(row.settings);
      start(host, [&](Host& h) {
        const auto value = h.config().read<Name>();
        seen = value.name + " " + h.config().portal().time_zone;
      });
    } catch (const Problem& problem) {
      fault = problem.detail;
    }
    CHECK(fault == row.fault);
    CHECK(seen == (fault.empty() ? "a Asia/Tokyo" : ""));
  }
}

TEST_CASE("what is sealed opens in its context only, and random bytes can be the same in every run") {
  std::string drawn[3];
  for (int run = 0; run < 3; ++run) {
    TestHost host;
    if (run < 2) host.seed_random(7);
    start_route(host, [&](Host& h, const Request&) {
      drawn[run] = h.crypto().random(40);
      const auto sealed = h.crypto().seal("secret", "row 7");
      CHECK(sealed.find("secret") == std::string::npos);
      CHECK(h.crypto().open(sealed, "row 7") == "secret");
      CHECK(problem_of([&] { h.crypto().open(sealed, "row 8"); }) == "500 crypto.cannot_open");
      CHECK(problem_of([&] { h.crypto().open(sealed.substr(0, 20), "row 7"); }) == "500 crypto.cannot_open");
      CHECK(h.crypto().sha256("abc").substr(0, 4) == "\xba\x78\x16\xbf");
      CHECK(h.crypto().hmac_sha256("key", "The quick brown fox jumps over the lazy dog").substr(0, 4) ==
            "\xf7\xbc\x83\xf4");
      return Greeting{};
    });
    CHECK(host.get("/x").status == 200);
  }
  CHECK(drawn[0] == drawn[1]);
  CHECK(drawn[0] != drawn[2]);
}
