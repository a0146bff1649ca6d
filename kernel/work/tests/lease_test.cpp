// Who holds a job, as rules: leases, take-overs, late results, plugins and hosts that leave.
#include <catch2/catch.hpp>
#include <future>
#include <map>
#include <set>

#include "kernel/observe/metrics.hpp"
#include "kernel/work/tests/plugin_of_test.hpp"

using namespace kernel::work;
using namespace kernel::work::testing;
using namespace std::chrono_literals;
using Names = std::vector<std::string>;
using kernel::database::Value;
using portico::Problem;

TEST_CASE(
    "the work of a replica that died is taken over when its lease has ended, not before; its late result counts for nothing") {
  Fleet fleet;
  fleet.put(job("{}"));
  std::promise<void> go_on;
  std::atomic<int> begun{0};
  TestPlugin slow, heir;
  slow.queue(post(), [&](const Seen&, portico_error*) {
    ++begun;
    go_on.get_future().wait();
    return PORTICO_OK;
  });
  std::atomic<int> inherited{0};
  heir.queue(post(), [&](const Seen& seen, portico_error* error) {
    ++inherited;
    return seen.attempt == 2 ? failed(error, "ledger.again") : static_cast<portico_status>(PORTICO_OK);
  });
  auto dying = fleet.runner();
  dying->add(slow.plugin);
  dying->start();
  REQUIRE(becomes([&] { return begun == 1; }));
  const auto next = fleet.runner();
  next->add(heir.plugin);
  next->start();
  dying->stop();  // no sign of life any more
  CHECK(fleet.store.expire() == 0);
  CHECK(inherited == 0);
  fleet.kernel.run("UPDATE kernel.job SET lease_until = now() - interval '1 s'");
  REQUIRE(becomes([&] { return inherited >= 1; }));
  go_on.set_value();
  slow.end();
  REQUIRE(becomes([&] { return fleet.count("state = 'done'") == 1; }));
  CHECK(inherited == 2);
  CHECK(fleet.count("attempt = 3 AND lease_epoch = 3") == 1);
}

TEST_CASE("a lease is renewed while its holder lives") {
  Fleet fleet;
  fleet.put(job("{}"));
  std::promise<void> go_on;
  std::atomic<int> calls{0};
  TestPlugin plugin;
  auto spec = post();
  spec.lease = 1s;
  plugin.queue(spec, [&](const Seen&, portico_error*) {
    ++calls;
    go_on.get_future().wait();
    return PORTICO_OK;
  });
  const auto runner = fleet.runner();
  runner->add(plugin.plugin);
  runner->start();
  REQUIRE(becomes([&] { return calls == 1; }));
  const auto claimed = fleet.text("SELECT lease_until::text AS text FROM kernel.job");
  REQUIRE(becomes([&] {
    return fleet.count("state = 'running' AND lease_until > timestamptz '" + claimed +
                       "' + interval '2 s'") == 1;
  }));
  go_on.set_value();
  REQUIRE(becomes([&] { return fleet.count("state = 'done'") == 1; }));
  CHECK(calls == 1);
}

TEST_CASE(
    "an attempt that takes longer than its limit is given to another, and its result counts for nothing") {
  Fleet fleet;
  fleet.put(job("{}"));
  std::promise<void> go_on;
  std::atomic<int> first{0}, second{0};
  std::atomic<bool> wanted{true};
  TestPlugin plugin("ledger", 2);
  const auto runner = fleet.runner();
  auto spec = post();
  spec.lease = 1s, spec.limit = 1ms, spec.concurrency = 2;
  plugin.queue(spec, [&](const Seen& seen, portico_error*) {
    if (seen.attempt > 1) {
      ++second;
      return PORTICO_OK;
    }
    ++first;
    go_on.get_future().wait();
    wanted = runner->wanted(plugin.plugin, seen.handle);
    return PORTICO_OK;
  });
  runner->add(plugin.plugin);
  runner->start();
  REQUIRE(becomes([&] { return fleet.count("state = 'done'") == 1; }));
  CHECK(fleet.count("attempt = 2") == 1);
  go_on.set_value();
  plugin.end();
  CHECK_FALSE(wanted);
  CHECK(first == 1);
  CHECK(second == 1);
  CHECK(fleet.count("state = 'done' AND attempt = 2") == 1);
}

TEST_CASE("a job that takes its host down each time becomes a dead letter without another try") {
  Fleet fleet;
  fleet.put(job("{}"));
  fleet.kernel.run(
      "UPDATE kernel.job SET attempt = 3, state = 'running', lease_until = now() - interval '1 s'");
  fleet.put(job("\"next\""));
  Noted ran;
  TestPlugin plugin;
  plugin.queue(post(), [&](const Seen& seen, portico_error*) {
    ran.add(seen.payload);
    return PORTICO_OK;
  });
  const auto runner = fleet.runner();
  runner->add(plugin.plugin);
  runner->start();
  REQUIRE(becomes([&] { return fleet.count("state = 'dead'") == 1 && ran.size() == 1; }));
  CHECK(ran.list() == Names{"\"next\""});
  CHECK_THAT(fleet.text("SELECT last_error AS text FROM kernel.job WHERE state = 'dead'"),
             Catch::Contains("without an answer"));
}

TEST_CASE("two replicas run each job once") {
  Fleet fleet;
  for (int i = 0; i < 200; ++i) fleet.put(job(std::to_string(i)));
  Noted ran;
  const auto body = [&](const Seen& seen, portico_error*) {
    ran.add(seen.payload);
    return PORTICO_OK;
  };
  TestPlugin one("ledger", 2), two("ledger", 2);
  auto spec = post();
  spec.concurrency = 2;
  one.queue(spec, body), two.queue(spec, body);
  const auto a = fleet.runner(), b = fleet.runner();
  a->add(one.plugin), b->add(two.plugin);
  a->start(), b->start();
  REQUIRE(becomes([&] { return fleet.count("state = 'done'") == 200; }));
  const auto list = ran.list();
  CHECK(list.size() == 200);
  CHECK(std::set<std::string>(list.begin(), list.end()).size() == 200);
}

TEST_CASE("a job settled in the transaction of its effect has it once, whatever is cut off in between") {
  Fleet fleet;
  fleet.kernel.database.script(
      "CREATE TABLE public.effect(job bigint NOT NULL); GRANT SELECT, INSERT ON public.effect TO portico_kernel");
  constexpr int kJobs = 300;
  for (int i = 0; i < kJobs; ++i) fleet.put(job("{}", i % 2 ? "k" + std::to_string(i % 5) : ""));
  const auto a = fleet.runner(), b = fleet.runner();
  TestPlugin one("ledger", 2), two("ledger", 2);
  std::atomic<int> calls{0};
  const auto body = [&](JobRunner& runner, TestPlugin& plugin) {
    return [&](const Seen& seen, portico_error* error) {
      ++calls;
      return portico::call::guard(error, [&] {
        auto t = fleet.kernel.begin();
        t.run("INSERT INTO public.effect VALUES ($1)", {Value(seen.id)});
        runner.complete(plugin.plugin, seen.handle, t);
        t.commit();
      });
    };
  };
  auto spec = post();
  spec.attempts = 1000, spec.concurrency = 2, spec.lease = 1s;
  one.queue(spec, body(*a, one)), two.queue(spec, body(*b, two));
  a->add(one.plugin), b->add(two.plugin);
  a->start(), b->start();
  // Every connection is cut again and again: before, between and after each statement there is.
  std::atomic<bool> over{false};
  const auto url = fleet.kernel.database.url();
  auto cutter = std::async(std::launch::async, [&] {
    int cuts = 0;
    auto link = kernel::database::Link::open(url, "cutter", 4, kernel::database::testing::soon());
    while (!over) {
      const auto before = calls.load();
      becomes([&] { return over || calls >= before + 10; }, 500ms);
      cuts += static_cast<int>(
          link->exchange({},
                         "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = "
                         "current_database() AND pid <> pg_backend_pid() AND state IS NOT NULL",
                         {}, {}, kernel::database::testing::soon())
              .rows());
    }
    return cuts;
  });
  const auto settled = [&] {
    try {
      return fleet.count("state = 'done'") == kJobs;
    } catch (const Problem&) {
      return false;  // cut as well
    }
  };
  CHECK(becomes(settled, 120s));
  over = true;
  CHECK(cutter.get() > 20);
  a->stop(), b->stop();
  const auto effects = [&](const char* sql) {
    for (;;) try {
        return fleet.kernel.run(sql).get<std::int64_t>(0, "n");
      } catch (const Problem&) {
      }
  };
  CHECK(effects("SELECT count(*) AS n FROM public.effect") == kJobs);
  CHECK(effects("SELECT count(DISTINCT job) AS n FROM public.effect") == kJobs);
}

TEST_CASE("who completes after his lease was taken over is told, and his transaction has no effect") {
  Fleet fleet;
  fleet.put(job("{}"));
  Noted said;
  TestPlugin plugin;
  const auto runner = fleet.runner();
  plugin.queue(post(), [&](const Seen& seen, portico_error* error) {
    if (seen.attempt == 1)
      fleet.kernel.run("UPDATE kernel.job SET lease_epoch = lease_epoch + 1, attempt = 2, run_at = now()");
    const auto status = portico::call::guard(error, [&] {
      auto t = fleet.kernel.begin();
      fleet.store.enqueue(t, NewJob{"ledger", "ledger.other", "{}"});
      runner->complete(plugin.plugin, seen.handle, t);
      t.commit();
    });
    said.add(error->code);
    return status;
  });
  runner->add(plugin.plugin);
  runner->start();
  REQUIRE(becomes([&] { return said.size() == 1; }));
  CHECK(said.list() == Names{"work.lease_lost"});
  CHECK(fleet.count("queue = 'ledger.other'") == 0);
  fleet.kernel.run("UPDATE kernel.job SET lease_until = now() - interval '1 s'");
  REQUIRE(becomes([&] { return fleet.count("queue = 'ledger.post' AND state = 'done'") == 1; }));
  CHECK(fleet.count("queue = 'ledger.other'") == 1);
  auto t = fleet.kernel.begin();
  CHECK(code_of([&] { runner->complete(plugin.plugin, 77, t); }) == "work.lease_lost");
}

TEST_CASE("a plugin that leaves gives back what it had not begun; another instance beside it takes over") {
  Fleet fleet;
  for (int i = 0; i < 10; ++i) fleet.put(job(std::to_string(i)));
  std::promise<void> go_on;
  std::atomic<int> by_old{0}, by_new{0};
  TestPlugin old_one, new_one;
  old_one.queue(post(), [&](const Seen&, portico_error*) {
    if (++by_old == 1) go_on.get_future().wait();
    return PORTICO_OK;
  });
  new_one.queue(post(), [&](const Seen&, portico_error*) {
    ++by_new;
    return PORTICO_OK;
  });
  const auto runner = fleet.runner();
  runner->add(old_one.plugin);
  runner->start();
  REQUIRE(becomes([&] { return by_old == 1; }));
  CHECK(fleet.count("state = 'running'") > 1);
  runner->add(new_one.plugin);
  runner->remove(old_one.plugin);
  REQUIRE(becomes([&] { return by_new == 9; }));
  go_on.set_value();
  old_one.end();
  REQUIRE(becomes([&] { return fleet.count("state = 'done'") == 10; }));
  CHECK(by_old == 1);
  CHECK(fleet.count("attempt = 1") == 10);  // given back is not tried
}

TEST_CASE("after stop nothing begins, what runs ends, and what was claimed beside it goes back") {
  Fleet fleet;
  for (int i = 0; i < 10; ++i) fleet.put(job(std::to_string(i)));
  std::promise<void> go_on;
  std::atomic<int> calls{0};
  TestPlugin plugin;
  plugin.queue(post(), [&](const Seen&, portico_error*) {
    ++calls;
    go_on.get_future().wait();
    return PORTICO_OK;
  });
  const auto runner = fleet.runner();
  runner->add(plugin.plugin);
  runner->start();
  REQUIRE(becomes([&] { return calls == 1; }));
  runner->stop();
  runner->stop();
  CHECK(fleet.count("state = 'running'") == 1);
  CHECK(fleet.count("state = 'available' AND attempt = 0") == 9);
  go_on.set_value();
  plugin.end();
  CHECK(fleet.count("state = 'done'") == 1);
  CHECK(calls == 1);
}

TEST_CASE("what was claimed while the lane was full of other work runs once there is room") {
  Fleet fleet;
  for (int i = 0; i < 9; ++i) fleet.put(job(std::to_string(i)));
  TestPlugin plugin;
  plugin.queue(post(), [&](const Seen&, portico_error*) { return PORTICO_OK; });
  std::promise<void> go_on;
  const auto released = go_on.get_future().share();
  auto* lane = plugin.plugin.lane("tasks");
  REQUIRE(lane);
  std::promise<void> begun;
  REQUIRE(lane->post({[&] { begun.set_value(), released.wait(); }, [] {}}));
  begun.get_future().wait();  // or it would leave a place when it begins
  while (lane->post({[released] { released.wait(); }, [] {}})) continue;
  const auto runner = fleet.runner();
  runner->add(plugin.plugin);
  runner->start();
  REQUIRE(becomes([&] { return fleet.count("state = 'running'") == 9; }));
  go_on.set_value();
  CHECK(becomes([&] { return fleet.count("state = 'done'") == 9; }));
}
