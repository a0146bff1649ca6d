// The cache as rules: hits, tags, single flight, stale answers, two replicas on one Redis.
#include "kernel/cache/cache.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <latch>
#include <portico/problem.hpp>
#include <thread>

#include "kernel/cache/tests/test_redis.hpp"
#include "kernel/database/tests/fault_proxy.hpp"

using namespace kernel::cache;
using namespace kernel::cache::testing;
using namespace std::chrono_literals;
using Mode = kernel::testing::FaultProxy::Mode;

namespace {

Deadline in(std::chrono::milliseconds time = 20s) {
  return std::chrono::steady_clock::now() + time;
}

template <class Condition>
bool soon(Condition condition) {
  for (const auto until = in(); std::chrono::steady_clock::now() < until;) {
    if (condition()) return true;
    std::this_thread::yield();
  }
  return false;
}

/// The time of day, moved by hand.
struct Clock {
  std::atomic<std::int64_t> ms{1'700'000'000'000};
  void advance(std::chrono::milliseconds by) { ms += by.count(); }
  CacheSettings settings() {
    CacheSettings out;
    out.lease = 20s;  // a busy machine is not what these tests are about
    out.now = [this] { return std::chrono::system_clock::time_point(std::chrono::milliseconds(ms.load())); };
    return out;
  }
};

/// One replica.
struct Replica {
  Replica(const RedisSettings& settings, Clock& clock, bool wait_for_link = true)
      : redis(settings), cache(redis, clock.settings()) {
    if (wait_for_link && !soon([&] { return cache.linked(); }))
      throw std::runtime_error("no invalidation link");
  }
  Redis redis;
  Cache cache;
};

RedisSettings nowhere() {
  RedisSettings settings;
  settings.host = "127.0.0.1";
  settings.port = 1;
  return settings;
}

const Policy kReports{90s, 300s, 3600s, {"user:1"}};

/// Counts its calls and gives what it is told to.
struct Source {
  std::atomic<int> calls{0};
  std::string value = "v";
  int fails_with = 0;
  Loader loader() {
    return [this] {
      ++calls;
      if (fails_with) throw portico::Problem(fails_with, "source.failed");
      return Loaded{value, "text/plain"};
    };
  }
};

template <class Call>
std::string code_of(Call call) {
  try {
    call();
  } catch (const portico::Problem& problem) {
    return problem.code;
  }
  return "";
}

}  // namespace

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
  std::promise<void> loading, go_on;
  Source source;
  auto first = std::async(std::launch::async, [&] {
    return a.cache.get_or_load(
        "k", kReports,
        [&] {
          loading.set_value();
          go_on.get_future().wait();
          return Loaded{"from a", ""};
        },
        in());
  });
  loading.get_future().wait();
  auto second = std::async(std::launch::async,
                           [&] { return b.cache.get_or_load("k", kReports, source.loader(), in()); });
  // b has read and found nothing when it asks for the lease; a's load ends only after that, or b would not
  // wait at all.
  CHECK(code_of([&] { b.cache.get_or_load("k", kReports, source.loader(), in(100ms)); }) == "cache.timeout");
  go_on.set_value();
  CHECK(first.get().served == Served::miss);
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
  std::promise<void> loading, go_on;
  Cache dead(other, settings);
  auto holder = std::async(std::launch::async, [&] {
    return dead.get_or_load(
        "k", kReports,
        [&] {
          loading.set_value();
          go_on.get_future().wait();
          return Loaded{"late", ""};
        },
        in());
  });
  loading.get_future().wait();
  Source source;
  CHECK(cache.get_or_load("k", kReports, source.loader(), in()).entry->value == "v");
  CHECK(source.calls == 1);
  go_on.set_value();
  holder.get();
}

TEST_CASE("raising a tag takes the answer away on every replica") {
  TestRedis test;
  Clock clock;
  Replica a(test.settings(), clock), b(test.settings(), clock);
  Source source;
  const Policy other{90s, 0s, 0s, {"user:2"}};
  for (Replica* replica : {&a, &b}) {
    replica->cache.get_or_load("k", kReports, source.loader(), in());
    replica->cache.get_or_load("other", other, source.loader(), in());
  }
  CHECK(source.calls == 2);
  CHECK(a.cache.bust("user:1"));
  CHECK_FALSE(a.cache.find_local("k"));
  CHECK(soon([&] { return !b.cache.find_local("k"); }));
  CHECK(b.cache.find_local("other"));
  CHECK(b.cache.get_or_load("k", kReports, source.loader(), in()).served == Served::miss);
  CHECK(a.cache.get_or_load("k", kReports, source.loader(), in()).served == Served::hit);  // b's, by Redis
  CHECK(source.calls == 3);
}

TEST_CASE(
    "a slow load that began before the tag was raised is stored nowhere, and later callers do not wait for "
    "it") {
  for (const bool with_redis : {true, false}) {
    INFO(with_redis);
    TestRedis test;
    Clock clock;
    Replica a(with_redis ? test.settings() : nowhere(), clock, with_redis);
    std::promise<void> loading, go_on;
    auto slow = std::async(std::launch::async, [&] {
      return a.cache.get_or_load(
          "k", kReports,
          [&] {
            loading.set_value();
            go_on.get_future().wait();
            return Loaded{"before", ""};
          },
          in());
    });
    loading.get_future().wait();
    a.cache.bust("user:1");
    Source source;
    source.value = "after";
    CHECK(a.cache.get_or_load("k", kReports, source.loader(), in()).entry->value == "after");
    go_on.set_value();
    CHECK(slow.get().entry->value == "before");  // it had asked before
    CHECK(a.cache.get_or_load("k", kReports, source.loader(), in()).entry->value == "after");
    CHECK(source.calls == 1);
  }
}

TEST_CASE("a slow load on one replica is not stored when another replica raised the tag") {
  TestRedis test;
  Clock clock;
  Replica a(test.settings(), clock), b(test.settings(), clock);
  std::promise<void> loading, go_on;
  auto slow = std::async(std::launch::async, [&] {
    return a.cache.get_or_load(
        "k", kReports,
        [&] {
          loading.set_value();
          go_on.get_future().wait();
          return Loaded{"before", ""};
        },
        in());
  });
  loading.get_future().wait();
  b.cache.bust("user:1");
  go_on.set_value();
  slow.get();
  CHECK_FALSE(a.cache.find_local("k"));
  CHECK_FALSE(b.cache.get("k", {"user:1"}));
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
  std::promise<void> loading, go_on;
  auto leader = std::async(std::launch::async, [&] {
    a.cache.get_or_load(
        "k", kReports,
        [&] {
          loading.set_value();
          go_on.get_future().wait();
          return Loaded{"v", ""};
        },
        in());
  });
  loading.get_future().wait();
  Source source;
  CHECK(code_of([&] { a.cache.get_or_load("k", kReports, source.loader(), in(20ms)); }) == "cache.timeout");
  go_on.set_value();
  leader.get();
}

TEST_CASE("without Redis the process caches alone, for five seconds") {
  Clock clock;
  Replica a(nowhere(), clock, false);
  Source source;
  for (int i = 0; i < 10; ++i) a.cache.get_or_load("k", kReports, source.loader(), in());
  CHECK(source.calls == 1);
  clock.advance(4999ms);
  CHECK(a.cache.find_local("k"));
  clock.advance(1ms);
  CHECK_FALSE(a.cache.find_local("k"));
  CHECK_FALSE(a.cache.bust("user:1"));  // Redis could not be told
}

TEST_CASE(
    "a lost link empties the process, which lives on short-lived and is whole again when the link is back") {
  for (const Mode mode : {Mode::gone, Mode::stall}) {
    INFO(static_cast<int>(mode));
    TestRedis test;
    kernel::testing::FaultProxy proxy(test.settings().host, test.settings().port);
    RedisSettings settings = test.settings();
    settings.host = "127.0.0.1";
    settings.port = proxy.port();
    settings.call_timeout = 200ms;
    Clock clock;
    Redis redis(settings);
    CacheSettings cache_settings = clock.settings();
    cache_settings.link_ping = 50ms;
    Cache cache(redis, cache_settings);
    REQUIRE(soon([&] { return cache.linked(); }));
    Source source;
    cache.get_or_load("k", kReports, source.loader(), in());
    proxy.set(mode);
    REQUIRE(soon([&] { return !cache.linked(); }));
    CHECK_FALSE(cache.find_local("k"));
    CHECK(cache.get_or_load("k", kReports, source.loader(), in()).served == Served::miss);
    CHECK(cache.find_local("k"));
    clock.advance(5s);
    CHECK_FALSE(cache.find_local("k"));
    proxy.set(Mode::forward);
    REQUIRE(soon([&] { return cache.linked() && redis.available(); }));
    cache.get_or_load("k", kReports, source.loader(), in());
    clock.advance(60s);
    CHECK(cache.get_or_load("k", kReports, source.loader(), in()).served == Served::hit);
  }
}

TEST_CASE(
    "a tag raised while Redis was out of reach is raised when it is back, and nothing old is read until "
    "then") {
  TestRedis test;
  kernel::testing::FaultProxy proxy(test.settings().host, test.settings().port);
  RedisSettings settings = test.settings();
  settings.host = "127.0.0.1";
  settings.port = proxy.port();
  settings.call_timeout = 2s;
  Clock clock;
  Replica a(settings, clock), b(test.settings(), clock);
  Source source;
  a.cache.get_or_load("k", kReports, source.loader(), in());
  b.cache.get_or_load("k", kReports, source.loader(), in());
  proxy.set(Mode::gone);
  CHECK_FALSE(a.cache.bust("user:1"));
  CHECK(b.cache.find_local("k"));  // nobody could tell it
  source.value = "new";
  proxy.set(Mode::forward);
  CHECK(a.cache.get_or_load("k", kReports, source.loader(), in()).entry->value == "new");
  CHECK(soon([&] { return !b.cache.find_local("k"); }));
}

TEST_CASE("a Redis that came back empty brings no old generation back to life") {
  TestRedis test;
  Clock clock;
  Replica a(test.settings(), clock);
  std::promise<void> loading, go_on;
  auto slow = std::async(std::launch::async, [&] {
    return a.cache.get_or_load(
        "k", kReports,
        [&] {
          loading.set_value();
          go_on.get_future().wait();
          return Loaded{"before", ""};
        },
        in());
  });
  loading.get_future().wait();
  for (const char* tag : {"user:1", "*"}) a.redis.call({"DEL", a.redis.key(std::string("tag:") + tag)});
  go_on.set_value();
  slow.get();
  CHECK_FALSE(a.cache.get("k", {"user:1"}));
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
  const Policy policy{90s, 0s, 0s, {}};
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

TEST_CASE("hits, loads and raised tags from many threads leave nothing old behind") {
  TestRedis test;
  Clock clock;
  Replica a(test.settings(), clock), b(test.settings(), clock);
  // A fact that only grows; an answer must never be older than the raise that came before the question.
  std::atomic<int> fact{0};
  std::atomic<int> old{0};
  std::atomic<bool> stop{false};
  {
    std::vector<std::jthread> readers;
    for (int t = 0; t < 4; ++t)
      readers.emplace_back([&] {
        while (!stop)
          a.cache.get_or_load(
              "k", kReports,
              [&] {
                return Loaded{std::to_string(fact.load()), ""};
              },
              in());
      });
    for (int round = 1; round <= 200; ++round) {
      fact = round;
      Replica& writer = round % 2 == 0 ? a : b;
      writer.cache.bust("user:1");
      const auto seen = writer.cache.get_or_load(
          "k", kReports,
          [&] {
            return Loaded{std::to_string(fact.load()), ""};
          },
          in());
      if (std::stoi(seen.entry->value) < round) ++old;
    }
    stop = true;
  }
  CHECK(old == 0);
}
