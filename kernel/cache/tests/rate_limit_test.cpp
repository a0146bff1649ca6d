// Limits as rules: exact over threads and replicas, strict while Redis is away.
#include "kernel/cache/rate_limit.hpp"

#include <catch2/catch.hpp>
#include <thread>

#include "kernel/cache/tests/test_redis.hpp"

using namespace kernel::cache;
using namespace kernel::cache::testing;
using namespace std::chrono_literals;

namespace {

struct Clock {
  std::chrono::steady_clock::time_point time{1h};
  LocalLimiter::Now now() {
    return [this] { return time; };
  }
};

/// Where nobody answers.
RedisSettings nowhere() {
  RedisSettings settings;
  settings.host = "127.0.0.1";
  settings.port = 1;
  return settings;
}

}  // namespace

TEST_CASE("the local limiter allows the burst at once and then one per interval") {
  Clock clock;
  LocalLimiter limiter(1000, clock.now());
  const RateClass rate{10, 1000ms, 4};
  for (std::int64_t left = 4; left >= 0; --left) {
    const auto decision = limiter.take("a", rate);
    CHECK(decision.allowed);
    CHECK(decision.remaining == left);
  }
  const auto refused = limiter.take("a", rate);
  CHECK_FALSE(refused.allowed);
  CHECK(refused.remaining == 0);
  CHECK(refused.retry_after_ms == 100);
  CHECK(limiter.take("b", rate).allowed);  // another key
  clock.time += 99ms;
  CHECK(limiter.take("a", rate).retry_after_ms == 1);
  clock.time += 1ms;
  CHECK(limiter.take("a", rate).allowed);
  CHECK_FALSE(limiter.take("a", rate).allowed);
  clock.time += 1h;
  for (int i = 0; i < 5; ++i) CHECK(limiter.take("a", rate).allowed);
  CHECK_FALSE(limiter.take("a", rate).allowed);  // waiting longer saves up no more than the burst
}

TEST_CASE("a costly request counts for as many, and one beyond the burst never passes") {
  Clock clock;
  LocalLimiter limiter(1000, clock.now());
  const RateClass rate{10, 1000ms, 9};
  CHECK(limiter.take("a", rate, 7).remaining == 3);
  CHECK_FALSE(limiter.take("a", rate, 4).allowed);
  CHECK(limiter.take("a", rate, 4).remaining == 3);
  CHECK(limiter.take("a", rate, 3).allowed);
  CHECK(limiter.take("b", rate, 11).retry_after_ms == 1000);
}

TEST_CASE("over a long time exactly the limit passes") {
  Clock clock;
  LocalLimiter limiter(1000, clock.now());
  const RateClass rate{600, 60s, 0};
  int passed = 0;
  for (int i = 0; i < 60'000; ++i, clock.time += 10ms) passed += limiter.take("a", rate).allowed;
  CHECK(passed == 6000);
}

TEST_CASE("the local table is bounded and gives up those that have recovered first") {
  Clock clock;
  LocalLimiter limiter(160, clock.now());
  const RateClass rate{1, 10s, 0};
  for (int i = 0; i < 1000; ++i) limiter.take("old" + std::to_string(i), rate);
  CHECK(limiter.keys() <= 160);
  clock.time += 20s;
  CHECK(limiter.take("watched", rate).allowed);
  for (int i = 0; i < 40; ++i) limiter.take("new" + std::to_string(i), rate);
  CHECK_FALSE(limiter.take("watched", rate).allowed);
  CHECK(limiter.keys() <= 160);
}

TEST_CASE("threads and replicas together get the burst and not one more") {
  TestRedis test;
  Redis one(test.settings()), two(test.settings()), three(test.settings());
  RateLimiter replicas[] = {{one, 3}, {two, 3}, {three, 3}};
  const RateClass rate{60, std::chrono::hours(60), 49};  // one an hour: nothing comes back meanwhile
  std::atomic<int> passed{0}, alone{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 12; ++t)
      threads.emplace_back([&, t] {
        for (int i = 0; i < 100; ++i) {
          const auto decision = replicas[t % 3].take("shared", rate);
          passed += decision.allowed;
          alone += !decision.shared;
        }
      });
  }
  CHECK(alone == 0);
  CHECK(passed == 50);
  const auto refused = one.available() ? replicas[0].take("shared", rate) : Decision{};
  CHECK(refused.shared);
  CHECK_FALSE(refused.allowed);
  CHECK(refused.retry_after_ms > 59 * 60 * 1000);
  CHECK(refused.retry_after_ms <= 60 * 60 * 1000);
}

TEST_CASE("the fleet's limiter counts as the local one does") {
  TestRedis test;
  Redis redis(test.settings());
  RateLimiter limiter(redis, 1);
  const RateClass rate{60, std::chrono::hours(60), 9};
  CHECK(limiter.take("a", rate).remaining == 9);
  CHECK(limiter.take("a", rate, 7).remaining == 2);
  CHECK_FALSE(limiter.take("a", rate, 3).allowed);
  CHECK(limiter.take("a", rate, 2).allowed);
  CHECK(limiter.take("b", rate, 11).retry_after_ms == std::chrono::milliseconds(rate.period).count());
  const auto expiry = redis.call({"PTTL", redis.key("rate:a")});
  CHECK(expiry.reply.integer > 0);
  CHECK(expiry.reply.integer <= 10 * 3600 * 1000);
}

TEST_CASE("without Redis every replica grants its share and no more") {
  Clock clock;
  Redis redis(nowhere());
  RateLimiter limiter(redis, 3, 1000, clock.now());
  const RateClass rate{30, 60s, 29};
  int passed = 0;
  for (int i = 0; i < 100; ++i) {
    const auto decision = limiter.take("a", rate);
    CHECK_FALSE(decision.shared);
    passed += decision.allowed;
  }
  CHECK(passed == 10);
  for (int second = 0; second < 60; ++second, clock.time += 1s) passed += limiter.take("a", rate).allowed;
  CHECK(passed >= 19);
  CHECK(passed <= 20);
  const RateClass rare{1, 60s, 0};  // less than one for each: one for each, but three times as seldom
  CHECK(limiter.take("b", rare).allowed);
  CHECK(limiter.take("b", rare).retry_after_ms == 180'000);
}
