// The retry budget's two rules and the delay's bounds.
#include "kernel/outbound/retry.hpp"

#include <catch2/catch.hpp>
#include <vector>

using namespace kernel::outbound;
using namespace std::chrono_literals;

TEST_CASE("three retries at a time, or a fifth of what is active") {
  struct Row {
    int active;
    int most;
  };
  for (const Row& row : std::vector<Row>{{1, 3}, {15, 3}, {20, 4}, {100, 20}}) {
    RetryBudget budget;
    int started = 0;
    while (started < 1000 && budget.try_start(row.active)) ++started;
    CHECK(started == row.most);
    budget.end();
    CHECK(budget.try_start(row.active));
  }
}

TEST_CASE("five failures in a row stop retries, and successes bring them back slowly") {
  RetryBudget budget;
  for (int i = 0; i < 4; ++i) budget.failure();
  CHECK(budget.try_start(1));
  budget.end();
  budget.failure();
  CHECK(!budget.try_start(1));
  for (int i = 0; i < 2; ++i) budget.success();
  CHECK(budget.try_start(1));
  for (int i = 0; i < 100; ++i) budget.failure();
  for (int i = 0; i < 49; ++i) budget.success();
  CHECK(!budget.try_start(1));
}

TEST_CASE("the delay has full jitter, and a throttled caller waits at least half or what it was told") {
  struct Row {
    const char* rule;
    int retry;
    bool throttled;
    long told;
    double random;
    std::chrono::milliseconds delay;
  };
  for (const Row& row : std::vector<Row>{
           {"first, least", 1, false, -1, 0, 0ms},
           {"first, most", 1, false, -1, 1, 200ms},
           {"second, most", 2, false, -1, 1, 400ms},
           {"never above two seconds", 20, false, -1, 1, 2000ms},
           {"throttled, least", 1, true, -1, 0, 100ms},
           {"throttled, most", 1, true, -1, 1, 200ms},
           {"told three seconds", 1, true, 3, 0, 3000ms},
           {"told, with jitter on top", 1, true, 3, 1, 3200ms},
       }) {
    INFO(row.rule);
    CHECK(retry_delay(row.retry, row.throttled, row.told, row.random) == row.delay);
  }
}
