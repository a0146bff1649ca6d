// What a plugin holds, as it comes and goes.
#include "kernel/loader/ledger.hpp"

#include <catch2/catch.hpp>
#include <optional>
#include <thread>

#include "kernel/loader/call_scope.hpp"
#include "kernel/loader/plugin.hpp"

using namespace kernel::loader;

TEST_CASE("the ledger lists what is held, oldest first, and forgets what ended") {
  Ledger ledger;
  std::optional<Ledger::Entry> first, second, third;
  first.emplace(ledger, Holding::request, "GET /a", "id-1");
  second.emplace(ledger, Holding::lease, "rows");
  third.emplace(ledger, Holding::task, "nightly");
  second.reset();
  {
    const Ledger::Entry lease(ledger, Holding::lease, "a text"),
        open(ledger, Holding::database, "a transaction");
    CHECK(ledger.size() == 4);
    CHECK(ledger.calls() == 2);  // what was not given back keeps nobody inside
  }
  CHECK(ledger.calls() == 2);
  const auto lines = ledger.lines();
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].kind == Holding::request);
  CHECK(lines[0].place == "GET /a");
  CHECK(lines[0].correlation_id == "id-1");
  CHECK(lines[1].place == "nightly");
  CHECK(lines[0].age >= lines[1].age);
  first.reset(), third.reset();
  CHECK(ledger.size() == 0);
  CHECK(ledger.entered() == 5);
}

TEST_CASE("many threads enter and leave, and nothing is left") {
  Ledger ledger;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      for (int n = 0; n < 5'000; ++n) {
        const Ledger::Entry outer(ledger, Holding::request, "outer");
        const Ledger::Entry inner(ledger, Holding::lease, "inner");
        if (n % 1000 == 0) (void)ledger.lines();
      }
    });
  for (auto& thread : threads) thread.join();
  CHECK(ledger.size() == 0);
  CHECK(ledger.entered() == 8 * 5'000 * 2);
}

TEST_CASE("a call is in the ledger of its plugin, and nested calls restore the outer one") {
  Manifest manifest;
  manifest.id = "outer";
  Plugin outer({}, manifest);
  manifest.id = "inner";
  Plugin inner({}, manifest);
  CHECK(CallScope::current() == nullptr);
  {
    const CallScope request({&outer, {}, "id-7", "user", {}, Holding::request, "GET /b"});
    {
      auto context = *CallScope::current();
      context.plugin = &inner;
      const KeptContext kept(context);
      const CallScope operation(kept.view());
      CHECK(CallScope::current()->plugin == &inner);
      CHECK(CallScope::current()->user_id == "user");
      CHECK(inner.ledger.lines().at(0).correlation_id == "id-7");
      CHECK(outer.ledger.size() == 1);
    }
    CHECK(CallScope::current()->plugin == &outer);
    CHECK(inner.ledger.size() == 0);
  }
  CHECK(CallScope::current() == nullptr);
  CHECK(outer.ledger.size() == 0);
}
