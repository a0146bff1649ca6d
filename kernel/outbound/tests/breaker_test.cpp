// The breaker's transitions on a clock that the test turns.
#include "kernel/outbound/breaker.hpp"

#include <catch2/catch.hpp>

using namespace kernel::outbound;
using namespace std::chrono_literals;

namespace {

struct Bench {
  Clock::time_point now{1'000'000s};
  double random = 0.5;  // no jitter
  Breaker breaker;

  explicit Bench(BreakerSettings settings = {}) : breaker(settings, [this] { return random; }) {}

  void calls(int count, bool success, Clock::duration took = 10ms) {
    for (int i = 0; i < count; ++i) {
      const auto permit = breaker.ask(now);
      REQUIRE(permit != Breaker::Permit::refused);
      breaker.record(permit, success, took, now);
    }
  }
  void open() {
    calls(20, false);
    REQUIRE(breaker.state() == BreakerState::open);
  }
};

}  // namespace

TEST_CASE("fewer than 20 calls never open the breaker") {
  Bench b;
  b.calls(19, false);
  CHECK(b.breaker.state() == BreakerState::closed);
  b.calls(1, false);
  CHECK(b.breaker.state() == BreakerState::open);
}

TEST_CASE("below half of failures the breaker stays closed") {
  Bench b;
  b.calls(21, true);
  b.calls(20, false);
  CHECK(b.breaker.state() == BreakerState::closed);
  b.calls(1, false);  // 21 of 42
  CHECK(b.breaker.state() == BreakerState::open);
}

TEST_CASE("failures older than the window are forgotten") {
  Bench b;
  b.calls(19, false);
  b.now += 10s;
  b.calls(1, false);
  CHECK(b.breaker.state() == BreakerState::closed);
}

TEST_CASE("failures spread over the window count together") {
  Bench b;
  for (int i = 0; i < 4; ++i) {
    b.calls(5, false);
    b.now += 2s;
  }
  CHECK(b.breaker.state() == BreakerState::open);
}

TEST_CASE("four fifths of slow calls open the breaker although all succeed") {
  Bench b;
  b.calls(5, true);
  b.calls(19, true, 3s);
  CHECK(b.breaker.state() == BreakerState::closed);
  b.calls(1, true, 3s);  // 20 of 25
  CHECK(b.breaker.state() == BreakerState::open);
}

TEST_CASE("calls just below the limit are not slow, and few slow calls are nothing") {
  Bench b;
  b.calls(100, true, 2999ms);
  CHECK(b.breaker.state() == BreakerState::closed);
  Bench few;
  few.calls(19, true, 20s);
  CHECK(few.breaker.state() == BreakerState::closed);
}

TEST_CASE("a slow probe is no good one") {
  Bench b;
  b.open();
  b.now += 5s;
  b.calls(2, true);
  b.calls(1, true, 3s);
  CHECK(b.breaker.state() == BreakerState::open);
  CHECK(b.breaker.remaining(b.now) == 10s);
}

TEST_CASE("open refuses for 5 s, then lets one probe through at a time") {
  Bench b;
  b.open();
  CHECK(b.breaker.remaining(b.now) == 5s);
  b.now += 4999ms;
  CHECK(b.breaker.refuses(b.now));
  CHECK(b.breaker.ask(b.now) == Breaker::Permit::refused);
  b.now += 1ms;
  CHECK(!b.breaker.refuses(b.now));
  CHECK(b.breaker.ask(b.now) == Breaker::Permit::probe);
  CHECK(b.breaker.state() == BreakerState::half_open);
  CHECK(b.breaker.ask(b.now) == Breaker::Permit::refused);
}

TEST_CASE("three good probes close, and what was counted before is gone") {
  Bench b;
  b.open();
  b.now += 5s;
  b.calls(2, true);
  CHECK(b.breaker.state() == BreakerState::half_open);
  b.calls(1, true);
  CHECK(b.breaker.state() == BreakerState::closed);
  b.calls(19, false);
  CHECK(b.breaker.state() == BreakerState::closed);
}

TEST_CASE("a bad probe opens for twice as long, up to a minute") {
  Bench b;
  b.open();
  for (const auto pause : {10s, 20s, 40s, 60s, 60s}) {
    b.now += b.breaker.remaining(b.now);
    b.calls(1, false);
    CHECK(b.breaker.remaining(b.now) == pause);
  }
  b.now += 60s;
  b.calls(3, true);
  b.open();
  CHECK(b.breaker.remaining(b.now) == 5s);  // a recovery starts over
}

TEST_CASE("the pause has 20 percent of jitter") {
  for (const auto& [random, pause] : {std::pair{0.0, 4000ms}, std::pair{1.0, 6000ms}}) {
    Bench b;
    b.random = random;
    b.open();
    CHECK(b.breaker.remaining(b.now) == pause);
  }
}

TEST_CASE("calls let through before the breaker opened change nothing afterwards") {
  Bench b;
  const auto early = b.breaker.ask(b.now);
  b.open();
  b.breaker.record(early, true, 10ms, b.now);
  CHECK(b.breaker.state() == BreakerState::open);
  b.now += 5s;
  const auto probe = b.breaker.ask(b.now);
  b.breaker.record(early, false, 10ms, b.now);
  CHECK(b.breaker.state() == BreakerState::half_open);
  b.breaker.record(probe, true, 10ms, b.now);
  CHECK(b.breaker.state() == BreakerState::half_open);
}

TEST_CASE("an abandoned probe makes room for the next one") {
  Bench b;
  b.open();
  b.now += 5s;
  const auto probe = b.breaker.ask(b.now);
  b.breaker.abandon(probe);
  CHECK(b.breaker.ask(b.now) == Breaker::Permit::probe);
}

TEST_CASE("a success taken back counts as the failure it was") {
  Bench b;
  b.calls(20, true);
  b.now += 3s;  // decoding is later than the reply, perhaps in the window's next slice
  for (int i = 0; i < 9; ++i) b.breaker.take_back_success(b.now);
  CHECK(b.breaker.state() == BreakerState::closed);
  b.breaker.take_back_success(b.now);
  CHECK(b.breaker.state() == BreakerState::open);
  b.now += 5s;
  b.calls(1, true);
  b.breaker.take_back_success(b.now);
  CHECK(b.breaker.state() == BreakerState::open);
  CHECK(b.breaker.remaining(b.now) == 10s);
}
