// The cache as rules: hits, single flight, leases, stale answers, limits.
#include "kernel/cache/cache.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <latch>
#include <thread>

#include "kernel/cache/tests/replica.hpp"

using namespace kernel::cache;
using namespace kernel::cache::testing;
using namespace std::chrono_literals;

TEST_CASE("an answer is loaded once, then found in the process, then in Redis by another replica") {
  TestRedis test;
  Clock clock;
  Replica a(test.settings(), clock), b(test.settings(), clock);
  Source source;
  CHECK_FALSE(a.cache.find_local("k"));
  CHECK(a.cache.get_or_load("k", kReports, source.loader(), in()).served == Served::miss);
  clock.advance(10s);
  const auto local = a.cache.find_local("k");
  REQUIRE(local);
  CHECK(local->served == Served::hit);
  CHECK(local->age == 10s);
  CHECK(local->entry->value == "v");
  CHECK(local->entry->meta == "text/plain");
  CHECK_FALSE(b.cache.find_local("k"));
  const auto shared = b.cache.get_or_load("k", kReports, source.loader(), in());
  CHECK(shared.served == Served::hit);
  CHECK(shared.age == 10s);
  CHECK(b.cache.find_local("k"));
  CHECK(source.calls == 1);
  CHECK(a.cache.find_local("k")->entry.get() ==
        a.cache.find_local("k")->entry.get());  // a hit copies nothing
}

TEST_CASE("after its time an answer is loaded anew") {
  TestRedis test;
  Clock clock;
  Replica a(test.settings(), clock);
  Source source;
  const Policy policy{90s, 0s, 0s, {}};
  a.cache.get_or_load("k", policy, source.loader(), in());
  clock.advance(89s);
  CHECK(a.cache.get_or_load("k", policy, source.loader(), in()).served == Served::hit);
  clock.advance(1s);
  CHECK_FALSE(a.cache.find_local("k"));
  CHECK(a.cache.get_or_load("k", policy, source.loader(), in()).served == Served::miss);
  CHECK(source.calls == 2);
}

TEST_CASE("a stale answer is served while one refresh runs in the background") {
  TestRedis test;
  Clock clock;
  Replica a(test.settings(), clock);
  Source source;
  a.cache.get_or_load("k", kReports, source.loader(), in());
  clock.advance(100s);
  source.value = "new";
  std::vector<std::function<void()>> jobs;
  const Background background = [&](std::function<void()> job) {
    jobs.push_back(std::move(job));
    return true;
  };
  for (int i = 0; i < 3; ++i) {
    const auto answer = a.cache.get_or_load("k", kReports, source.loader(), in(), background);
    CHECK(answer.served == Served::hit);
    CHECK(answer.entry->value == "v");
    CHECK(answer.age == 100s);
  }
  REQUIRE(jobs.size() == 1);
  CHECK(source.calls == 1);
  jobs[0]();
  CHECK(source.calls == 2);
  CHECK(a.cache.find_local("k")->entry->value == "new");

  clock.advance(100s);  // no room for a refresh: stale all the same, and the next caller may try
  const Background full = [](const std::function<void()>&) { return false; };
  CHECK(a.cache.get_or_load("k", kReports, source.loader(), in(), full).entry->value == "new");
  CHECK(a.cache.get_or_load("k", kReports, source.loader(), in()).served == Served::miss);  // inline
}

TEST_CASE("five hundred misses at once are one load, with Redis and without") {
  for (const bool with_redis : {true, false}) {
    INFO(with_redis);
    TestRedis test;
    Clock clock;
    Replica a(with_redis ? test.settings() : nowhere(), clock, with_redis);
    std::atomic<int> calls{0};
    std::latch start(500);
    std::atomic<int> right{0};
    {
      std::vector<std::jthread> threads;
      for (int i = 0; i < 500; ++i)
        threads.emplace_back([&] {
          start.arrive_and_wait();
          const auto answer = a.cache.get_or_load(
              "k", kReports,
              [&] {
                ++calls;
                return Loaded{"v", ""};
              },
              in());
          right += answer.entry->value == "v";
        });
    }
    CHECK(calls == 1);
    CHECK(right == 500);
  }
}

TEST_CASE("two replicas missing at once load once") {
  TestRedis test;
  Clock clock;
  Replica a(test.settings(), clock), b(test.settings(), clock);
  Source source;
  SlowLoad first(a.cache, "from a");
  auto second = std::async(std::launch::async,
                           [&] { return b.cache.get_or_load("k", kReports, source.loader(), in()); });
  // b has read and found nothing when it asks for the lease; a's load ends only after that, or b would not
  // wait at all.
  CHECK(code_of([&] { b.cache.get_or_load("k", kReports, source.loader(), in(100ms)); }) == "cache.timeout");
  CHECK(first.end().served == Served::miss);
  CHECK(second.get().entry->value == "from a");
  CHECK(source.calls == 0);
}

TEST_CASE("a lease whose holder died runs out and another replica loads") {
  TestRedis test;
  Clock clock;
  Redis redis(test.settings());
  CacheSettings settings = clock.settings();
  settings.lease = 50ms;
  Cache cache(redis, settings);
  Redis other(test.settings());
  Cache dead(other, settings);
  SlowLoad holder(dead, "late");
  Source source;
  CHECK(cache.get_or_load("k", kReports, source.loader(), in()).entry->value == "v");
  CHECK(source.calls == 1);
  holder.end();
}

TEST_CASE("while the source is down the last answer is served with its age, then nothing") {
  TestRedis test;
  Clock clock;
  Replica a(test.settings(), clock);
  Source source;
  a.cache.get_or_load("k", kReports, source.loader(), in());
  source.fails_with = 503;
  clock.advance(600s);
  const auto stale = a.cache.get_or_load("k", kReports, source.loader(), in());
  CHECK(stale.served == Served::stale);
  CHECK(stale.age == 600s);
  CHECK(stale.entry->value == "v");
  CHECK(source.calls == 2);
  for (int i = 0; i < 50; ++i) a.cache.get_or_load("k", kReports, source.loader(), in());
  CHECK(source.calls == 2);  // the failure is remembered for a second
  clock.advance(1s);
  CHECK(a.cache.get_or_load("k", kReports, source.loader(), in()).served == Served::stale);
  CHECK(source.calls == 3);
  clock.advance(3600s);
  CHECK(code_of([&] { a.cache.get_or_load("k", kReports, source.loader(), in()); }) == "source.failed");
  source.fails_with = 0;
  clock.advance(1s);
  CHECK(a.cache.get_or_load("k", kReports, source.loader(), in()).served == Served::miss);
}

TEST_CASE("a source that says no is believed, whatever was known before") {
  TestRedis test;
  Clock clock;
  Replica a(test.settings(), clock);
  Source source;
  a.cache.get_or_load("k", kReports, source.loader(), in());
  clock.advance(600s);
  source.fails_with = 404;
  for (int i = 0; i < 2; ++i)
    CHECK(code_of([&] { a.cache.get_or_load("k", kReports, source.loader(), in()); }) == "source.failed");
  CHECK(source.calls == 3);  // and not remembered
}

TEST_CASE("those that waited get the leader's failure, but not the end of its own time") {
  Clock clock;
  Replica a(nowhere(), clock, false);
  for (const bool cancelled : {false, true}) {
    INFO(cancelled);
    const std::string key = cancelled ? "c" : "f";
    std::promise<void> loading, go_on;
    auto leader = std::async(std::launch::async, [&] {
      return code_of([&] {
        a.cache.get_or_load(
            key, kReports,
            [&]() -> Loaded {
              loading.set_value();
              go_on.get_future().wait();
              throw portico::Problem(cancelled ? 499 : 503,
                                     cancelled ? "request.cancelled" : "source.failed");
            },
            in());
      });
    });
    loading.get_future().wait();
    Source source;
    std::promise<void> about_to_wait;
    auto follower = std::async(std::launch::async, [&] {
      about_to_wait.set_value();
      return code_of([&] { a.cache.get_or_load(key, kReports, source.loader(), in()); });
    });
    about_to_wait.get_future().wait();
    go_on.set_value();
    CHECK(leader.get() == (cancelled ? "request.cancelled" : "source.failed"));
    CHECK(follower.get() == (cancelled ? "" : "source.failed"));
    CHECK(source.calls == (cancelled ? 1 : 0));
  }
}

TEST_CASE("one that waits gives up at its own deadline") {
  Clock clock;
  Replica a(nowhere(), clock, false);
  SlowLoad leader(a.cache, "v");
  Source source;
  CHECK(code_of([&] { a.cache.get_or_load("k", kReports, source.loader(), in(20ms)); }) == "cache.timeout");
  leader.end();
}

TEST_CASE("a value can be set and got, and belongs to its tags") {
  TestRedis test;
  Clock clock;
  Replica a(test.settings(), clock), b(test.settings(), clock);
  CHECK_FALSE(a.cache.get("k", {"user:1"}));
  a.cache.set("k", kReports, {"v", "m"});
  CHECK(a.cache.find_local("k")->entry->value == "v");
  REQUIRE(b.cache.get("k", {"user:1"}));
  CHECK(b.cache.get("k", {"user:1"})->entry->meta == "m");
  b.cache.bust("user:1");
  CHECK(soon([&] { return !a.cache.find_local("k"); }));
  CHECK_FALSE(a.cache.get("k", {"user:1"}));
  CHECK_FALSE(b.cache.get("k", {"user:1"}));
}

TEST_CASE("the process keeps no more bytes than it may, the least recently used go") {
  Clock clock;
  Redis redis(nowhere());
  CacheSettings settings = clock.settings();
  settings.local_bytes = 16 * 64 * 1024;
  Cache cache(redis, settings);
  const Policy policy{90s, 0s, 1h, {}};
  const std::string value(4096, 'x');
  cache.set("kept", policy, {value, ""});
  int found = 0;
  for (int i = 0; i < 2000; ++i) {
    cache.set(fmt::format("k{}", i), policy, {value, ""});
    CHECK(cache.find_local("kept"));
  }
  for (int i = 0; i < 2000; ++i) found += cache.find_local(fmt::format("k{}", i)).has_value();
  CHECK(found > 100);
  CHECK(found < 256);
  cache.set("huge", policy, {std::string(40'000, 'x'), ""});
  CHECK_FALSE(cache.find_local("huge"));
}
