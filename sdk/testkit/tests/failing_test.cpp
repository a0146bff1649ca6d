// Host calls that fail on purpose: what a careful plugin passes, and what a careless one does not.
#include "probe.hpp"

using namespace portico;
using namespace portico::testkit;

namespace {

const Operation<Name, Greeting> kGreet{"shop.greet/1"};

bool says(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::function<void(TestHost&)> scenario(std::function<void(Host&)> plugin) {
  return [plugin = std::move(plugin)](TestHost& host) {
    host.provide(kGreet, [](const Name& name) { return Greeting{"hi " + name.name}; });
    start(host, plugin);
    host.get("/x");
  };
}

}  // namespace

TEST_CASE("the n-th host call fails, once, with the given problem") {
  TestHost host;
  start(host, [](Host& h) {
    h.routes()
        .get("/x",
             [&h](const Request&) {
               h.cache().bust("a");
               return h.cache().get_or_load("k", {}, [] { return Name{"v"}; });
             })
        .access(Access::anyone);
  });
  host.fail_call(2, Problem(503, "acme.test", "", 9));
  const auto failed = host.get("/x");
  CHECK(failed.code == "acme.test");
  CHECK(failed.retry_after_s == 9);
  CHECK(host.failed_call() == "cache.get_or_load");
  CHECK(host.get("/x").status == 200);
  host.fail_call(2, PORTICO_E_STALE);
  CHECK(host.get("/x").code == "sdk.call_failed");
}

TEST_CASE("a careful plugin: each failing call is a problem or is done without, and nothing leaks") {
  const auto outcomes = for_each_failing_call(scenario([](Host& h) {
    h.routes()
        .get("/x",
             [&h](const Request&) {
               try {
                 h.audit().record({"acme.did", {}, {}, "ok", {}});
               } catch (const Problem&) {
                 // not worth an answer
               }
               return h.cache().get_or_load("k", {}, [&h] { return h.call(kGreet, Name{"you"}); });
             })
        .access(Access::anyone);
  }));
  std::map<std::string, int> status;
  for (const auto& outcome : outcomes) status[outcome.function] = outcome.status;
  CHECK(status == std::map<std::string, int>{{"routes.add", 503},
                                             {"audit.record", 200},
                                             {"cache.get_or_load", 503},
                                             {"operations.call", 503},
                                             {"cache.reply", 500},
                                             {"exchange.answer", 500}});
}

TEST_CASE("a start that goes on without a registration is told") {
  const auto fault = fault_of([] {
    for_each_failing_call(scenario([](Host& h) {
      h.routes().get("/x", [](const Request&) {}).access(Access::anyone);
      try {
        h.pages().card("c", 1);
      } catch (const Problem&) {
        // and nobody ever sees the card
      }
    }));
  });
  CHECK(says(fault, "call 2 of"));
  CHECK(says(fault, "start went on although pages.card failed"));
}

TEST_CASE("what a failing call leaves behind is told with the call") {
  const auto fault = fault_of([] {
    for_each_failing_call(scenario([](Host& h) {
      h.routes()
          .get("/x",
               [&h](const Request&) {
                 try {
                   h.call(kGreet, Name{"a"});
                 } catch (const Problem&) {
                   h.metrics().count("Not-Snake");  // a fault on the way of the failure only
                 }
               })
          .access(Access::anyone);
    }));
  });
  CHECK(says(fault, "(operations.call) failing"));
}

TEST_CASE("an exception of the scenario itself is not taken for the plugin's") {
  CHECK_THROWS_AS(for_each_failing_call([](TestHost&) { throw std::runtime_error("mine"); }),
                  std::runtime_error);
}
