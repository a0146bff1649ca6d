// What no host allows is told: wrong places, leaks, ended handles, answers that are none or two.
#include <portico/abi/clock.h>
#include <portico/abi/crypto.h>

#include <thread>

#include "probe.hpp"

using namespace portico;
using namespace portico::testkit;

namespace {

/// The raw host of the plugin under test, for what the C++ layer does not let through.
const portico_host* raw = nullptr;

template <class Table>
const Table* table(const char* id) {
  return static_cast<const Table*>(raw->extension(raw, id));
}

struct RawPlugin {
  static inline std::function<portico_status(portico_handle, portico_error*)> handler;

  static portico_status create(const portico_host* host, portico_plugin** out, portico_error*) {
    raw = host;
    static portico_plugin plugin{sizeof plugin,
                                 0,
                                 nullptr,
                                 [](portico_plugin*, portico_error* error) {
                                   portico_route route{};
                                   route.size = sizeof route, route.access = PORTICO_ACCESS_ANYONE;
                                   route.method = to_str("GET"), route.pattern = to_str("/x");
                                   route.handler = [](void*, portico_handle x, portico_error* e) {
                                     return handler(x, e);
                                   };
                                   return table<portico_routes>(PORTICO_EXT_ROUTES)->add(raw, &route, error);
                                 },
                                 [](portico_plugin*) {},
                                 [](portico_plugin*) {}};
    *out = &plugin;
    return PORTICO_OK;
  }
};

const portico_exchange* exchange() {
  return table<portico_exchange>(PORTICO_EXT_EXCHANGE);
}

portico_status answer(portico_handle x, int status = 204) {
  const portico_answer a{sizeof a, status, {}, {}, nullptr, 0};
  return exchange()->answer(raw, x, &a);
}

/// What the fault says of one request whose handler does this.
std::string fault_of_handler(std::function<portico_status(portico_handle, portico_error*)> handler) {
  RawPlugin::handler = std::move(handler);
  return fault_of([] {
    TestHost host;
    host.start(&RawPlugin::create);
    host.get("/x");
    host.finish();
  });
}

bool says(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a function called where its tag forbids it fails the test with its name") {
  struct Row {
    const char* function;
    std::function<void(Host&)> in_start;
    std::function<void(Host&, const Request&)> in_request;
  };
  static const Operation<Name, Greeting> greet{"acme.greet/1"};
  static const Event<Name> named{"acme.named/1"};
  static const portico::Queue<Name> names{"acme.names"};
  const Row rows[] = {
      {"routes.add", {}, [](Host& h, const Request&) { h.routes().get("/y", [](const Request&) {}); }},
      {"pages.page",
       {},
       [](Host& h, const Request&) {
         h.pages().page("/y", {"a", "b"});
       }},
      {"pages.card", {}, [](Host& h, const Request&) { h.pages().card("c", 1); }},
      {"tasks.every", {}, [](Host& h, const Request&) { h.tasks().every("t", 1s, [] {}); }},
      {"tasks.cron", {}, [](Host& h, const Request&) { h.tasks().cron("t", "* * * * *", [] {}); }},
      {"tasks.queue",
       {},
       [](Host& h, const Request&) { h.tasks().queue(names, [](const Name&, const Job&) {}); }},
      {"events.subscribe",
       {},
       [](Host& h, const Request&) { h.events().subscribe(named, [](const Name&, const Job&) {}); }},
      {"identity.provide",
       {},
       [](Host& h, const Request&) { h.identity().provide("c", [](auto) { return std::nullopt; }); }},
      {"operations.provide",
       {},
       [](Host& h, const Request&) { h.provide(greet, [](const Name&) { return Greeting{}; }); }},
      {"operations.call", [](Host& h) { h.call(greet, Name{"a"}); }, {}},
      {"outbound.call",
       [](Host& h) {
         h.outbound().call({"u", "o", "GET", "/", {}, {}, OutboundKind::read, {}});
       },
       {}},
      {"outbound.open",
       [](Host& h) {
         h.outbound().open({"u", "o", "GET", "/", {}, {}, OutboundKind::read, {}}, 1);
       },
       {}},
      {"cache.get_or_load", [](Host& h) { h.cache().get_or_load("k", {}, [] { return Name{"n"}; }); }, {}},
      {"cache.bust", [](Host& h) { h.cache().bust("t"); }, {}},
      {"audit.record",
       [](Host& h) {
         h.audit().record({"a", {}, {}, "ok", {}});
       },
       {}},
      {"tasks.enqueue", [](Host& h) { h.tasks().enqueue(names, Name{"a"}); }, {}},
      {"events.publish", [](Host& h) { h.events().publish(named, Name{"a"}); }, {}},
  };
  for (const auto& row : rows) {
    INFO(row.function);
    std::string fault;
    {
      TestHost host;
      host.provide(greet, [](const Name&) { return Greeting{}; });
      host.upstream("u").answer_all([](const UpstreamRequest&) { return UpstreamReply{}; });
      fault = fault_of([&] {
        start(host, [&](Host& h) {
          if (row.in_start) row.in_start(h);
          if (row.in_request)
            h.routes().get("/x", [&](const Request& rq) { row.in_request(h, rq); }).access(Access::anyone);
        });
        host.get("/x");
      });
      host.take_faults();
    }
    CHECK(says(fault, row.function));
    CHECK(says(fault, row.in_start ? "called in start" : "called in the handler of GET /x"));
  }
}

TEST_CASE("a thread of the plugin's own may call what is for anywhere, and nothing else") {
  TestHost host;
  Host* plugin_host = nullptr;
  start(host, [&](Host& h) { plugin_host = &h; });
  std::thread([&] { CHECK(plugin_host->clock().now() == host.now()); }).join();
  CHECK(host.take_faults().empty());
  std::thread([&] { plugin_host->cache().bust("t"); }).join();
  const auto faults = host.take_faults();
  REQUIRE(faults.size() == 1);
  CHECK(says(faults[0], "cache.bust is [request] [task] and was called outside of any call"));
}

TEST_CASE("an exchange has exactly one answer") {
  CHECK(fault_of_handler([](portico_handle x, portico_error*) { return answer(x); }).empty());
  CHECK(says(fault_of_handler([](portico_handle, portico_error*) { return PORTICO_OK; }),
             "the handler of GET /x ended without an answer"));
  CHECK(says(fault_of_handler([](portico_handle x, portico_error*) {
               answer(x);
               CHECK(answer(x) == PORTICO_E_STALE);
               return PORTICO_OK;
             }),
             "exchange.answer: the exchange has been answered before"));
  CHECK(says(fault_of_handler([](portico_handle x, portico_error* error) {
               answer(x);
               return call::fill(error, Problem(500, "acme.late"));
             }),
             "answered and then failed"));
  CHECK(says(fault_of_handler([](portico_handle, portico_error*) { return PORTICO_E_PROBLEM; }),
             "said that it failed, and filled no error"));
  CHECK(says(fault_of_handler([](portico_handle x, portico_error*) { return answer(x, 99); }),
             "a status outside of 200 to 599"));
}

TEST_CASE("an ended handle is noticed") {
  portico_handle ended = 0;
  CHECK(says(fault_of_handler([&](portico_handle x, portico_error*) {
               ended = x;
               answer(x);
               portico_str out{};
               CHECK(exchange()->field(raw, x, PORTICO_FIELD_BODY, &out) == PORTICO_E_STALE);
               return PORTICO_OK;
             }),
             "exchange.field was given the handle of an exchange that has ended"));
  CHECK(says(fault_of_handler([&](portico_handle x, portico_error*) {
               portico_str out{};
               CHECK(exchange()->value(raw, ended, PORTICO_VALUE_PATH, to_str("a"), &out) == PORTICO_E_STALE);
               return answer(x);
             }),
             "exchange.value was given the handle"));
}

TEST_CASE("a lease that is not given back is named at the end") {
  const auto fault = fault_of_handler([](portico_handle x, portico_error*) {
    portico_buffer out{};
    const auto* crypto = table<portico_crypto>(PORTICO_EXT_CRYPTO);
    CHECK(crypto->seal(raw, to_str("a"), to_str("b"), &out, nullptr) == PORTICO_OK);
    CHECK(crypto->seal(raw, to_str("a"), to_str("b"), &out, nullptr) == PORTICO_OK);
    raw->release(raw, out.lease);
    raw->release(raw, out.lease);  // ended and zero leases are ignored
    raw->release(raw, 0);
    return answer(x);
  });
  CHECK(says(fault, "1 lease of crypto.seal never given back"));
}

TEST_CASE("an answer may come from another thread, or from nobody before the deadline") {
  std::thread later;
  CHECK(fault_of_handler([&](portico_handle x, portico_error*) {
          later = std::thread([x] { answer(x, 202); });
          return PORTICO_PENDING;
        }).empty());
  later.join();

  portico_handle late = 0;
  RawPlugin::handler = [&](portico_handle x, portico_error*) {
    late = x;
    return PORTICO_PENDING;
  };
  TestHost host;
  host.start(&RawPlugin::create);
  host.time_left(20ms);
  const auto reply = host.get("/x");
  CHECK(reply.status == 504);
  CHECK(reply.code == "request.deadline");
  CHECK(answer(late) == PORTICO_E_STALE);  // nobody's fault
  CHECK(exchange()->cancelled(raw, late) == 1);
  CHECK(host.take_faults().empty());
}

TEST_CASE("a load that asks for its own key, and one that gives nothing") {
  TestHost host;
  start(host, [](Host& h) {
    h.routes()
        .get("/x",
             [&h](const Request&) {
               return h.cache().get_or_load(
                   "k", {}, [&h] { return h.cache().get_or_load("k", {}, [] { return Name{"inner"}; }); });
             })
        .access(Access::anyone);
  });
  CHECK(says(fault_of([&] { host.get("/x"); }), "asks for key 'k' inside its own load"));
}

TEST_CASE("faults of the end come out of the host's own end") {
  std::string caught;
  try {
    TestHost host;
    start(host, [](Host&) {});
    host.upstream("u").expect("GET", "/never");
  } catch (const Fault& fault) {
    caught = fault.what();
  }
  CHECK(caught == "upstream u: expected and never asked: GET /never");
}
