// Tasks of one replica as rules: whoever is free runs them, one at a time, and missed times are one run.
#include <catch2/catch.hpp>
#include <future>

#include "kernel/work/tests/plugin_of_test.hpp"

using namespace kernel::work;
using namespace kernel::work::testing;
using namespace std::chrono_literals;

namespace {

kernel::loader::TaskSpec every(std::chrono::milliseconds interval) {
  kernel::loader::TaskSpec task;
  task.name = "ledger.sweep", task.interval = interval, task.one_replica = true;
  return task;
}
kernel::loader::TaskSpec by_cron(const std::string& expression) {
  auto task = every(0ms);
  task.cron = expression;
  return task;
}
portico_status fine() {
  return PORTICO_OK;
}

}  // namespace

TEST_CASE("two replicas run a task of one replica in turns, never at once") {
  Fleet fleet;
  std::atomic<int> inside{0}, overlaps{0}, by_one{0}, by_two{0};
  const auto body = [&](std::atomic<int>& mine) {
    return [&] {
      if (++inside > 1) ++overlaps;
      ++mine;
      --inside;
      return fine();
    };
  };
  TestPlugin one, two;
  one.task(every(10ms), body(by_one)), two.task(every(10ms), body(by_two));
  const auto a = fleet.runner(), b = fleet.runner();
  a->add(one.plugin), b->add(two.plugin);
  a->start(), b->start();
  CHECK(fleet.count("kind = 'schedule'") == 1);
  REQUIRE(becomes([&] { return by_one + by_two >= 20; }));
  a->stop();  // the other goes on alone
  one.end();
  const int before = by_two;
  CHECK(becomes([&] { return by_two >= before + 3; }));
  CHECK(overlaps == 0);
}

TEST_CASE("a task whose replica died is run by another once the lease has ended") {
  Fleet fleet;
  std::atomic<int> runs{0};
  TestPlugin plugin;
  plugin.task(every(10ms), [&] {
    ++runs;
    return fine();
  });
  const auto runner = fleet.runner();
  runner->add(plugin.plugin);
  fleet.store.schedule("ledger", "ledger.sweep", R"({"every_ms":10})", {0});
  fleet.kernel.run(
      "UPDATE kernel.job SET state = 'running', lease_until = now() + interval '1 hour', lease_epoch = 7, run_at = now()");
  runner->start();
  REQUIRE(becomes([&] { return fleet.store.expire() == 0 && fleet.count("state = 'running'") == 1; }));
  CHECK(runs == 0);
  fleet.kernel.run("UPDATE kernel.job SET lease_until = now() - interval '1 s'");
  CHECK(becomes([&] { return runs >= 2; }));
  CHECK(fleet.count("lease_epoch > 7") == 1);
}

TEST_CASE("missed times are one run, and the next is the next") {
  Fleet fleet;
  std::atomic<int> runs{0};
  TestPlugin plugin;
  plugin.task(by_cron("0 3 * * *"), [&] {
    ++runs;
    return fine();
  });
  {
    const auto runner = fleet.runner();
    runner->add(plugin.plugin);
    runner->start();  // notes when it will be
    runner->stop();
  }
  CHECK(fleet.count("run_at > now() AND run_at <= now() + interval '1 day'") == 1);
  fleet.kernel.run("UPDATE kernel.job SET run_at = run_at - interval '9 days'");
  const auto runner = fleet.runner();
  runner->add(plugin.plugin);  // the same plan: what was missed stays missed
  runner->start();
  REQUIRE(becomes([&] { return runs == 1 && fleet.count("state = 'available' AND run_at > now()") == 1; }));
  CHECK(
      fleet.text("SELECT to_char(run_at AT TIME ZONE 'Asia/Tokyo', 'HH24:MI:SS') AS text FROM kernel.job") ==
      "03:00:00");
  CHECK(fleet.count("run_at <= now() + interval '1 day'") == 1);
}

TEST_CASE("another plan is taken at once, by whichever version was added last") {
  Fleet fleet;
  TestPlugin old_one, new_one;
  old_one.task(by_cron("0 3 1 1 *"), fine);
  new_one.task(by_cron("* * * * *"), fine);
  const auto runner = fleet.runner();
  runner->start();
  runner->add(old_one.plugin);
  CHECK(fleet.count("run_at > now() + interval '2 minutes' OR to_char(run_at, 'MM') = '01'") == 1);
  runner->add(new_one.plugin);
  CHECK(fleet.count("kind = 'schedule'") == 1);
  CHECK(fleet.count("run_at <= now() + interval '1 minute'") == 1);
}

TEST_CASE(
    "a failed cron task is tried again before its next time; a failed interval task at the next interval") {
  Fleet fleet;
  std::atomic<int> cron_runs{0}, interval_runs{0};
  TestPlugin plugin;
  plugin.task(by_cron("0 3 * * *"), [&] {
    ++cron_runs;
    return static_cast<portico_status>(PORTICO_E_INTERNAL);
  });
  auto hourly = every(3'600s);
  hourly.name = "ledger.hourly";
  plugin.task(hourly, [&] {
    ++interval_runs;
    return static_cast<portico_status>(PORTICO_E_INTERNAL);
  });
  const auto runner = fleet.runner();
  runner->add(plugin.plugin);
  runner->start();
  fleet.kernel.run("UPDATE kernel.job SET run_at = now() - interval '1 minute'");
  REQUIRE(becomes([&] {
    return cron_runs == 1 && interval_runs == 1 && fleet.count("state = 'available' AND run_at > now()") == 2;
  }));
  CHECK(fleet.count(
            "queue = 'ledger.sweep' AND run_at <= now() + interval '3 s' AND last_error IS NOT NULL") == 1);
  CHECK(fleet.count("queue = 'ledger.hourly' AND run_at > now() + interval '50 minutes'") == 1);
  CHECK(fleet.count("state = 'dead'") == 0);
}

TEST_CASE("a task of one replica does not run while nobody can say whose turn it is, and then does") {
  Fleet fleet;
  fleet.kernel.database.script("ALTER TABLE kernel.job RENAME TO job_away");
  std::atomic<int> runs{0};
  TestPlugin plugin;
  plugin.task(every(10ms), [&] {
    ++runs;
    return fine();
  });
  const auto runner = fleet.runner();
  runner->add(plugin.plugin);  // no failure: it is noted later
  runner->start();
  becomes([&] { return runs > 0; }, 200ms);
  CHECK(runs == 0);
  fleet.kernel.database.script("ALTER TABLE kernel.job_away RENAME TO job");
  CHECK(becomes([&] { return runs >= 2; }));
}
