// Durable queues as rules: stored with a transaction, retried, ordered, taken over, settled once.
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

TEST_CASE("a job runs after its transaction committed, and never without") {
  Fleet fleet;
  {
    auto t = fleet.kernel.begin();
    fleet.store.enqueue(t, job("\"gone\""));
    t.rollback();
  }
  fleet.put(job("\"kept\""));
  Noted ran;
  TestPlugin plugin;
  plugin.queue(post(), [&](const Seen& seen, portico_error*) {
    ran.add(seen.payload);
    return PORTICO_OK;
  });
  const auto runner = fleet.runner();
  runner->add(plugin.plugin);
  runner->start();
  REQUIRE(becomes([&] { return fleet.count("state = 'done'") == 1; }));
  CHECK(ran.list() == Names{"\"kept\""});
  CHECK(fleet.count("true") == 1);
}

TEST_CASE(
    "a job that fails is tried again, and in the end is a dead letter that says why, while others run") {
  Fleet fleet;
  const auto poison = fleet.put(job("\"poison\""));
  const auto twice = fleet.put(job("\"twice\""));
  for (int i = 0; i < 20; ++i) fleet.put(job("\"good\""));
  Noted ran;
  TestPlugin plugin;
  plugin.queue(post(), [&](const Seen& seen, portico_error* error) {
    ran.add(seen.payload + std::to_string(seen.attempt));
    if (seen.payload == "\"poison\"") return failed(error, "ledger.bad", "b\xffroken \xe2\x82\xac");
    if (seen.payload == "\"twice\"" && seen.attempt == 1) return failed(error, "ledger.once");
    return static_cast<portico_status>(PORTICO_OK);
  });
  const auto runner = fleet.runner();
  runner->add(plugin.plugin);
  runner->start();
  REQUIRE(becomes([&] { return fleet.count("state = 'done'") == 21 && fleet.count("state = 'dead'") == 1; }));
  CHECK(fleet.text("SELECT last_error AS text FROM kernel.job WHERE id = " + std::to_string(poison)) ==
        "ledger.bad: b?roken \xe2\x82\xac");
  CHECK(fleet.count("id = " + std::to_string(poison) + " AND attempt = 3") == 1);
  CHECK(fleet.count("id = " + std::to_string(twice) + " AND attempt = 2 AND last_error IS NULL") == 1);
  const auto list = ran.list();
  CHECK(std::count(list.begin(), list.end(), "\"good\"1") == 20);
}

TEST_CASE("what will never work is a dead letter at once, and can be revived") {
  Fleet fleet;
  const auto id = fleet.put(job("{}"));
  std::atomic<bool> mended{false};
  std::atomic<int> calls{0};
  TestPlugin plugin;
  plugin.queue(post(), [&](const Seen&, portico_error* error) {
    ++calls;
    if (mended) return static_cast<portico_status>(PORTICO_OK);
    failed(error, "ledger.never");
    return static_cast<portico_status>(PORTICO_E_INVALID);
  });
  const auto runner = fleet.runner();
  runner->add(plugin.plugin);
  runner->start();
  REQUIRE(becomes([&] { return fleet.count("state = 'dead'") == 1; }));
  CHECK(calls == 1);
  mended = true;
  CHECK(code_of([&] { fleet.store.revive(id + 1); }) == "work.no_such_job");
  fleet.store.revive(id);
  CHECK(becomes([&] { return fleet.count("state = 'done'") == 1; }));
}

TEST_CASE("each try waits longer, at the most so long, and at least as long as the failure asks") {
  Fleet fleet;
  fleet.put(job("{}"));
  std::atomic<int> retry_after{0};
  TestPlugin plugin;
  auto spec = post();
  spec.attempts = 100, spec.backoff = 10s, spec.backoff_most = 600s;
  plugin.queue(spec, [&](const Seen&, portico_error* error) {
    return portico::call::fill(error, Problem(503, "ledger.away", "", retry_after));
  });
  const auto runner = fleet.runner();
  runner->add(plugin.plugin);
  // Makes the try with this number the next; returns how long the one after it waits. Nothing runs
  // afterwards, so what is changed in between is not a running attempt.
  const auto wait_after = [&](int attempt) {
    fleet.kernel.run("UPDATE kernel.job SET run_at = now(), attempt = " + std::to_string(attempt - 1));
    runner->wake();
    REQUIRE(becomes(
        [&] { return fleet.count("state = 'available' AND attempt = " + std::to_string(attempt)) == 1; }));
    const auto row =
        fleet.kernel.run("SELECT extract(epoch FROM run_at - now())::float8 AS s FROM kernel.job");
    return row.get<double>(0, "s");
  };
  runner->start();
  REQUIRE(becomes([&] { return fleet.count("state = 'available' AND attempt = 1") == 1; }));
  const double second = wait_after(2);  // 40 s ± half
  CHECK((second > 15 && second <= 60));
  const double fourth = wait_after(4);  // 160 s ± half
  CHECK((fourth > 70 && fourth <= 240));
  const double most = wait_after(20);  // the most ± half
  CHECK((most > 290 && most <= 900));
  retry_after = 5000;
  const double asked = wait_after(30);
  CHECK((asked > 4900 && asked <= 5000));
}

TEST_CASE("lower priority numbers go first, then what is due earlier; what is not due waits") {
  Fleet fleet;
  auto urgent = job("\"urgent\""), later = job("\"later\"");
  urgent.priority = -1;
  later.not_before = kernel::database::Timestamp{std::int64_t{4'000'000'000} * 1'000'000};
  for (const auto& one : {job("\"a\""), later, job("\"b\""), urgent}) fleet.put(one);
  Noted ran;
  TestPlugin plugin;
  plugin.queue(post(), [&](const Seen& seen, portico_error*) {
    ran.add(seen.payload);
    return PORTICO_OK;
  });
  const auto runner = fleet.runner();
  runner->add(plugin.plugin);
  runner->start();
  REQUIRE(becomes([&] { return fleet.count("state = 'done'") == 3; }));
  CHECK(ran.list() == Names{"\"urgent\"", "\"a\"", "\"b\""});
  fleet.kernel.run("UPDATE kernel.job SET run_at = now() WHERE state = 'available'");
  CHECK(becomes([&] { return ran.size() == 4; }));
}

TEST_CASE("jobs of one key run one after another, also past failures, on two replicas with many workers") {
  Fleet fleet;
  for (int i = 0; i < 60; ++i) fleet.put(job(std::to_string(i), "k" + std::to_string(i % 3)));
  CHECK(fleet.count("state = 'available'") == 3);
  Noted ran;
  std::mutex mutex;
  std::map<std::string, int> inside;
  std::atomic<int> overlaps{0};
  const auto body = [&](const Seen& seen, portico_error* error) {
    {
      const std::lock_guard lock(mutex);
      if (++inside[seen.key] > 1) ++overlaps;
    }
    const bool first_try = seen.attempt == 1 && std::stoi(seen.payload) % 7 == 0;
    const bool dead = std::stoi(seen.payload) == 30;  // k0 goes on behind it
    if (!first_try && !dead) ran.add(seen.key + ":" + seen.payload);
    const std::lock_guard lock(mutex);
    --inside[seen.key];
    return first_try || dead ? failed(error, "ledger.try_again") : static_cast<portico_status>(PORTICO_OK);
  };
  TestPlugin one("ledger", 4), two("ledger", 4);
  auto spec = post();
  spec.concurrency = 4;
  one.queue(spec, body);
  two.queue(spec, body);
  const auto a = fleet.runner(), b = fleet.runner();
  a->add(one.plugin), b->add(two.plugin);
  a->start(), b->start();
  REQUIRE(becomes([&] { return fleet.count("state IN ('done', 'dead')") == 60; }));
  CHECK(overlaps == 0);
  std::map<std::string, int> last;
  int in_order = 0;
  for (const auto& line : ran.list()) {
    const auto key = line.substr(0, 2);
    const int number = std::stoi(line.substr(3));
    in_order += !last.count(key) || last[key] < number;
    last[key] = number;
  }
  CHECK(in_order == 59);
}

TEST_CASE("two that store under one key at once are one after the other, however their commits fall") {
  Fleet fleet;
  auto first = fleet.kernel.begin();
  const auto id = fleet.store.enqueue(first, job("1", "k"));
  auto other = std::async(std::launch::async, [&] { return fleet.put(job("2", "k")); });
  REQUIRE(becomes([&] {
    return fleet.kernel.run("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted").rows() == 1;
  }));
  first.commit();
  CHECK(other.get() > id);
  CHECK(fleet.text("SELECT string_agg(state, ' ' ORDER BY id) AS text FROM kernel.job") ==
        "available waiting");
}

TEST_CASE("jobs of one dedup key are one while the first is kept; another plugin's are its own") {
  Fleet fleet;
  auto one = job("{}"), other = job("{}");
  one.dedup_key = other.dedup_key = "parcel:1";
  other.owner = "other";
  CHECK(fleet.put(one) > 0);
  CHECK(fleet.put(one) == 0);
  CHECK(fleet.put(other) > 0);
  fleet.kernel.run("UPDATE kernel.job SET state = 'done', finished_at = now() WHERE owner = 'ledger'");
  CHECK(fleet.put(one) == 0);
  fleet.kernel.run("UPDATE kernel.job SET finished_at = now() - interval '25 hours' WHERE owner = 'ledger'");
  fleet.store.clean();
  CHECK(fleet.put(one) > 0);
}

TEST_CASE("what is no payload or key is refused before anything is stored") {
  Fleet fleet;
  auto long_key = job("{}", std::string(201, 'k'));
  for (const auto& bad :
       {job(""), job("{"), job("{\"a\":1,\"a\":2}"), job("\"" + std::string(65536, 'x') + "\""), long_key}) {
    INFO(bad.payload.substr(0, 20));
    CHECK(code_of([&] { fleet.put(bad); }) == "work.invalid");
  }
  CHECK(fleet.count("true") == 0);
}

TEST_CASE("at most so many of a queue run at once on one replica") {
  Fleet fleet;
  for (int i = 0; i < 30; ++i) fleet.put(job(std::to_string(i)));
  std::atomic<int> inside{0}, most{0};
  TestPlugin plugin("ledger", 6);
  auto spec = post();
  spec.concurrency = 2;
  plugin.queue(spec, [&](const Seen&, portico_error*) {
    const int now = ++inside;
    for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
    }
    becomes([&] { return inside > 2; }, 20ms);
    --inside;
    return PORTICO_OK;
  });
  const auto runner = fleet.runner();
  runner->add(plugin.plugin);
  runner->start();
  REQUIRE(becomes([&] { return fleet.count("state = 'done'") == 30; }));
  CHECK(most == 2);
}

TEST_CASE("a job can be cancelled while it waits and while it runs, and says how far it is") {
  Fleet fleet;
  const auto running = fleet.put(job("1", "k")), behind = fleet.put(job("2", "k")),
             last = fleet.put(job("3", "k"));
  TestPlugin plugin;
  const auto runner = fleet.runner();
  std::atomic<bool> told{false}, cancelled{false};
  plugin.queue(post(), [&](const Seen& seen, portico_error* error) {
    if (seen.payload == "3") return static_cast<portico_status>(PORTICO_OK);
    runner->progress(plugin.plugin, seen.handle, 1, 4, "reading");
    told = true;
    becomes([&] { return !runner->wanted(plugin.plugin, seen.handle); });
    cancelled = true;
    return failed(error, "ledger.stopped");
  });
  plugin.plugin.registrations.queues[0].lease = 1s;  // how often it hears of it
  runner->add(plugin.plugin);
  runner->start();
  REQUIRE(becomes([&] { return told.load(); }));
  const auto state = fleet.store.look("ledger", running);
  for (const char* part :
       {R"("state":"running")", R"("attempt":1)", R"("done":1)", R"("total":4)", R"("note":"reading")"})
    CHECK_THAT(state, Catch::Contains(part));
  const auto cancel = [&](const std::string& owner, std::int64_t id) {
    return code_of([&] {
      auto t = fleet.kernel.begin();
      fleet.store.cancel(t, owner, id);
      t.commit();
    });
  };
  CHECK(cancel("other", behind) == "work.no_such_job");
  CHECK(cancel("ledger", behind).empty());
  CHECK(cancel("ledger", running).empty());
  REQUIRE(becomes([&] { return fleet.count("state = 'done'") == 1; }));
  CHECK(cancelled);
  CHECK(fleet.count("state = 'cancelled'") == 2);
  CHECK(cancel("ledger", last).empty());  // has ended: nothing happens
  CHECK(fleet.count("state = 'cancelled'") == 2);
  CHECK(code_of([&] { fleet.store.look("ledger", 99); }) == "work.no_such_job");
}

TEST_CASE("depth, age and outcomes of a queue are measured") {
  Fleet fleet;
  fleet.put(job("1"));
  fleet.kernel.run("UPDATE kernel.job SET state = 'dead', finished_at = now()");
  auto later = job("2");
  later.not_before = kernel::database::Timestamp{std::int64_t{4'000'000'000} * 1'000'000};
  fleet.put(later);
  fleet.put(job("3"));
  fleet.kernel.run("UPDATE kernel.job SET run_at = now() - interval '1 hour' WHERE payload::text = '3'");
  const auto depths = fleet.store.depths({{JobKind::queue, "ledger", "ledger.post", 1s, 0}});
  REQUIRE(depths.size() == 1);
  CHECK(depths[0].ready == 1);
  CHECK(depths[0].waiting == 1);
  CHECK(depths[0].dead == 1);
  CHECK(depths[0].oldest_s > 3599);
  const auto value = [](const char* state) {
    return kernel::observe::gauge(
               "portico_queue_depth", "Jobs and deliveries by state",
               {{"kind", "queue"}, {"plugin", "ledger"}, {"queue", "ledger.post"}, {"state", state}})
        .value();
  };
  TestPlugin plugin;
  plugin.queue(post(), [](const Seen&, portico_error*) { return PORTICO_OK; });
  const auto runner = fleet.runner();
  runner->add(plugin.plugin);
  runner->start();
  CHECK(becomes([&] { return value("dead") == 1 && value("waiting") == 1 && value("ready") == 0; }));
  CHECK(kernel::observe::counter(
            "portico_jobs_total", "Attempts at jobs and deliveries of events by outcome",
            {{"kind", "queue"}, {"plugin", "ledger"}, {"queue", "ledger.post"}, {"outcome", "ok"}})
            .value() > 0);
}
